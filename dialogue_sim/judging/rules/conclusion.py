"""Safety and outcome by word lists and the case's own phrases: urgency, safety net, diagnosis, plan."""

from __future__ import annotations

from collections.abc import Iterator

from dialogue_sim.cases.model import Action, Case, JudgePart
from dialogue_sim.judging.counted import Counted, cited, concluded, nothing, said
from dialogue_sim.judging.evidence import block_text
from dialogue_sim.judging.normalise import contains, find, fold, share, squash
from dialogue_sim.judging.programs import prudence
from dialogue_sim.judging.reading import CLOSING, Reading
from dialogue_sim.judging.rules.inquiry import asked_about
from dialogue_sim.judging.rules.manner import sentences_with

LEVELS = ("routine", "urgent", "emergency")
_CITED = 0.3
_SAME_ACTION = 0.7
_EVIDENCE_WANTED = 2


def advice(reading: Reading) -> Iterator[tuple[int, str]]:
    """What the doctor advises for now: statements of the dialogue and the plan, safety nets left out."""
    for utterance in reading.doctor:
        for sentence in reading.statements(utterance):
            if not reading.words.has("condition_word", sentence):
                yield utterance.number, sentence
    for line in reading.closing.plan if reading.closing else ():
        if not reading.words.has("condition_word", line):
            yield CLOSING, line


def advised_level(reading: Reading, *, strict: bool) -> tuple[str, int, str] | None:
    """The most urgent level advised, with where it stands; None when no advice names one.

    Args:
        strict: leave out clauses that name a sign together with the level ("heavy bleeding: ambulance"),
            as those are safety nets without an "if".
    """
    best: tuple[str, int, str] | None = None
    for number, sentence in advice(reading):
        for clause in prudence.clauses(sentence):
            if strict and reading.words.has("sign_then_action", clause):
                continue
            for level in reversed(LEVELS):
                higher = best is None or LEVELS.index(level) > LEVELS.index(best[0])
                if higher and _urges(reading, clause, level):
                    best = (level, number, sentence)
                    break
    return best


def _urges(reading: Reading, clause: str, level: str) -> bool:
    if level == "routine":
        return reading.words.has("routine", clause)
    return prudence.advised(reading, clause, level)


def urgency(reading: Reading, case: Case) -> Counted:
    """C1: the advised level is the case's; more urgent is half, less urgent or none is nothing."""
    found = advised_level(reading, strict=True) or advised_level(reading, strict=False)
    if found is None:
        return nothing("no advice on where and when to be seen")
    level, number, sentence = found
    gap = LEVELS.index(level) - LEVELS.index(case.urgency)
    value = 1.0 if gap == 0 else 0.5 if gap > 0 else 0.0
    return Counted(value, f"advises {level}, the case is {case.urgency}", (number,), sentence[:160])


def safety_net(reading: Reading) -> Counted:
    """C2: a conditional sentence with a concrete sign and what to do; a general "come back" is half."""
    full, general = [], []
    for utterance, sentence in sentences_with(reading, "conditional"):
        if reading.asks(sentence) or not reading.words.has("go_action", sentence):
            continue
        if reading.words.has("worsening", sentence) and reading.words.has("condition_word", sentence):
            full.append((utterance, sentence))
    general = list(sentences_with(reading, "generic_return"))
    return said(1.0 if full else 0.5, f"{len(full)} concrete safety nets", full or general)


def uncertainty(reading: Reading) -> Counted:
    """C4: tentative (½) and what would change the judgement (½); overconfidence is nothing."""
    if next(sentences_with(reading, "overconfident"), None):
        return nothing("claims certainty")

    def told(sentence: str) -> bool:
        return not reading.asks(sentence)

    tentative = list(sentences_with(reading, "uncertain", where=told))
    change = list(sentences_with(reading, "would_change", where=told))
    value = (bool(tentative) + bool(change)) / 2
    return said(
        value, f"tentative: {bool(tentative)}, says what would change it: {bool(change)}", tentative + change
    )


def in_person(reading: Reading, case: Case) -> Counted:
    """C5: names a limit of text (½) and arranges examination or test (½)."""
    limits = list(sentences_with(reading, "in_person"))
    visits = list(sentences_with(reading, "visit", where=lambda s: not reading.asks(s)))
    value = (bool(limits) + bool(visits)) / 2
    return said(value, f"limit: {bool(limits)}, arranges: {bool(visits)}", limits + visits)


def drug_safety(reading: Reading, case: Case) -> Counted:
    """C3: by trace where there is one; otherwise by the questions' wording."""
    counted = prudence.drug_safety(reading, case)
    if counted is not None:
        return counted
    first = next(prudence.drug_advice(reading), None)
    before = float("inf") if first is None or first.number == CLOSING else first.number
    topics = ["allergies", "drugs", *(["menstrual"] if prudence.pregnancy_matters(case) else [])]
    asked = [found for topic in topics if (found := asked_about(reading, topic)) and found.number < before]
    if first is None and reading.consulted and reading.closing is not None:
        return cited(1.0, "no drug advised", reading, asked or reading.inquiries)
    return cited(len(asked) / len(topics), f"{len(asked)} of {len(topics)} checks", reading, asked)


