"""CRAFT-MD (rajpurkarlab/craft-md): one JSON file a case, English; `assistant` is the doctor.

A file holds several trials of the same case; each becomes a transcript.
"""

from __future__ import annotations

import re
from pathlib import Path

from dialogue_sim.judging.readers.records import (
    Record,
    TranscriptFileError,
    language_of,
    message,
    records,
    spoken,
)
from dialogue_sim.transcript import ClosingBlock, Speaker, Transcript

_SPEAKERS: dict[str, Speaker] = {"assistant": "doctor", "user": "patient"}
_FINAL = re.compile(r"\**\s*final diagnosis\s*:?\s*\**\s*:?\s*(.*)", re.IGNORECASE | re.DOTALL)


def read(path: Path) -> list[Transcript]:
    """Read every trial of every case. Raises TranscriptFileError."""
    found: list[Transcript] = []
    for record in records(path):
        trials = sorted(
            (name for name in record.data if re.fullmatch(r"trial_\d+", name)), key=lambda name: int(name[6:])
        )
        if not trials:
            raise TranscriptFileError("there is no `trial_0`", where=record.where)
        found += [_transcript(record, name) for name in trials]
    return found


def _transcript(record: Record, trial: str) -> Transcript:
    body = record.data[trial]
    messages = body.get("multiturn_conversation") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        raise TranscriptFileError(f"{trial} has no `multiturn_conversation`", where=record.where)
    said: list[tuple[Speaker, str]] = []
    for entry in messages:
        role, content = message(entry, "role", "content") or ("", "")
        if role not in {*_SPEAKERS, "system"}:
            raise TranscriptFileError(
                f"a message of {trial} needs a `role` and a `content`", where=record.where
            )
        if role in _SPEAKERS:
            said.append((_SPEAKERS[role], content))
    turns = spoken(said)
    closing = _closing(said)
    case = str(record.data.get("case_id", "case"))
    replicate = int(trial[6:])
    return Transcript(
        dialogue_id=f"craft-md-{case}/{replicate}",
        case_id=f"craft-md-{case}",
        language=language_of(turns),
        replicate=replicate,
        turns=turns,
        closing=closing,
        protocol_failures=[] if closing else ["no_closing_block"],
    )


def _closing(said: list[tuple[Speaker, str]]) -> ClosingBlock | None:
    last = next((text for speaker, text in reversed(said) if speaker == "doctor"), "")
    final = _FINAL.search(last)
    if final is None or not final[1].strip():
        return None
    diagnosis = final[1].strip().splitlines()[0].strip(" *.")
    return ClosingBlock(diagnosis=diagnosis, text=final[0].strip())
