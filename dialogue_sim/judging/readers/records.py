"""JSON and JSON lines, plain or gzipped, read record by record with the line in every message."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple

from dialogue_sim.errors import UserError
from dialogue_sim.judging.normalise import is_chinese
from dialogue_sim.transcript import Speaker, Turn

MAX_BYTES = 1_000_000_000
_PIECE = 1_000_000


class TranscriptFileError(UserError):
    """A file of stored consultations that cannot be used."""


class Record(NamedTuple):
    """One JSON object and where it stands."""

    data: dict[str, Any]
    where: str


def records(path: Path) -> Iterator[Record]:
    """The records of a JSON-lines file, or the one object (or the list of objects) of a JSON file.

    Raises:
        TranscriptFileError: unreadable, not UTF-8, not JSON, or a record that is no object.
    """
    text = _text(path)
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    except RecursionError:
        raise TranscriptFileError("is nested too deep", where=str(path)) from None
    if isinstance(whole, dict):
        yield Record(whole, f"{path}:1")
    elif isinstance(whole, list):
        for number, one in enumerate(whole):
            yield _record(one, f"{path} (record {number + 1})")
    else:
        yield from _lines(text, path)


def _lines(text: str, path: Path) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            one = json.loads(line)
        except (ValueError, RecursionError) as problem:
            detail = getattr(problem, "msg", "") or (
                "a number is too long" if isinstance(problem, ValueError) else "nested too deep"
            )
            raise TranscriptFileError(
                f"this line is no JSON object: {detail}", where=where, mend="one JSON object a line is wanted"
            ) from None
        yield _record(one, where)


def _record(one: Any, where: str) -> Record:
    if not isinstance(one, dict):
        raise TranscriptFileError(f"a JSON object is wanted here, not {type(one).__name__}", where=where)
    return Record(one, where)


def first_record(path: Path) -> dict[str, Any]:
    """The first record of a file. Raises TranscriptFileError, also when there is none."""
    for record in records(path):
        return record.data
    raise TranscriptFileError("holds no record", where=str(path))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            raw = _at_most(gzip.GzipFile(fileobj=file) if zipped else file)
    except (OSError, EOFError, zlib.error) as problem:
        detail = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise TranscriptFileError(f"cannot be read: {detail}", where=str(path)) from None
    if len(raw) > MAX_BYTES:
        raise TranscriptFileError(f"is larger than {MAX_BYTES:,} bytes", where=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise TranscriptFileError(
            "is not UTF-8 text", where=f"{path}:{line}", mend="save it as UTF-8"
        ) from None


def _at_most(stream: BufferedIOBase) -> bytes:
    """All of a stream, or a little more than what is allowed. Piece by piece: gzip would make room for the whole limit."""
    raw = bytearray()
    while len(raw) <= MAX_BYTES and (piece := stream.read(_PIECE)):
        raw += piece
    return bytes(raw)


def message(entry: Any, speaker: str, text: str) -> tuple[str, str] | None:
    """Who said what in one message, by the names of its two fields; None when either is no text."""
    if not isinstance(entry, dict):
        return None
    who, what = entry.get(speaker), entry.get(text)
    return (who, what) if isinstance(who, str) and isinstance(what, str) else None


def want(record: Record, name: str, kind: type) -> Any:
    """A field of a record. Raises TranscriptFileError when it is missing or of another type."""
    value = record.data.get(name)
    if not isinstance(value, kind):
        found = "is missing" if name not in record.data else f"is {type(value).__name__}, not {kind.__name__}"
        raise TranscriptFileError(f"the field {name!r} {found}", where=record.where)
    return value


def spoken(said: Sequence[tuple[Speaker, str]]) -> list[Turn]:
    """Numbered turns; what one speaker says in a row becomes one turn, empty utterances are left out."""
    turns: list[Turn] = []
    for speaker, text in said:
        text = text.strip()
        if not text:
            continue
        if turns and turns[-1].speaker == speaker:
            joiner = "\n" if speaker == "examiner" else " "
            turns[-1] = turns[-1].model_copy(update={"text": turns[-1].text + joiner + text})
        else:
            turns.append(Turn(number=len(turns), speaker=speaker, text=text))
    return turns


def language_of(turns: Sequence[Turn]) -> Any:
    """`zh` where most of what is said is Chinese, otherwise `en`."""
    text = "".join(turn.text for turn in turns)
    chinese = sum(is_chinese(char) for char in text)
    letters = sum(char.isascii() and char.isalpha() for char in text)
    return "zh" if chinese * 3 >= letters and chinese else "en"