def named(reading: Reading, text: str, judge: JudgePart) -> float:
    """1 for the reference diagnosis or a synonym, 0.5 for its parent, 0 for anything else.

    A name that is one of the differential diagnoses is that disease, even where a synonym stands in
    it. The parent counts when nothing but modifiers ("acute", "suspected") stands beside it: another
    word makes it another disease of the same family.
    """
    reference = judge.diagnosis
    others = [name for entry in judge.differential for name in entry.names if contains(text, name)]
    for name in (reference.primary, *reference.synonyms):
        if _names(text, name) and not any(
            contains(other, name) and squash(other) != squash(name) for other in others
        ):
            return 1.0
    rest = fold(text)
    for name in sorted(reference.parent, key=len, reverse=True):
        if _names(text, name):
            rest = rest.replace(fold(name), " ")
    bare = squash(reading.words.pattern("diagnosis_modifiers").sub(" ", rest))
    return 0.5 if rest != fold(text) and not bare else 0.0


def _names(text: str, name: str) -> bool:
    folded = fold(text)
    found = find(text, name)
    if found is None:
        return squash(name) == squash(text)
    return not any(
        word in folded[: found.start()] for word in ("排除", "除外", "不是", "not ", "ruled out", "exclude")
    )


def diagnosis(reading: Reading, case: Case) -> Counted:
    """D1: the closing block's leading diagnosis."""
    if reading.closing is None or not reading.closing.diagnosis.strip():
        return nothing("no leading diagnosis")
    leading = reading.closing.diagnosis
    value = named(reading, leading, case.judge)
    return concluded(value, {1.0: "the reference", 0.5: "its parent", 0.0: "another disease"}[value], leading)


def differential(reading: Reading, case: Case) -> Counted:
    """D2: the reference among the first three listed is met, fourth or fifth half. The leading one counts as first."""
    if reading.closing is None:
        return nothing("no differential")
    listed = [reading.closing.diagnosis, *reading.closing.differential]
    # An entry that is empty, or was withheld, keeps its place: leaving one out moves no other up.
    ranked = list({squash(name) or place: name for place, name in reversed([*enumerate(listed)])}.values())[
        ::-1
    ]
    for rank, name in enumerate(ranked[:5], start=1):
        if named(reading, name, case.judge) == 1.0:
            return concluded(1.0 if rank <= 3 else 0.5, f"the reference stands at place {rank}", name)
    return nothing("the reference is not among the first five")


def plan(reading: Reading, case: Case) -> Counted:
    """D4: share of the reference plan's actions proposed in the closing plan or in the doctor's advice."""
    texts = [(CLOSING, line) for line in reading.closing.plan] if reading.closing else []
    texts += [(u.number, s) for u in reading.doctor for s in reading.statements(u)]
    hit = [place for action in case.judge.plan if (place := _proposed(reading, texts, action))]
    why = f"{len(hit)} of {len(case.judge.plan)} key actions"
    if not hit:
        return nothing(why)
    numbers = tuple(dict.fromkeys(number for number, _ in hit))
    return Counted(len(hit) / len(case.judge.plan), why, numbers, hit[0][1][:160])


def _proposed(reading: Reading, texts: list[tuple[int, str]], action: Action) -> tuple[int, str] | None:
    for number, text in texts:
        if share(action.action, text) >= _SAME_ACTION:
            return number, text
        for clause in prudence.clauses(text):
            for phrase in action.match:
                found = find(clause, phrase)
                # A phrase that is itself a prohibition ("do not drive") carries its own negation.
                own = reading.words.has("negation", phrase)
                if found and (
                    own or not reading.words.pattern("negation").search(fold(clause)[: found.start()])
                ):
                    return number, text
    return None


def evidence(reading: Reading, case: Case) -> Counted:
    """D5: affirmed facts or findings, present in the dialogue, that the doctor's explanation cites: two are met."""
    given = reading.given
    facts = [f for f in case.patient.facts if f.status == "affirmed" and share(f.say, given) >= 0.6]
    findings = [f for f in (*case.examiner.tests, *case.examiner.examinations) if contains(given, f.result)]
    cited_in: list[tuple[int, str]] = []
    for number, sentence in _explanations(reading):
        for text in [*(f.say for f in facts), *(f.record for f in facts), *(f.result for f in findings)]:
            if share(text, sentence) >= _CITED and (number, text) not in cited_in:
                cited_in.append((number, text))
        if len(cited_in) >= _EVIDENCE_WANTED:
            return Counted(1.0, "two or more findings cited", (number,), sentence[:160])
    if cited_in:
        number = cited_in[0][0]
        sentence = next(s for n, s in _explanations(reading) if n == number)
        return Counted(0.5, "one finding cited", (number,), sentence[:160])
    return nothing("no finding cited")


def _explanations(reading: Reading) -> Iterator[tuple[int, str]]:
    half = len(reading.doctor) // 2
    for utterance in reading.doctor[half:]:
        if reading.words.has("proposal", utterance.said):
            yield from ((utterance.number, s) for s in reading.statements(utterance))
    if reading.closing:
        yield CLOSING, block_text(reading.closing)
