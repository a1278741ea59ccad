"""How the doctor talks, counted: openness, one question at a time, plain words, repeats, length."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.counted import Counted, cited, nothing, said
from dialogue_sim.judging.normalise import contains, fold, likeness, share, size
from dialogue_sim.judging.reading import Reading, Utterance

SINGLE_SHARE_MET, SINGLE_SHARE_PARTLY = 0.8, 0.5
ALIKE = 0.8
TURN_LIMIT = {"zh": 120, "en": 80}
CLOSING_LIMIT = {"zh": 600, "en": 350}
_HALF_LIMIT = 1.5


def open_start(reading: Reading) -> Counted:
    """B2: the first inquiry is an open one."""
    if not reading.inquiries:
        return nothing("nothing was asked")
    for utterance in reading.inquiries:
        for question in reading.questions(utterance):
            if reading.words.has("open_question", question):
                return said(1.0, "the first question is open", [(utterance, question)])
            if not reading.words.has("small_talk_question", question):
                return nothing("the first question is a closed one")
    return nothing("no question about the illness")


def one_question(reading: Reading) -> Counted:
    """B3: share of question turns that hold one question; from 80 % met, from 50 % half."""
    if not reading.consulted:
        return nothing("fewer than three question turns")
    single = [utterance for utterance in reading.inquiries if reading.question_count(utterance) <= 1]
    part = len(single) / len(reading.inquiries)
    value = 1.0 if part >= SINGLE_SHARE_MET else 0.5 if part >= SINGLE_SHARE_PARTLY else 0.0
    return cited(
        value, f"{len(single)} of {len(reading.inquiries)} question turns hold one question", reading, single
    )


def plain_words(reading: Reading, case: Case) -> Counted:
    """B5: every technical term used is explained at least once. Judged only of a real consultation.

    Terms are the case's own, and common jargon of the language. All explained is met; at least two
    thirds is half.
    """
    if not reading.consulted:
        return nothing("too little was said")
    explained: dict[str, tuple[Utterance, str]] = {}
    used: set[str] = set()
    for utterance in reading.doctor:
        for sentence in utterance.sentences:
            for name, clear in _terms(reading, case, utterance, sentence):
                used.add(name)
                if clear:
                    explained.setdefault(name, (utterance, sentence))
    if not used:
        return cited(1.0, "everyday words throughout", reading, reading.inquiries)
    part = len(explained) / len(used)
    value = 1.0 if part == 1 else 0.5 if part >= 2 / 3 else 0.0
    return said(value, f"{len(explained)} of {len(used)} technical terms explained", list(explained.values()))


def _terms(reading: Reading, case: Case, utterance: Utterance, sentence: str) -> Iterator[tuple[str, bool]]:
    """The technical terms of a sentence, and whether each is explained there."""
    marked = reading.words.has("explain_marker", sentence)
    known = [term for term in case.judge.technical_terms if contains(sentence, term.term)]
    for term in known:
        near = share(term.plain, utterance.said)
        yield fold(term.term), near >= 0.5 or (marked and near > 0)
    for found in reading.words.pattern("jargon").finditer(fold(sentence)):
        if not any(contains(term.term, found[0]) for term in known):
            yield found[0], marked


def fresh_questions(reading: Reading) -> Counted:
    """E1: no answered question is asked again; one repeat is half. Summaries that check are no repeats."""
    if not reading.consulted:
        return nothing("fewer than three question turns")
    repeats = repeated(reading)
    fresh = [utterance for utterance in reading.inquiries if utterance not in repeats]
    value = {0: 1.0, 1: 0.5}.get(len(repeats), 0.0)
    return cited(value, f"{len(repeats)} questions asked again", reading, fresh)


def repeated(reading: Reading) -> list[Utterance]:
    """The inquiries that ask only for what a question had already brought out, by trace or by wording."""
    answered: set[str] = set()
    asked: list[str] = []
    again: list[Utterance] = []
    for utterance in reading.inquiries:
        chosen = utterance.selection
        questions = reading.questions(utterance)
        confirms = reading.words.has("confirming", utterance.said)
        by_trace = bool(
            chosen
            and chosen.repeated
            and not chosen.disclosed
            and not chosen.withheld
            and set(chosen.asked) <= answered
        )
        by_words = any(likeness(question, earlier) >= ALIKE for question in questions for earlier in asked)
        if (by_trace or by_words) and not confirms:
            again.append(utterance)
        asked += questions
        if chosen:
            answered |= {*chosen.disclosed, *(fact for fact in chosen.repeated if fact in answered)}
    return again


def turn_length(reading: Reading) -> Counted:
    """E3: median turn ≤ 120 characters or 80 words; the last turn, which closes, ≤ 600 or 350. Half a little above."""
    if not reading.consulted:
        return nothing("too little was said")
    lengths, language = reading.lengths(), reading.language
    middle, last = median(lengths[:-1] or lengths), lengths[-1]
    limit = TURN_LIMIT[language]
    value = 1.0 if middle <= limit else 0.5 if middle <= _HALF_LIMIT * limit else 0.0
    if last > CLOSING_LIMIT[language]:
        value = max(0.0, value - 0.5)
    shortest = min(reading.inquiries, key=lambda utterance: size(utterance.text, language))
    return cited(value, f"median {middle:g}, last {last}", reading, [shortest])
