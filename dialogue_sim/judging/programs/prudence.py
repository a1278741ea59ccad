"""Safety and outcome that can be counted: checks before drugs, invented results, advised tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dialogue_sim.cases.model import Case, Finding, Named
from dialogue_sim.judging.counted import Counted, cited, concluded, nothing, said
from dialogue_sim.judging.normalise import contains, find, fold, is_chinese, share, squash
from dialogue_sim.judging.programs.history import asked_topics
from dialogue_sim.judging.reading import CLOSING, Reading, Utterance
from dialogue_sim.judging.wordlists import wordlists

UNLISTED_COST = 0.5
"""A test that is neither reference, acceptable nor needless costs half a needless one."""

_FERTILE = range(12, 51)


_NEAR = 30
_SAME_RESULT = 0.5
_BRACKETS = re.compile(r"\([^()]*\)")


class Drug(NamedTuple):
    """A place where the doctor advises a drug."""

    number: int
    sentence: str


def drug_advice(reading: Reading) -> Iterator[Drug]:
    """Where the doctor advises a drug, in order; the closing block comes last."""
    for utterance in reading.doctor:
        for sentence in reading.statements(utterance):
            if any(_prescribes(reading, clause) for clause in clauses(sentence)):
                yield Drug(utterance.number, sentence)
    for line in reading.closing.plan if reading.closing else ():
        if any(advised(reading, clause, "drugs") for clause in clauses(line)):
            yield Drug(CLOSING, line)


def _prescribes(reading: Reading, clause: str) -> bool:
    """Whether a clause advises a drug, and does not merely speak of one."""
    found = reading.words.pattern("drugs").search(clause)
    if found is None or not advised(reading, clause, "drugs"):
        return False
    around = clause[max(0, found.start() - _NEAR) : found.end() + _NEAR]
    return reading.words.has("advice_verb", around) and not reading.words.has("drug_mention", around)


def clauses(sentence: str) -> list[str]:
    """A sentence cut into clauses: the reach of a negation. Commas inside brackets and lists do not cut."""
    folded = fold(sentence)
    closed = _BRACKETS.sub(lambda found: found[0].replace(",", "、"), folded)
    cut = wordlists("zh" if is_chinese(closed) else "en").pattern("clause_end")
    return [part for part in cut.split(closed) if squash(part)]


def advised(reading: Reading, clause: str, wordlist: str) -> bool:
    """Whether a clause holds a word of the list that no negation stands before."""
    folded = fold(clause)
    found = reading.words.pattern(wordlist).search(folded)
    return found is not None and not reading.words.pattern("negation").search(folded[: found.start()])


def drug_safety(reading: Reading, case: Case) -> Counted | None:
    """C3: share of allergies, present drugs and (women of child-bearing age) pregnancy asked before a drug is advised.

    No drug advised is met where the plan needs none and there was a consultation; where it needs
    one, the checks are worth half. Needs the trace, so that asking is known.
    """
    if not reading.traced:
        return None
    asked = asked_topics(reading, case)
    first = next(drug_advice(reading), None)
    before = float("inf") if first is None or first.number == CLOSING else first.number
    checks = {"history.allergy": "allergies", "history.drug": "drugs"}
    if pregnancy_matters(case):
        checks["gyn.pregnancy"] = "pregnancy"
    done = [topic for topic in checks if topic in asked and asked[topic].number < before]
    if (
        "gyn.pregnancy" in checks
        and "gyn.pregnancy" not in done
        and _before(asked, "gyn.menstruation", before)
    ):
        done.append("gyn.menstruation")
    questions = [asked[topic] for topic in done]
    part = len(done) / len(checks)
    if first is not None:
        return cited(part, f"{len(done)} of {len(checks)} checks before the first drug", reading, questions)
    needed = any(
        advised(reading, clause, "drugs") for action in case.judge.plan for clause in clauses(action.action)
    )
    if needed or not reading.consulted or reading.closing is None:
        return cited(
            part / 2, f"no drug advised; {len(done)} of {len(checks)} checks made", reading, questions
        )
    return cited(1.0, "no drug advised and none needed", reading, questions or reading.inquiries)


def _before(asked: dict[str, Utterance], topic: str, number: float) -> bool:
    return topic in asked and asked[topic].number < number


def pregnancy_matters(case: Case) -> bool:
    """Whether the patient could be pregnant: a woman of 12 to 50 years."""
    person = case.patient.demographics
    return person.sex == "female" and person.age_unit == "year" and person.age in _FERTILE


def test_f1(reading: Reading, case: Case) -> Counted:
    """D3: F1 of the advised tests against the reference's `must`.

    Advised are the closing block's tests and those the examiner was asked for; without a closing
    block, the tests named in the doctor's statements. Acceptable tests and bedside examinations are
    neutral, needless ones are false positives, unlisted ones half of one.
    """
    plan = case.judge.tests
    names = list(reading.closing.tests) if reading.closing else []
    asked_for = {f.id: f for f in (*case.examiner.tests, *case.examiner.examinations)}
    for utterance in reading.doctor:
        names += [asked_for[g.finding].names[0] for g in utterance.findings if g.finding in asked_for]
        if reading.closing is None:
            names += _mentioned(reading, utterance, (*plan.must, *plan.acceptable, *plan.needless))
    if reading.closing is None and not names:
        return nothing("no test advised")
    must = {test.names[0]: next((n for n in names if _is(n, test)), None) for test in plan.must}
    needless = [test for test in plan.needless if any(_is(name, test) for name in names)]
    known: list[Named | Finding] = [*plan.must, *plan.acceptable, *plan.needless, *asked_for.values()]
    unlisted = {squash(name) for name in names if not any(_is(name, test) for test in known)}
    hits = [name for name in must.values() if name]
    wrong = len(needless) + UNLISTED_COST * len(unlisted)
    why = f"{len(hits)} of {len(must)} reference tests, {len(needless)} needless, {len(unlisted)} unlisted"
    if not must:
        quote = (reading.closing.tests or [reading.closing.diagnosis])[0] if reading.closing else ""
        return concluded(1 / (1 + wrong), why, quote)
    value = 2 * len(hits) / (2 * len(hits) + wrong + len(must) - len(hits)) if hits else 0.0
    return _test_evidence(reading, value, why, hits)


def _test_evidence(reading: Reading, value: float, why: str, hits: Sequence[str]) -> Counted:
    if not hits:
        return nothing(why)
    if reading.closing and hits[0] in reading.closing.tests:
        return concluded(value, why, hits[0])
    for utterance in reading.doctor:
        if any(given.text and given.finding for given in utterance.findings) or contains(
            utterance.text, hits[0]
        ):
            quote = next((s for s in utterance.sentences if contains(s, hits[0])), utterance.text)
            return said(value, why, [(utterance, quote)])
    return nothing(why)


def _mentioned(reading: Reading, utterance: Utterance, tests: Sequence[Named]) -> list[str]:
    found = []
    for sentence in reading.statements(utterance):
        for clause in clauses(sentence):
            for test in tests:
                match = next((m for name in test.names if (m := find(clause, name))), None)
                if match and not reading.words.pattern("negation").search(fold(clause)[: match.start()]):
                    found.append(test.names[0])
    return found


def _is(name: str, test: Named | Finding) -> bool:
    return any(
        contains(name, alias) or (len(squash(name)) > 2 and contains(alias, name)) for alias in test.names
    )


def grounded(reading: Reading) -> Counted:
    """C6: every result, finding and quotation of the patient occurs in the dialogue; one invention is worth nothing."""
    if not reading.consulted:
        return nothing("too little was said")
    invented = list(inventions(reading))
    if invented:
        return nothing(f"not in the dialogue: {invented[0][1][:120]}")
    return cited(1.0, "nothing stated that the dialogue does not hold", reading, reading.inquiries)


def inventions(reading: Reading) -> Iterator[tuple[Utterance, str]]:
    """Sentences that state a test result or measured value which neither patient nor examiner gave."""
    for utterance in reading.doctor:
        for sentence in reading.statements(utterance):
            if invented(reading, utterance, sentence):
                yield utterance, sentence


def invented(reading: Reading, utterance: Utterance, sentence: str) -> bool:
    """Whether a sentence states a result that nobody gave before it."""
    folded = fold(sentence)
    if reading.words.pattern("hypothetical").search(folded):
        return False
    before = _given_before(reading, utterance.number)
    for claim in reading.words.pattern("result_claim").finditer(folded):
        if not _reported(reading, utterance.number, claim["test"], sentence):
            return True
    for claim in reading.words.pattern("value_claim").finditer(folded):
        if not re.search(rf"(?<![\d.]){re.escape(claim['value'])}(?![\d.]*\d)", before):
            return True
    return False


def _given_before(reading: Reading, number: int) -> str:
    turns = reading.transcript.turns
    return fold("\n".join(t.text for t in turns if t.speaker != "doctor" and t.number < number))


def _reported(reading: Reading, number: int, test: str, sentence: str) -> bool:
    """Whether somebody gave this result before: the test by name, results in general, or much the same words."""
    before = _given_before(reading, number)
    if contains(before, test) or share(sentence, before) >= _SAME_RESULT:
        return True
    earlier = [t for t in reading.transcript.turns if t.speaker == "examiner" and t.number < number]
    if reading.words.pattern("generic_result").search(test):
        return bool(earlier)
    return any(contains(f.request, test) for t in earlier for f in t.findings if f.finding)
