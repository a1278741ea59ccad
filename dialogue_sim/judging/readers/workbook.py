"""The original's `.xlsx`: one sheet a consultation, columns `Role, Content, Agent_Role, Agent_Content`.

Sheets whose names start with `_` are skipped. Reading a workbook needs the extra `xlsx` (openpyxl).
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from dialogue_sim.errors import ConfigError, UserError
from dialogue_sim.judging.readers.records import TranscriptFileError, language_of, spoken
from dialogue_sim.judging.sheets import COLUMNS, Row, Sheet
from dialogue_sim.transcript import Speaker, Transcript

MAX_BYTES = 200_000_000
RECORD_ROWS = 5
"""Last rows of every sheet: the record that the original's product generated, no part of the dialogue."""


def read(path: Path) -> list[Transcript]:
    """Read every sheet as a transcript, its record rows left out. Raises TranscriptFileError, ConfigError."""
    return [_transcript(sheet, path) for sheet in read_sheets(path)]


def read_sheets(path: Path) -> list[Sheet]:
    """Read every sheet with all its rows.

    Raises:
        TranscriptFileError: unreadable, no workbook, or a sheet without the four columns.
        ConfigError: openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise ConfigError(
            "reading a workbook needs openpyxl", where=str(path), mend="pip install 'dialogue-sim[xlsx]'"
        ) from None
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > MAX_BYTES:
            raise TranscriptFileError(
                f"is larger than {MAX_BYTES:,} bytes when unpacked", where=str(path), mend="split the file"
            )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            wanted = [name for name in book.sheetnames if not name.startswith("_")]
            return [_sheet(name, book[name].iter_rows(values_only=True), path) for name in wanted]
        finally:
            book.close()
    except UserError:
        raise
    except Exception as problem:  # whatever openpyxl stumbles over in a damaged part
        raise TranscriptFileError(
            f"cannot be read as a workbook: {problem or type(problem).__name__}",
            where=str(path),
            mend="save it as .xlsx",
        ) from None


def _sheet(name: str, rows: Any, path: Path) -> Sheet:
    where = f"{path} (sheet {name!r})"
    head = [str(cell or "").strip() for cell in next(rows, ())]
    missing = [column for column in COLUMNS if column not in head]
    if missing:
        raise TranscriptFileError(
            f"the column {missing[0]!r} is missing", where=where, mend=f"wanted are: {', '.join(COLUMNS)}"
        )
    places = [head.index(column) for column in COLUMNS]
    cells = [[_cell(row, place) for place in places] for row in rows]
    while cells and not any(cells[-1]):
        cells.pop()
    return Sheet(name, [Row(*row) for row in cells])


def _cell(row: tuple[Any, ...], place: int) -> str:
    value = row[place] if place < len(row) else None
    return "" if value is None else str(value).strip()


def _transcript(sheet: Sheet, path: Path) -> Transcript:
    said: list[tuple[Speaker, str]] = []
    for row in sheet.rows[: max(len(sheet.rows) - RECORD_ROWS, 0)]:
        said.append(("patient", row.content))
        if row.agent_role == "assistant":
            said.append(("doctor", row.agent_content))
    turns = spoken(said)
    return Transcript(
        dialogue_id=f"{path.stem}/{sheet.name}",
        case_id=f"medflow-{sheet.name}",
        language=language_of(turns),
        turns=turns,
        protocol_failures=["no_closing_block"],
    )
