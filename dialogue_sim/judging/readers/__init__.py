"""Reading stored consultations of this project and of others, so that they can be scored again.

| format      | file                                    | origin                                   |
|-------------|-----------------------------------------|------------------------------------------|
| project     | `transcripts.jsonl`                     | a run directory of this project          |
| medflow     | `.xlsx`, one sheet a consultation       | MedFlow2025/medflow (needs openpyxl)     |
| ai-hospital | JSON lines with `dialog_history`        | LibertFan/AI_Hospital                    |
| craft-md    | JSON with `trial_0`, `trial_1`, …       | rajpurkarlab/craft-md                    |
| primock57   | (gzipped) JSON lines with `utterances`  | babylonhealth/primock57                  |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dialogue_sim.judging.readers import ai_hospital, craft_md, primock57, project, workbook
from dialogue_sim.judging.readers.records import TranscriptFileError as TranscriptFileError
from dialogue_sim.judging.readers.records import first_record
from dialogue_sim.transcript import Transcript

Reader = Callable[[Path], list[Transcript]]

READERS: Mapping[str, Reader] = {
    "project": project.read,
    "medflow": workbook.read,
    "ai-hospital": ai_hospital.read,
    "craft-md": craft_md.read,
    "primock57": primock57.read,
}


def read_transcripts(path: Path | str, form: str | None = None) -> list[Transcript]:
    """Read every consultation in a file.

    Args:
        form: a key of `READERS`; None tells it from the file itself.

    Raises:
        TranscriptFileError: the file cannot be read, is of no known form, or breaks its form: with line.
        ConfigError: a package that the form needs is not installed.
    """
    path = Path(path)
    chosen = form or format_of(path)
    if chosen not in READERS:
        raise TranscriptFileError(
            f"there is no transcript format {chosen!r}", mend=f"known are: {', '.join(READERS)}"
        )
    transcripts = READERS[chosen](path)
    for transcript in transcripts:
        _check_writable(transcript, path)
    if not transcripts:
        raise TranscriptFileError("holds no consultation", where=str(path))
    return transcripts


def _check_writable(transcript: Transcript, path: Path) -> None:
    try:
        transcript.model_dump_json()
    except ValueError:
        raise TranscriptFileError(
            "holds half a character (a lone surrogate)",
            where=f"{path} ({transcript.dialogue_id!a})",
            mend="write the file again as UTF-8",
        ) from None


def format_of(path: Path) -> str:
    """The format of a file, told from its name and its first record.

    Raises:
        TranscriptFileError: it is none of the known ones.
    """
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return "medflow"
    record = first_record(path)
    if "dialog_history" in record:
        return "ai-hospital"
    if "utterances" in record:
        return "primock57"
    if "trial_0" in record:
        return "craft-md"
    if "turns" in record and "dialogue_id" in record:
        return "project"
    raise TranscriptFileError(
        f"is of no known transcript format (its first record has {', '.join(list(record)[:6]) or 'no fields'})",
        where=str(path),
        mend=f"give one of these: {', '.join(READERS)}",
    )
