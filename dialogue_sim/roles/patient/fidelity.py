"""How well the patient behaved, counted by program over finished consultations (scoring.md, 3.2).

What the patient's rule for unknowns does, what slips out, and what is withheld decide what a doctor
can score; so these figures stand beside every score. All are counts with their base: intervals are
made where they are printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from statistics import mean, median
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from dialogue_sim.cases import Case, guarded_terms
from dialogue_sim.transcript import Transcript, Turn

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[A-Za-z]")


class Rate(BaseModel):
    """`events` out of `of`."""

    model_config = ConfigDict(frozen=True)

    events: int
    of: int


class PatientFidelity(BaseModel):
    """What the patient did, over all consultations of a run.

    Attributes:
        diagnosis_leak: consultations in which the patient named the diagnosis before anyone else.
        over_disclosure: facts told without having been asked for, per patient turn after the opening,
            apart from answers to broad questions.
        unsupported_numbers: patient turns with a number that no fact told, cue or earlier turn holds.
        unknown: turns that asked for something not on record.
        unknown_admitted, unknown_denied, unknown_invented: how those were answered.
        denied_known: critical facts asked for and neither told nor deliberately withheld.
        self_contradiction: facts told before, and answered as not known later.
        role_drift: turns in which the patient advised, or spoke as a machine or of "the case".
        language_drift: turns in another language than the case's.
        guarded: drafts the guard held back.
        length_mean, length_median: characters of a patient turn, the opening left out.
    """

    model_config = ConfigDict(frozen=True)

    dialogues: int
    turns: int
    diagnosis_leak: Rate
    over_disclosure: Rate
    unsupported_numbers: Rate
    unknown: Rate
    unknown_admitted: int
    unknown_denied: int
    unknown_invented: int
    denied_known: Rate
    self_contradiction: Rate
    role_drift: Rate
    language_drift: Rate
    guarded: int
    length_mean: float
    length_median: float


@cache
def _words(language: str) -> dict[str, list[str]]:
    text = Path(__file__).with_name("fidelity.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, list[str]]] = yaml.load(text, Loader=yaml.CBaseLoader)
    return loaded[language]


def fidelity(consultations: Iterable[tuple[Transcript, Case]]) -> PatientFidelity:
    """Count over consultations that the project's own patient held."""
    rows = [_count(transcript, case) for transcript, case in consultations]

    def total(name: str) -> int:
        return sum(row[name] for row in rows)

    lengths = [length for row in rows for length in row["lengths"]]
    turns = total("turns")
    return PatientFidelity(
        dialogues=len(rows),
        turns=turns,
        diagnosis_leak=Rate(events=total("leaked"), of=len(rows)),
        over_disclosure=Rate(events=total("unasked"), of=turns),
        unsupported_numbers=Rate(events=total("numbers"), of=turns),
        unknown=Rate(events=total("unknown"), of=turns),
        unknown_admitted=total("admitted"),
        unknown_denied=total("denied"),
        unknown_invented=total("invented"),
        denied_known=Rate(events=total("missed"), of=total("critical")),
        self_contradiction=Rate(events=total("forgotten"), of=turns),
        role_drift=Rate(events=total("drifted"), of=turns),
        language_drift=Rate(events=total("foreign"), of=turns),
        guarded=total("guarded"),
        length_mean=round(mean(lengths), 2) if lengths else 0.0,
        length_median=float(median(lengths)) if lengths else 0.0,
    )


def _count(transcript: Transcript, case: Case) -> dict[str, Any]:
    patient = transcript.of("patient")[1:]
    counts = dict.fromkeys(
        ("unasked", "numbers", "unknown", "admitted", "denied", "invented", "missed", "critical", "forgotten",
         "drifted", "foreign", "guarded"), 0,
    )  # fmt: skip
    words = _words(case.language)
    critical = {fact.id for fact in case.patient.facts if fact.critical}
    told: set[str] = set()
    for turn in patient:
        trace = turn.selection
        counts["guarded"] += len(turn.guard)
        counts["drifted"] += _has(turn.text, [*words["advises"], *words["out_of_role"]])
        counts["foreign"] += _foreign(turn.text, case.language)
        counts["numbers"] += _new_number(turn, transcript, case)
        if trace is None:
            continue
        counts["unasked"] += len(trace.volunteered) if trace.specificity != "broad" else 0
        asked = set(trace.asked) & critical
        counts["critical"] += len(asked)
        counts["missed"] += len(
            asked - {*trace.disclosed, *trace.repeated, *trace.withheld, *trace.volunteered}
        )
        counts["forgotten"] += len((set(trace.asked) & told) - {*trace.disclosed, *trace.repeated})
        told |= {*trace.disclosed, *trace.volunteered}
        if trace.unknown and not trace.disclosed and not trace.repeated:
            counts["unknown"] += 1
            counts[_answered(turn.text, words)] += 1
    leaked = int(_leaked(transcript, case))
    return {
        **counts,
        "leaked": leaked,
        "turns": len(patient),
        "lengths": [len(turn.text) for turn in patient],
    }


def _answered(text: str, words: dict[str, list[str]]) -> str:
    """How a question without an answer on record was answered: admitted, denied or invented."""
    if _has(text, words["not_known"]):
        return "admitted"
    return "denied" if _has(text, words["denial"]) else "invented"


def _has(text: str, phrases: Sequence[str]) -> bool:
    folded = text.casefold().replace("’", "'")
    return any(re.search(_edges(phrase), folded) for phrase in phrases)


@cache
def _edges(phrase: str) -> str:
    phrase = phrase.casefold()
    return rf"\b{re.escape(phrase)}\b" if phrase.isascii() else re.escape(phrase)


def _foreign(text: str, language: str) -> bool:
    chinese, latin = len(_CHINESE.findall(text)), len(_LETTER.findall(text))
    return chinese > latin if language == "en" else latin > 20 and latin > chinese


def _new_number(turn: Turn, transcript: Transcript, case: Case) -> bool:
    trace = turn.selection
    said = {*trace.disclosed, *trace.volunteered, *trace.repeated} if trace else set()
    lines = [fact.say for fact in case.patient.facts if fact.id in said]
    lines += [cue.line for cue in case.patient.cues] + [
        case.patient.ideas,
        case.patient.concerns,
        case.patient.expectations,
    ]
    lines += [earlier.text for earlier in transcript.turns[: turn.number]] + [
        str(case.patient.demographics.age)
    ]
    known = {number for line in lines for number in _NUMBER.findall(line)}
    return any(number not in known for number in _NUMBER.findall(turn.text))


def _leaked(transcript: Transcript, case: Case) -> bool:
    heard = ""
    for turn in transcript.turns:
        if turn.speaker == "patient":
            text = turn.text.casefold()
            if any(
                _named(term.casefold(), text) and not _named(term.casefold(), heard)
                for term in guarded_terms(case)
            ):
                return True
        heard += turn.text.casefold() + "\n"
    return False


def _named(term: str, text: str) -> bool:
    return bool(re.search(_edges(term), text))
