"""Cases from other people's data: AgentClinic, MediQ, CRAFT-MD, CMB-Clin, AI Hospital, FHIR R4.

An importer takes what the source says, in the source's own words and with its own denials, and marks
everything else as not recorded. Nothing is invented: see `building.Builder` for what becomes of the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from dialogue_sim.cases.importers.building import ImportedCase, ImportWarning
from dialogue_sim.cases.importers.rows import ImportFileError, Row, read_rows

FORMATS = {
    "agentclinic": "agentclinic", "mediq": "mediq", "craft-md": "craft_md", "cmb-clin": "cmb_clin",
    "ai-hospital": "ai_hospital", "fhir": "fhir",
}  # fmt: skip
"""Names of the formats, and the module of each."""
AUTO = "auto"
"""In a format's place: whichever one the file has."""


class Refused(NamedTuple):
    """A row that could not be imported, and why."""

    where: str
    what: str


class ImportedFile(NamedTuple):
    """What became of a file: its cases, the rows that were refused, and the number of rows."""

    cases: list[ImportedCase]
    refused: list[Refused]
    rows: int

    def warnings_by_kind(self) -> dict[str, int]:
        """How many warnings there are of each kind, most frequent first."""
        counts = Counter(warning.kind for one in self.cases for warning in one.warnings)
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def import_file(format_name: str, path: Path) -> ImportedFile:
    """Import every row of a file. The format `auto` is the one that the file's first record has.

    Raises:
        ImportFileError: there is no such format, or the file cannot be read at all.
    """
    importer = _importer(recognised(path) if format_name == AUTO else format_name)
    cases: list[ImportedCase] = []
    refused: list[Refused] = []
    rows = 0
    for row in read_rows(path):
        rows += 1
        try:
            cases += importer(row)
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            refused.append(Refused(row.where, f"{field}: {first['msg']}"))
        except ImportFileError as problem:
            refused.append(Refused(row.where, problem.what))
    if not rows:
        raise ImportFileError("holds no record", where=str(path))
    return ImportedFile(_told_apart(cases), refused, rows)


def recognised(path: Path) -> str:
    """The format of a file, by its first record.

    Raises:
        ImportFileError: no format takes the record, or more than one does, or the file cannot be read.
    """
    first = next(iter(read_rows(path)), None)
    takers = [name for name in FORMATS if first is not None and _takes(name, first)]
    if len(takers) != 1:
        raise ImportFileError(
            f"the first record is of {'more than one' if takers else 'no known'} format",
            where=str(path),
            mend=f"name the format: {', '.join(takers or FORMATS)}",
        )
    return takers[0]


def _takes(format_name: str, row: Row) -> bool:
    try:
        return bool(_importer(format_name)(row))
    except (ValidationError, ImportFileError):
        return False


def _importer(format_name: str) -> Callable[[Row], list[ImportedCase]]:
    if format_name not in FORMATS:
        raise ImportFileError(
            f"there is no format {format_name!r}", mend=f"use one of {AUTO}, {', '.join(FORMATS)}"
        )
    importer: Callable[[Row], list[ImportedCase]] = import_module(f"{__name__}.{FORMATS[format_name]}").cases
    return importer


def _told_apart(cases: list[ImportedCase]) -> list[ImportedCase]:
    """The same record twice is one case; the second is told and left out."""
    known: dict[str, ImportedCase] = {}
    for one in cases:
        if one.case.id in known:
            known[one.case.id].warnings.append(ImportWarning("stands_twice", one.where))
        else:
            known[one.case.id] = one
    return list(known.values())
