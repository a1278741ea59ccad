"""Which of thousands of patterns can match a text at all?

Searching one clause for every pattern of a lexicon costs more than the model call that it stands
beside. Nearly all patterns hold a piece of literal text without which they cannot match; whoever has
the pieces of a clause (its substrings of up to `_LONGEST` characters) finds the few patterns that are
worth a search in a dictionary. What is found is the same: only searches that must fail are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from re import _parser as syntax  # type: ignore[attr-defined]  # the standard library's own reading of a pattern
from typing import Any

_LONGEST = 5
_MOST = 400  # literals that one pattern may be filed under


class Screen:
    """Patterns, filed by the literals of which every match of theirs holds at least one."""

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self._always: list[int] = []
        self._by_literal: dict[str, list[int]] = {}
        for number, pattern in enumerate(patterns):
            needed = None if pattern.flags & re.IGNORECASE else _needed(syntax.parse(pattern.pattern))
            if needed is None:
                self._always.append(number)
            for literal in needed or ():
                self._by_literal.setdefault(literal, []).append(number)

    def candidates(self, text: str) -> list[int]:
        """The numbers, in order, of the patterns that may match; all others cannot."""
        found = set(self._always)
        filed = self._by_literal
        for length in range(1, _LONGEST + 1):
            for piece in {text[start : start + length] for start in range(len(text) - length + 1)}:
                if piece in filed:
                    found.update(filed[piece])
        return sorted(found)


def _needed(parsed: Sequence[Any]) -> frozenset[str] | None:
    """Literals of which every match holds one; None where none can be told. The longest are chosen."""
    choices: list[frozenset[str]] = []
    run = ""
    for name, value in [*parsed, (None, None)]:
        if name is syntax.LITERAL:
            run += chr(value)
            continue
        if run:
            choices.append(frozenset({run[:_LONGEST]}))
            run = ""
        within = _needed_of(name, value)
        if within:
            choices.append(within)
    return max(choices, key=_worth, default=None)


def _needed_of(name: Any, value: Any) -> frozenset[str] | None:
    if name is syntax.SUBPATTERN:
        return _needed(value[-1])
    if name in (syntax.MAX_REPEAT, syntax.MIN_REPEAT):
        least, _, body = value
        return _needed(body) if least else None
    if name is syntax.BRANCH:
        parts = [_needed(branch) for branch in value[1]]
        literals: frozenset[str] = frozenset().union(*(part for part in parts if part))
        return literals if all(parts) and len(literals) <= _MOST else None
    if name is syntax.IN and all(kind is syntax.LITERAL for kind, _ in value):
        return frozenset(chr(code) for _, code in value)
    return None


def _worth(literals: frozenset[str]) -> tuple[int, int]:
    return min(map(len, literals)), -len(literals)
