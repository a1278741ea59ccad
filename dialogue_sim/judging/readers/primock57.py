"""PriMock57 (babylonhealth/primock57): JSON lines of human consultations in English, with time stamps.

Marks of the transcribers are taken out; what cannot be understood is left out.
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
    want,
)
from dialogue_sim.transcript import Speaker, Transcript

_SPEAKERS: dict[str, Speaker] = {"doctor": "doctor", "patient": "patient"}
_MARK = re.compile(r"</?\s*(?:UNSURE|UNIN|INAUDIBLE_SPEECH)\s*/?>", re.IGNORECASE)


def read(path: Path) -> list[Transcript]:
    """Read every consultation. Raises TranscriptFileError."""
    return [_transcript(record) for record in records(path)]


def _transcript(record: Record) -> Transcript:
    name = want(record, "consultation", str)
    said: list[tuple[Speaker, str]] = []
    for utterance in want(record, "utterances", list):
        speaker, text = message(utterance, "speaker", "text") or ("", "")
        if speaker not in _SPEAKERS:
            raise TranscriptFileError(
                "an utterance needs a `speaker` (doctor or patient) and a `text`", where=record.where
            )
        said.append((_SPEAKERS[speaker], " ".join(_MARK.sub(" ", text).split())))
    turns = spoken(said)
    return Transcript(
        dialogue_id=f"primock57-{name}/0",
        case_id=f"primock57-{name}",
        language=language_of(turns),
        doctor="human",
        patient="human",
        turns=turns,
        protocol_failures=["no_closing_block"],
    )
