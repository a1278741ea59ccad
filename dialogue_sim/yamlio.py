"""Reading and writing YAML in which every scalar stays what its author wrote.

YAML's implicit types turn `no` into False, `12:30` into 750 and `0123` into 83, which is dangerous
in clinical text. Here every scalar is read as a string, and the schema of the field (pydantic)
decides what it becomes. Positions are kept, so that an error names its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError

from dialogue_sim.errors import UserError

MAX_BYTES = 2_000_000
MAX_DEPTH = 24
MAX_VALUES = 20_000
NULLS = {"", "~", "null"}

Location = tuple[int | str, ...]
T = TypeVar("T", bound=BaseModel)


class Plain(str):
    """A scalar that stood in the file without quotes."""


_CORE = ((re.compile(r"[-+]?\d+"), int), (re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?"), float))


def core_types(value: Any) -> Any:
    """Unquoted scalars as YAML 1.2's core schema reads them: null, true, false, whole and decimal numbers.

    For values that are passed on to other programs (`extra_body`, engine arguments), where no schema
    of ours says what they are.
    """
    if isinstance(value, dict):
        return {str(key): core_types(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [core_types(inner) for inner in value]
    if isinstance(value, Plain):
        if value in ("true", "false"):
            return value == "true"
        return next((kind(value) for form, kind in _CORE if form.fullmatch(value)), str(value))
    return value


Tree = Annotated[dict[str, Any], BeforeValidator(core_types)]
"""A mapping that is passed on as it is; its scalars become what YAML 1.2 says they are."""


@dataclass(frozen=True)
class Document:
    """One parsed YAML document: plain data, and the line of every value in it."""

    path: Path
    data: Any
    lines: dict[Location, int]

    def where(self, location: Location) -> str:
        """`file:line (field.path)` of the deepest part of `location` that exists in the file."""
        known = location
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        field = ".".join(str(part) for part in location)
        return f"{self.path}:{line}" + (f" ({field})" if field else "")


def read(path: Path, error: type[UserError] = UserError) -> Document:
    """Read a YAML file.

    Raises:
        error: unreadable, too large, not UTF-8, not YAML, nested too deep, of too many values, or using aliases
            (aliases could make a small file grow without bound, so they are refused).
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise error(f"cannot be read: {problem.strerror}", where=str(path)) from problem
    if len(raw) > MAX_BYTES:
        raise error(f"is larger than {MAX_BYTES:,} bytes", where=str(path), mend="split the file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise error("is not UTF-8 text", where=f"{path}:{line}", mend="save the file as UTF-8") from problem
    return parse(text, path, error)


def parse(text: str, path: Path, error: type[UserError] = UserError) -> Document:
    """Parse YAML text; `path` is used in messages only. Raises like `read`."""
    lines: dict[Location, int] = {}
    try:
        events = _checked(yaml.parse(text, Loader=yaml.CBaseLoader), path, error)
        next(events)  # the stream's start
        first = next(events)
        data = None
        if not isinstance(first, yaml.StreamEndEvent):
            data = _plain(next(events), events, (), lines, path, error)
            next(events)  # the document's end
            if not isinstance(more := next(events), yaml.StreamEndEvent):
                what = "is not valid YAML: a second document begins"
                raise error(what, where=f"{path}:{_line(more)}", mend="keep one in a file")
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise error(
            f"is not valid YAML: {problem.problem or problem.context}",
            where=place,
            mend="check the indentation and quotes of this line",
        ) from problem
    except yaml.YAMLError as problem:
        raise error(f"is not valid YAML: {problem}", where=str(path)) from problem
    return Document(path, data, lines)


def _checked(events: Iterator[yaml.Event], path: Path, error: type[UserError]) -> Iterator[yaml.Event]:
    """The events of a file, as long as they stay within bounds."""
    depth = values = 0
    for event in events:
        if isinstance(event, yaml.NodeEvent) and event.anchor:  # an alias names an anchor, too
            where = f"{path}:{_line(event)}"
            raise error("uses a YAML anchor or alias", where=where, mend="write the value out")
        if isinstance(event, yaml.ScalarEvent):
            values += 1
            if values > MAX_VALUES:
                raise error(
                    f"holds more than {MAX_VALUES:,} values",
                    where=f"{path}:{_line(event)}",
                    mend="split the file",
                )
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise error(f"is nested deeper than {MAX_DEPTH} levels", where=f"{path}:{_line(event)}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _plain(
    event: yaml.Event,
    events: Iterator[yaml.Event],
    at: Location,
    lines: dict[Location, int],
    path: Path,
    error: type[UserError],
) -> Any:
    """The value that begins with an event, as plain data."""
    lines[at] = _line(event)
    if isinstance(event, yaml.ScalarEvent):
        # A quoted "null" is the word; only a plain one means that nothing was given.
        if not event.style:  # a plain scalar has no style of its own
            return None if event.value in NULLS else Plain(event.value)
        return str(event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        found: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(_plain(event, events, (*at, len(found)), lines, path, error))
        return found
    result: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        where = f"{path}:{_line(key)}"
        if not isinstance(key, yaml.ScalarEvent):
            raise error("a key is not plain text", where=where, mend="write it as a word")
        if key.value in result:
            raise error(f"the key {key.value!r} stands twice", where=where, mend="keep one of them")
        result[key.value] = _plain(next(events), events, (*at, key.value), lines, path, error)
        lines[(*at, key.value)] = _line(key)
    return result


def problems(document: Document, failure: ValidationError) -> Iterator[tuple[str, str, str]]:
    """The findings of a failed validation as (what, where, how to mend), in file order."""
    found = []
    for detail in failure.errors(include_url=False):
        location = tuple(part for part in detail["loc"] if not str(part).startswith(("function-", "tagged-")))
        what, mend = detail["msg"].removeprefix("Value error, "), ""
        if detail["type"] == "missing":
            what, mend = f"the field {location[-1]!r} is missing", f"add `{location[-1]}:`"
        elif detail["type"] == "extra_forbidden":
            what, mend = f"there is no field called {location[-1]!r}", "remove it, or correct its spelling"
        line = 0
        known = location
        while known and known not in document.lines:
            known = known[:-1]
        line = document.lines.get(known, 1)
        found.append((line, what, document.where(location), mend))
    for _, what, where, mend in sorted(found, key=lambda row: row[0]):
        yield what, where, mend


def validate(document: Document, model: type[T], error: type[UserError]) -> T:
    """Validate a document against a pydantic model.

    Raises:
        error: the first finding in file order; further findings are counted in the message.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as failure:
        found = list(problems(document, failure))
        what, where, mend = found[0]
        more = f" (and {len(found) - 1} more findings in this file)" if len(found) > 1 else ""
        raise error(what + more, where=where, mend=mend) from None


class _Dumper(yaml.SafeDumper):
    """Block style, keys in the author's order, long text left on one line."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Plain, _text)


def dump(data: Any) -> str:
    """Write plain data as YAML text that `parse` reads back to the same strings."""
    return yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000, default_flow_style=False
    )
