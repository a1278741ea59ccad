"""Adds example questions to a case file, and leaves every other byte of it as it was."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from dialogue_sim import yamlio
from dialogue_sim.cases.lint import lint
from dialogue_sim.cases.load import CaseError, load_case
from dialogue_sim.cases.model import Case, Questions

# YAML counts lines by these, `str.splitlines` by some more.
_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|[^\n\r\x85\u2028\u2029]+\Z")
_STEP = 2  # blanks by which what is inside stands further right


def add_questions(path: Path, new: Questions) -> None:
    """Add questions to a case file in one step: a reader sees the old file or the new one.

    The new file is loaded and linted before it takes the place of the old one.

    Raises:
        CaseError: the file cannot be read or written, its `questions:` cannot be added to, or the
            linter finds an error that the old file does not have.
    """
    target = path.resolve()  # of a link, the file stays where it is
    text = with_questions(target, new)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(text.encode())
        shutil.copymode(target, draft)
        load_case(draft)
        _refuse_new_errors(target, draft)
        os.replace(draft, target)
    except OSError as problem:
        raise CaseError(f"cannot be written: {problem.strerror}", where=str(path)) from None
    finally:
        draft.unlink(missing_ok=True)


def check_room(path: Path) -> None:
    """See that questions could be added to any part of a case file, before a model is paid for them.

    Raises:
        CaseError: as `with_questions`.
    """
    facts = {fact.id: ["?"] for fact in load_case(path).patient.facts}
    with_questions(path, Questions(facts=facts, unrecorded=["?"]))


def with_questions(path: Path, new: Questions) -> str:
    """The text of a case file with questions added at the ends of what stands there; writes nothing.

    Raises:
        CaseError: the file cannot be read, or its `questions:` are laid out so that no line can be added.
    """
    before = load_case(path)
    text = path.read_bytes().decode()
    after = "".join(_Lines(text, path).added(new))
    try:
        case = yamlio.validate(yamlio.parse(after.removeprefix("\ufeff"), path, CaseError), Case, CaseError)
    except CaseError:
        case = None
    if case != before.model_copy(update={"questions": joined(before.questions, new)}):
        raise CaseError(
            "has no place at its end where questions can be added",
            where=str(path),
            mend="write the file as the bundled cases are written, with `questions:` as its last part",
        )
    return after


def joined(old: Questions, new: Questions) -> Questions:
    """The questions of both, in order."""
    facts = {key: list(asked) for key, asked in old.facts.items()}
    names = {key.strip(): key for key in facts}
    for fact, asked in new.facts.items():
        facts.setdefault(names.get(fact, fact), []).extend(asked)
    return Questions(facts=facts, unrecorded=[*old.unrecorded, *new.unrecorded])


def _refuse_new_errors(old: Path, new: Path) -> None:
    """An imported case may have errors of its own; the questions must not bring any."""
    known, found = (
        {(f.rule, f.what): f.mend for f in lint([file]).findings if f.severity == "error"}
        for file in (old, new)
    )
    for (rule, what), mend in found.items():
        if (rule, what) not in known:
            raise CaseError(what, where=str(old), mend=mend)


class _Lines:
    """The lines of a case file, and where in them its questions stand."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines: list[str] = _LINE.findall(text)
        self._path, self._end = path, "\r\n" if "\r\n" in text else "\n"
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
        assert root is not None  # a case was loaded from it
        self._root = root
        self._inserts: dict[int, list[str]] = {}

    def added(self, new: Questions) -> Iterator[str]:
        """All lines, with the new ones among them."""
        if self._lines and not self._lines[-1].endswith(("\n", "\r")):
            self._lines[-1] += self._end
        if new.facts or new.unrecorded:
            self._add(new)
        for number in range(len(self._lines) + 1):
            yield from self._inserts.get(number, ())
            yield from self._lines[number : number + 1]

    def _add(self, new: Questions) -> None:
        part = _value(self._root, "questions")
        if part is None:
            self._insert(len(self._lines), self._root.start_mark.column, "questions:")
            inside, end = self._root.start_mark.column + _STEP, len(self._lines)
            facts = others = None
        else:
            inside, end = self._column(part), self._after(part, self._root.start_mark.column)
            facts, others = _value(part, "facts"), _value(part, "unrecorded")
        if new.facts:
            if facts is None:
                at, column = end if part is None else part.start_mark.line, inside + _STEP
                self._insert(at, inside, "facts:")
            else:
                at, column = self._after(facts, inside), self._column(facts)
            # What stands there first: the last of its lines and the first of a new fact have the same place.
            known = {fact: _value(facts, fact) if facts else None for fact in new.facts}
            for fact in sorted(new.facts, key=lambda fact: known[fact] is None):
                self._put(known[fact], column, fact, new.facts[fact], at)
        if new.unrecorded:
            self._put(others, inside, "unrecorded", new.unrecorded, end)

    def _put(
        self, there: yaml.Node | None, column: int, name: str, asked: Sequence[str], otherwise: int
    ) -> None:
        """Add questions to those that stand under a name in this column, or the name with them before a line."""
        if there is None:
            self._insert(otherwise, column, f"{name}: |")
            for question in asked:
                self._insert(otherwise, column + _STEP, question)
        elif isinstance(there, yaml.ScalarNode) and there.style == "|":
            after = self._after(there, column)
            block = [line for line in self._lines[there.start_mark.line + 1 : after] if line.strip()]
            indent = min(map(_indent, block), default=column + _STEP)
            for question in asked:
                self._insert(after, indent, question)
        elif isinstance(there, yaml.SequenceNode) and not there.flow_style:
            after = self._after(there, column)
            for question in asked:
                # A JSON string is a YAML string in quotes.
                self._insert(after, there.start_mark.column, f"- {json.dumps(question, ensure_ascii=False)}")
        else:
            raise self._refused(there)

    def _insert(self, before: int, column: int, text: str) -> None:
        self._inserts.setdefault(before, []).append(f"{' ' * column}{text}{self._end}")

    def _column(self, node: yaml.Node) -> int:
        """The column in which the keys of a block stand. Raises CaseError where it is none."""
        if not isinstance(node, yaml.MappingNode) or node.flow_style:
            raise self._refused(node)
        return int(node.start_mark.column)

    def _refused(self, node: yaml.Node) -> CaseError:
        return CaseError(
            "no question can be added to this part of `questions:`",
            where=f"{self._path}:{node.start_mark.line + 1}",
            mend="write it as a block: the name, `: |`, and below it a question a line",
        )

    def _after(self, node: yaml.Node, column: int) -> int:
        """The number of the line after a value whose key stands in this column; blank lines stay behind it."""
        if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
            last = node.value[-1]
            value = last[1] if isinstance(node, yaml.MappingNode) else last
            return self._after(value, node.start_mark.column)
        if not isinstance(node, yaml.ScalarNode) or node.style not in ("|", ">"):
            return int(node.end_mark.line) + 1
        number = after = node.start_mark.line + 1
        for line in self._lines[number:]:
            number += 1
            if line.strip():
                if _indent(line) <= column:
                    break
                after = number
        return int(after)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _value(node: yaml.Node, name: str) -> yaml.Node | None:
    """What stands under a name; None where nothing does."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if str(key.value).strip() == name), None)
