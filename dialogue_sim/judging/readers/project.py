"""`transcripts.jsonl` of this project's run directories."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from dialogue_sim.judging.readers.records import TranscriptFileError, records
from dialogue_sim.transcript import Transcript


def read(path: Path) -> list[Transcript]:
    """Read the transcripts as they were written.

    Raises:
        TranscriptFileError: a line is no transcript of this version.
    """
    transcripts = []
    for record in records(path):
        try:
            transcripts.append(Transcript.model_validate(record.data))
        except ValidationError as failure:
            first = failure.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise TranscriptFileError(
                f"is no transcript: {field}: {first['msg']}", where=record.where
            ) from None
    return transcripts
