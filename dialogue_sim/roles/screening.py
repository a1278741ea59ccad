"""Which of thousands of patterns can match a text at all?

Searching one clause for every pattern of a lexicon costs more than the model call that it stands
beside. Nearly all patterns hold pieces of literal text without which they cannot match, and all pieces
that stand in a clause are found in one pass (Aho & Corasick, 1975). What is found is the same: only
searches that must fail are left out.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from re import _parser as syntax  # type: ignore[attr-defined]  # the standard library's own reading of a pattern
from typing import Any

import numpy as np
from ahocorasick_rs import AhoCorasick

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
        literals: dict[str, int] = {}
        # By each literal of a pattern's most telling choice: the pattern, its next telling choice, and its others.
        self._filed: defaultdict[int, list[tuple[int, frozenset[int], list[frozenset[int]]]]] = defaultdict(
            list
        )
        for number, found in enumerate(map(_choices, patterns) if choices is None else choices):
            needed = [
                frozenset(literals.setdefault(one, len(literals)) for one in choice) for choice in found
            ]
            if not needed:
                self._always.append(number)
                continue
            for literal in needed[-1]:
                self._filed[literal].append((number, needed[-2:][0], needed[:-2]))
        self._literals = AhoCorasick([*literals])

    @classmethod
    def kept(cls, patterns: Sequence[str]) -> Screen:
        """The same; how they are to be filed is worked out once and kept in the user's cache."""
        told = identity(sources("screening.py"), json.dumps(patterns).encode())
        found = kept(told, lambda: {"choices": np.array(json.dumps([_choices(one) for one in patterns]))})
        return cls(patterns, json.loads(str(found["choices"])))

    def candidates(self, text: str) -> list[int]:
        """The numbers, in order, of the patterns that may match; all others cannot."""
        held = {found[0] for found in self._literals.find_matches_as_indexes(text, overlapping=True)}
        filed = [entry for literal in held & self._filed.keys() for entry in self._filed[literal]]
        # Most fail at the first choice that is looked at; the others are looked at only then.
        likely = [(number, others) for number, next_one, others in filed if not next_one.isdisjoint(held)]
        found = {number for number, others in likely if not others or not any(map(held.isdisjoint, others))}
        return sorted(found.union(self._always))

    def matching(self, text: str) -> Iterator[tuple[int, re.Pattern[str]]]:
        """The number and the pattern of each that may match, in order."""
        for number in self.candidates(text):
            if number not in self._compiled:
                self._compiled[number] = re.compile(self._patterns[number])
            yield number, self._compiled[number]


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
