"""Process items without a selection trace: what was asked is read off the doctor's questions."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.counted import Counted, cited, nothing
from dialogue_sim.judging.programs import history
from dialogue_sim.judging.reading import Reading, Utterance

_MAIN = ("onset", "site", "character", "course", "severity", "modifiers", "associated")


def asked_about(reading: Reading, topic: str) -> Utterance | None:
    """The first utterance one of whose questions goes after a topic of the word lists."""
    for utterance in reading.inquiries:
        if any(reading.words.has(f"topics.{topic}", question) for question in reading.questions(utterance)):
            return utterance
    return None


def main_complaint(reading: Reading) -> Counted:
    """A3: share of the seven elements asked about."""
    return _share(reading, _MAIN)


def past_history(reading: Reading) -> Counted:
    """A4."""
    return _share(reading, ("past",))


def drugs_and_allergies(reading: Reading) -> Counted:
    """A5."""
    return _share(reading, ("drugs", "allergies"))


def personal_and_family(reading: Reading) -> Counted:
    """A6: personal and family history; periods and pregnancies only count where a case says so."""
    return _share(reading, ("personal", "family"))


def earlier_care(reading: Reading) -> Counted:
    """A8."""
    return _share(reading, ("tests_before", "treatment_before"))


def general_condition(reading: Reading) -> Counted:
    """A9: two of four are met, one is half."""
    hit = _hits(reading, ("appetite", "sleep", "excretion", "weight"))
    return cited(min(1.0, len(hit) / 2), f"{len(hit)} asked about", reading, hit)


def patient_view(reading: Reading) -> Counted:
    """B7: ideas, concerns, expectations, a third each."""
    return _share(reading, ("ideas", "concerns", "expectations"))


def impact(reading: Reading) -> Counted:
    """B9."""
    return _share(reading, ("impact",))


def key_fact_coverage(reading: Reading, case: Case) -> Counted:
    """A1: weighted share of key facts that the patient told in reply to a question, at most 2 a turn."""
    facts = history.key_facts(case)
    weights = {f.id: history.CRITICAL_WEIGHT if f.critical else history.OTHER_WEIGHT for f in facts}
    found = history.told_to_questions(reading, facts)
    gained, turns, taken = 0.0, [], dict.fromkeys((u.number for u in found.values()), 0)
    for fact, utterance in sorted(found.items(), key=lambda pair: -weights[pair[0]]):
        if taken[utterance.number] < history.CREDITED_PER_TURN:
            taken[utterance.number] += 1
            gained += weights[fact]
            turns.append(utterance)
    turns.sort(key=lambda utterance: utterance.number)
    return cited(
        gained / sum(weights.values()), f"{len(turns)} of {len(facts)} key facts credited", reading, turns
    )


def red_flags(reading: Reading, case: Case) -> Counted:
    """A2: share of red flags asked about."""
    flags = case.judge.red_flags
    asked = history.told_to_questions(reading, case.patient.facts)
    hit = [asked[found] for flag in flags if (found := next((f for f in flag.facts if f in asked), None))]
    return (
        cited(len(hit) / len(flags), f"{len(hit)} of {len(flags)} red flags", reading, hit)
        if flags
        else nothing("none")
    )


def relevant_negatives(reading: Reading, case: Case) -> Counted:
    """A7: three denied symptoms asked about are met, one is half."""
    denied = [f for f in case.patient.facts if f.status == "denied" and f.topic.startswith(("ros.", "hpi."))]
    hit = list(history.told_to_questions(reading, denied).values())
    value = 1.0 if len(hit) >= min(history.NEGATIVES_WANTED, len(denied)) else 0.5
    return cited(value, f"{len(hit)} relevant negatives", reading, hit)


def cues_followed(reading: Reading, case: Case) -> Counted:
    """A10: the program's count, with cues found by their lines."""
    return history.cues_followed(reading, case)


def _hits(reading: Reading, topics: Sequence[str]) -> list[Utterance]:
    return [utterance for topic in topics if (utterance := asked_about(reading, topic))]


def _share(reading: Reading, topics: Sequence[str]) -> Counted:
    hit = _hits(reading, topics)
    return cited(len(hit) / len(topics), f"{len(hit)} of {len(topics)} asked about", reading, hit)
