"""Reading a source file row by row, with the place of every row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dialogue_sim.errors import UserError

MAX_BYTES = 500_000_000


class ImportFileError(UserError):
    """A source file or row that cannot be imported."""


class Row(NamedTuple):
    """One record of a source: its fields, its place for messages, its number (from 1) and its file's name."""

    data: dict[str, Any]
    where: str
    number: int
    file: str

    @property
    def digest(self) -> str:
        """SHA-256 of the row's content, whatever file or place it stands in."""
        text = json.dumps(self.data, ensure_ascii=False, sort_keys=True)
        try:
            return hashlib.sha256(text.encode()).hexdigest()
        except UnicodeEncodeError:
            raise ImportFileError("holds half a character (a lone surrogate)", where=self.where) from None


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a JSON file (one object or a list), a JSON-lines file or a CSV file.

    Raises:
        ImportFileError: unreadable, too large, not UTF-8, or neither JSON nor CSV.
    """
    text = _text(path)
    if path.suffix.lower() == ".csv":
        csv.field_size_limit(10_000_000)
        rows = csv.DictReader(io.StringIO(text))
        try:
            for number, record in enumerate(rows, 1):
                fields = {key: value for key, value in record.items() if key}
                yield Row(fields, f"{path} (row {number})", number, path.name)
        except csv.Error as problem:
            raise ImportFileError(
                f"is no CSV: {problem}", where=f"{path}:{rows.line_num}", mend="check the quotes of this line"
            ) from None
        return
    for number, (record, where) in enumerate(_json(text, path), 1):
        if not isinstance(record, dict):
            raise ImportFileError(
                "holds something else than objects", where=where, mend="name a file of records"
            )
        yield Row(record, where, number, path.name)


def _json(text: str, path: Path) -> Iterator[tuple[Any, str]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        for line, one in enumerate(text.split("\n"), 1):
            if one.strip():
                try:
                    yield json.loads(one), f"{path}:{line}"
                except (ValueError, RecursionError) as problem:
                    what = f"is neither JSON nor JSON lines: {problem}"
                    raise ImportFileError(
                        what, where=f"{path}:{line}", mend="check the file and its format"
                    ) from None
        return
    if isinstance(whole, list):
        yield from ((one, f"{path} (record {number})") for number, one in enumerate(whole, 1))
    else:
        yield whole, str(path)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImportFileError(
                f"is larger than {MAX_BYTES:,} bytes", where=str(path), mend="split the file"
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise ImportFileError(f"cannot be read: {problem.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ImportFileError("is not UTF-8 text", where=str(path), mend="save the file as UTF-8") from None
