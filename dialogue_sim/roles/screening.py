"""Which of thousands of patterns can match a text at all?

Searching one clause for every pattern of a lexicon costs more than the model call that it stands
beside. Nearly all patterns hold pieces of literal text without which they cannot match. Each is filed
under one of them in a prefix tree, which finds all pieces of a clause in one pass; the other pieces are
looked for only then. What is found is the same: only searches that must fail are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from re import _parser as syntax  # type: ignore[attr-defined]  # the standard library's own reading of a pattern
from typing import Any

import numpy as np

from dialogue_sim.roles.learned import identity, kept, sources

_LONGEST = 8
_MOST = 400  # literals that one pattern may be filed under

Choice = frozenset[str]  # of which every match holds one
Choices = list[list[str]]


class Screen:
    """Patterns, filed by the literals of which every match of theirs holds at least one.

    A pattern is compiled when it may match for the first time: most never do.
    """

    def __init__(self, patterns: Sequence[str], choices: Sequence[Choices] | None = None) -> None:
        self._patterns, self._compiled = list(patterns), dict[int, re.Pattern[str]]()
        self._always: list[int] = []
        self._tree: dict[str, Any] = {}
        self._besides: list[Choices] = []
        for number, found in enumerate(map(_choices, patterns) if choices is None else choices):
            self._besides.append(found[:-1])
            if not found:
                self._always.append(number)
            for literal in found[-1] if found else ():
                self._file(literal, number)

    @classmethod
    def kept(cls, patterns: Sequence[str]) -> Screen:
        """The same; how they are to be filed is worked out once and kept in the user's cache."""
        told = identity(sources("screening.py"), json.dumps(patterns).encode())
        found = kept(told, lambda: {"choices": np.array(json.dumps([_choices(one) for one in patterns]))})
        return cls(patterns, json.loads(str(found["choices"])))

    def _file(self, literal: str, number: int) -> None:
        node = self._tree
        for character in literal:
            node = node.setdefault(character, {})
        node.setdefault("", []).append(number)

    def candidates(self, text: str) -> list[int]:
        """The numbers, in order, of the patterns that may match; all others cannot."""
        found = set(self._always)
        for start, first in enumerate(text):
            node, place = self._tree.get(first), start + 1
            while node is not None:
                if "" in node:
                    found.update(node[""])
                node, place = node.get(text[place : place + 1] or None), place + 1
        return sorted(number for number in found if self._may(number, text))

    def matching(self, text: str) -> Iterator[tuple[int, re.Pattern[str]]]:
        """The number and the pattern of each that may match, in order."""
        for number in self.candidates(text):
            if number not in self._compiled:
                self._compiled[number] = re.compile(self._patterns[number])
            yield number, self._compiled[number]

    def _may(self, number: int, text: str) -> bool:
        for choice in self._besides[number]:
            for literal in choice:
                if literal in text:
                    break
            else:
                return False
        return True


def _choices(pattern: str) -> Choices:
    """What every match of a pattern holds one of each of, the most telling last; nothing where that is unknown."""
    parsed = syntax.parse(pattern)
    needed = set[Choice]() if parsed.state.flags & re.IGNORECASE else _needed(parsed)
    return sorted(map(sorted, needed), key=lambda choice: (*_worth(choice), choice))


def _needed(parsed: Sequence[Any]) -> set[Choice]:
    """Choices of literals; every match holds one of each choice."""
    choices: set[Choice] = set()
    run = ""
    for name, value in [*parsed, (None, None)]:
        if name is syntax.LITERAL:
            run += chr(value)
            continue
        if run:
            choices.add(frozenset({run[:_LONGEST]}))
            run = ""
        choices.update(_needed_of(name, value))
    return choices


def _needed_of(name: Any, value: Any) -> Iterator[Choice]:
    if name is syntax.SUBPATTERN:
        yield from _needed(value[-1])
    elif name in (syntax.MAX_REPEAT, syntax.MIN_REPEAT) and value[0]:
        yield from _needed(value[2])
    elif name is syntax.BRANCH:
        best = [max(_needed(branch), key=_worth, default=Choice()) for branch in value[1]]
        literals = Choice().union(*best)
        if all(best) and len(literals) <= _MOST:
            yield literals
    elif name is syntax.IN and all(kind is syntax.LITERAL for kind, _ in value):
        yield Choice(chr(code) for _, code in value)


def _worth(choice: Collection[str]) -> tuple[int, int]:
    return min(map(len, choice), default=0), -len(choice)
