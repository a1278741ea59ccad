"""What the doctor does with what the patient lets out: emotions, questions, worries at their scripted places."""

from __future__ import annotations

from collections.abc import Callable

from dialogue_sim.cases.model import Case, Cue
from dialogue_sim.judging.counted import Counted, nothing, said
from dialogue_sim.judging.normalise import share
from dialogue_sim.judging.programs.history import answers, heard_before
from dialogue_sim.judging.reading import Reading, Utterance

_ON_TOPIC = 0.15


def empathy(reading: Reading, case: Case) -> Counted:
    """B6: share of scripted emotions named or acknowledged in the doctor's next turn.

    A bare "don't worry" is half. A formula already used at an earlier cue does not count again.
    """
    cues = [cue for cue in case.patient.cues if cue.kind == "emotion"]
    return _answered(reading, cues, _acknowledged)


def questions_answered(reading: Reading, case: Case) -> Counted:
    """B8: share of scripted questions and worries answered, or put off with a reason, in the next turn."""
    cues = [cue for cue in case.patient.cues if cue.kind in {"question", "concern"}]
    return _answered(reading, cues, _replied)


def _answered(
    reading: Reading,
    cues: list[Cue],
    value_of: Callable[[Reading, Utterance, Cue], tuple[float, str]],
) -> Counted:
    counted, total = 0, 0.0
    found: list[tuple[Utterance, str]] = []
    for cue in cues:
        heard = heard_before(reading, cue)
        if heard == []:
            continue
        counted += 1
        if heard is None:
            continue
        value, sentence = value_of(reading, heard[0], cue)
        if value:
            total += value
            found.append((heard[0], sentence))
    if not counted:
        return nothing("the doctor had no turn after any such cue")
    return said(total / counted, f"{len(found)} of {counted} taken up", found)


def _acknowledged(reading: Reading, utterance: Utterance, cue: Cue) -> tuple[float, str]:
    for name, value in (("empathy", 1.0), ("soothing", 0.5)):
        for sentence in utterance.sentences:
            if reading.words.has(name, sentence):
                return value, sentence
    return 0.0, ""


def _replied(reading: Reading, utterance: Utterance, cue: Cue) -> tuple[float, str]:
    told = reading.statements(utterance)
    for sentence in told:
        if reading.words.has("answering", sentence):
            return 1.0, sentence
    for sentence in told:
        if share(cue.line, sentence) >= _ON_TOPIC or answers(reading, utterance, cue):
            return 0.5, sentence
    return 0.0, ""
