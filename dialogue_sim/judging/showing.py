"""What a judge model is shown: the consultation and the case's facts, as data.

Turns are numbered records with neutral names. Sentences addressed to the judge are withheld, names
of models are hidden, and angle brackets are escaped, so that no tag of the text can end the data.
Equal transcripts give equal text, byte for byte: every call of a dialogue shares it as a prefix.
"""

from __future__ import annotations

import json
from typing import Any

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.families import hide_brands
from dialogue_sim.judging.injection import judge_directed, sift
from dialogue_sim.judging.programs.history import key_facts
from dialogue_sim.judging.reading import CLOSING
from dialogue_sim.transcript import Transcript

CLOSING_NAME = "CLOSING"


def shown(transcript: Transcript) -> Transcript:
    """The transcript as a judge sees it: doctor texts without judge-directed sentences and model names."""
    turns = [
        turn.model_copy(update={"text": hide_brands(_kept(turn.text)[0])})
        if turn.speaker == "doctor"
        else turn
        for turn in transcript.turns
    ]
    closing = transcript.closing
    if closing is not None:

        def clean(text: str) -> str:
            return hide_brands(_kept(text)[0])

        closing = closing.model_copy(
            update={
                "diagnosis": clean(closing.diagnosis),
                "differential": [clean(row) for row in closing.differential],
                "tests": [clean(row) for row in closing.tests],
                "plan": [clean(row) for row in closing.plan],
                "text": clean(closing.text),
            }
        )
    return transcript.model_copy(update={"turns": turns, "closing": closing, "doctor": ""})


def dialogue_json(transcript: Transcript, view: Transcript) -> str:
    """The numbered turns of what is `shown` of a transcript as JSON, the closing block as a record of its own."""
    records: list[dict[str, Any]] = []
    for original, turn in zip(transcript.turns, view.turns, strict=True):
        record: dict[str, Any] = {"turn": turn_name(turn.number), "speaker": turn.speaker, "text": turn.text}
        withheld = _kept(original.text)[1] if turn.speaker == "doctor" else 0
        records.append({**record, "withheld": withheld} if withheld else record)
    if view.closing is not None:
        block = view.closing
        records.append(
            {
                "turn": CLOSING_NAME,
                "speaker": "doctor",
                "diagnosis": block.diagnosis,
                "differential": block.differential,
                "tests": block.tests,
                "plan": block.plan,
            }
        )
    return _safe("[\n" + ",\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n]")


def reference_json(case: Case) -> str:
    """The facts of the case that reference items are judged by."""
    judge = case.judge
    content = {
        "urgency": case.urgency,
        "diagnosis": judge.diagnosis.model_dump(),
        "differential": [entry.names for entry in judge.differential],
        "red_flags": [flag.label for flag in judge.red_flags],
        "key_facts": [
            {"fact": fact.record, "status": fact.status, "critical": fact.critical}
            for fact in key_facts(case)
        ],
        "cues": [{"kind": cue.kind, "line": cue.line} for cue in case.patient.cues],
        "patient_view": {
            "ideas": case.patient.ideas,
            "concerns": case.patient.concerns,
            "expectations": case.patient.expectations,
        },
        "tests": {
            "must": [test.names for test in judge.tests.must],
            "acceptable": [test.names for test in judge.tests.acceptable],
            "needless": [test.names for test in judge.tests.needless],
        },
        "plan": [action.action for action in judge.plan],
        "contraindications": [entry.label for entry in judge.contraindications],
        "technical_terms": [{"term": term.term, "plain": term.plain} for term in judge.technical_terms],
    }
    return _safe(json.dumps(content, ensure_ascii=False))


def turn_name(number: int) -> str:
    """`T07`, or `CLOSING` for the closing block."""
    return CLOSING_NAME if number == CLOSING else f"T{number:02d}"


def turn_number(name: str) -> int | None:
    """The number of a turn by its name; None when it is no such name."""
    bare = name.strip().upper()
    if bare == CLOSING_NAME:
        return CLOSING
    digits = bare.removeprefix("T")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _kept(text: str) -> tuple[str, int]:
    if not judge_directed(text):
        return text, 0
    kept, withheld = sift(text)
    if not withheld:  # the whole talks to the judge, though no sentence of it does
        return "", len(kept)
    return " ".join(kept), len(withheld)


def _safe(text: str) -> str:
    # Inside JSON strings these escapes mean the same characters, but they cannot form a tag.
    return text.replace("<", "\\u003c").replace(">", "\\u003e")
