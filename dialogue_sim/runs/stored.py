"""Stored consultations, gathered into the sets that are scored together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.readers import format_of, read_transcripts
from dialogue_sim.judging.readers.workbook import read_sheets
from dialogue_sim.judging.sheets import Sheet, sheet_of
from dialogue_sim.transcript import Transcript


class Consultation(NamedTuple):
    """One stored consultation.

    Attributes:
        case: what is the same in other sets, such as the name of a sheet.
        record: whether the last rows of the sheet hold the record that the original product wrote.
    """

    case: str
    transcript: Transcript
    sheet: Sheet
    record: bool


class TranscriptSet(NamedTuple):
    """Consultations that are scored together: one file, or all files of one folder."""

    name: str
    files: list[Path]
    consultations: list[Consultation]


def read_sets(paths: Sequence[Path], *, sheets: range | None = None) -> list[TranscriptSet]:
    """Read stored consultations; each file or folder becomes one set.

    Args:
        sheets: of a workbook, which of its sheets, counted from 1.

    Raises:
        TranscriptFileError: a file cannot be read.
        ConfigError: nothing there, two sets of one name, or a package is missing.
    """
    sets = []
    for path in paths:
        files = _files(path)
        found = [one for file in files for one in _consultations(file, sheets)]
        sets.append(TranscriptSet(_name(path), files, _told_apart(found)))
    twice = [name for name, count in Counter(one.name for one in sets).items() if count > 1]
    if twice:
        raise ConfigError(f"two sets are called {twice[0]!r}", mend="rename one of the files or folders")
    return sets


def _name(path: Path) -> str:
    """A folder's name, or a file's without its ending (and without `.gz` before that)."""
    if path.is_dir():
        return path.resolve().name
    return Path(path.name.removesuffix(".gz")).stem


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    if (path / "transcripts.jsonl").is_file():
        return [path / "transcripts.jsonl"]
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith((".", "~")))
    if not files:
        raise ConfigError("holds no file", where=str(path), mend="name a folder of transcript files")
    return files


def _consultations(file: Path, chosen: range | None) -> list[Consultation]:
    transcripts = read_transcripts(file)
    if format_of(file) != "medflow":
        return [Consultation(one.case_id, one, sheet_of(one), record=False) for one in transcripts]
    both = zip(read_sheets(file), transcripts, strict=True)
    kept = [pair for number, pair in enumerate(both, start=1) if chosen is None or number in chosen]
    if not kept:
        raise ConfigError(
            f"the workbook has {len(transcripts)} sheets, none of them chosen",
            where=str(file),
            mend="see --sheets",
        )
    return [Consultation(sheet.name, transcript, sheet, record=True) for sheet, transcript in kept]


def _told_apart(found: Sequence[Consultation]) -> list[Consultation]:
    """Consultations of one case get running numbers, and sheets of one name a number of their own."""
    seen: Counter[str] = Counter()
    names = Counter(one.sheet.name for one in found)
    numbered = []
    for one in found:
        replicate = seen[one.case]
        seen[one.case] += 1
        unique = one.sheet.name if names[one.sheet.name] == 1 else f"{one.sheet.name}/{replicate}"
        transcript = one.transcript.model_copy(update={"replicate": replicate})
        numbered.append(one._replace(transcript=transcript, sheet=Sheet(unique, one.sheet.rows)))
    return numbered
