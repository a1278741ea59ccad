"""What a question consists of: its words and pairs of words, or its characters, and groups of words that mean the same."""

from __future__ import annotations

import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from dialogue_sim.roles.text import fold, stem

_WORD = re.compile(r"[a-z][a-z']*|\d+")
_PLAIN, _PAIR, _NEAR, _CLASS = 0.35, 0.5, 0.25, 0.6
_LONGEST = 3
_HAN = re.compile(r"[㐀-鿿]+|[a-z]+|\d+")
_A_NOT_A = re.compile(r"([一-龥]{1,2})[不没]\1")
_CHARACTER, _FAINT, _PAIRED, _FAINT_PAIR, _THREE, _EDGE = 0.4, 0.15, 1.0, 0.6, 0.6, 0.4


class Reading(ABC):
    """What a text in one language consists of, for telling topics and facts apart."""

    @abstractmethod
    def features(self, folded: str) -> dict[str, float]:
        """The parts of a folded text, each with how much it counts for its topic."""

    @abstractmethod
    def compound(self, feature: str) -> bool:
        """Whether a part consists of more than what `content` may give."""

    @abstractmethod
    def content(self, folded: str) -> set[str]:
        """The telling parts of a folded text, by which facts are told apart."""


class Thesaurus(Reading):
    """Groups of words that mean much the same; the first of a group stands for all."""

    def __init__(self, groups: Iterable[str], plain: str, asking: str = "") -> None:
        self._plain = frozenset(plain.split())
        self._asking = self._plain | frozenset(asking.split())
        self._first: dict[tuple[str, ...], str] = {}
        for group in groups:
            words = [fold(word) for word in group.split("|")]
            for word in words:
                self._first.setdefault(tuple(stem(part) for part in _WORD.findall(word)), words[0])

    def features(self, folded: str) -> dict[str, float]:
        """The words, pairs of words and word groups of a folded text, each with how much it counts."""
        words = _WORD.findall(folded)
        stems = [stem(word) for word in words]
        ends = ["^", *stems, "$"]
        found = {f"{one} {two}": _PAIR for one, two in itertools.pairwise(ends)}
        for one, two in zip(ends, ends[2:], strict=False):
            found.setdefault(f"{one} _ {two}", _NEAR)
        for word, stemmed in zip(words, stems, strict=True):
            found[stemmed] = _PLAIN if word in self._plain else 1.0
        for name in self.groups(stems):
            found[name] = _CLASS
        return found

    def compound(self, feature: str) -> bool:
        """See `Reading`."""
        return " " in feature and not feature.startswith("=")

    def groups(self, stems: Sequence[str]) -> set[str]:
        """The groups that words of a text belong to, each named `=` and its first word."""
        found = set()
        for i in range(len(stems)):
            for length in range(1, _LONGEST + 1):
                if first := self._first.get(tuple(stems[i : i + length])):
                    found.add(f"={first}")
        return found

    def content(self, folded: str) -> set[str]:
        """The telling words of a folded text, stemmed, and the groups they belong to."""
        words = _WORD.findall(folded)
        stems = [stem(word) for word in words]
        return {s for word, s in zip(words, stems, strict=True) if word not in self._asking} | self.groups(
            stems
        )


class Characters(Reading):
    """Chinese by its characters, pairs and triples of them, and groups of words that mean much the same."""

    def __init__(self, groups: Iterable[str], plain: str, asking: str) -> None:
        self._plain = frozenset(plain.split())
        self._asking = self._plain | frozenset(asking.split())
        self._first: dict[str, str] = {}
        for group in groups:
            words = group.split("|")
            for word in words:
                self._first.setdefault(word, f"={words[0]}")
        self._grouped = re.compile("|".join(sorted(map(re.escape, self._first), key=len, reverse=True)))

    def features(self, folded: str) -> dict[str, float]:
        """See `Reading`."""
        text = _A_NOT_A.sub(r"\1", "".join(folded.split()))
        found: dict[str, float] = {}
        for run in _HAN.findall(text):
            ends = f"^{run}$"
            for i, character in enumerate(run):
                faint = character in self._plain
                found[character] = _FAINT if faint else _CHARACTER
                pair = ends[i : i + 2]
                if i == 0:
                    found[pair] = _EDGE
                else:
                    found[pair] = _FAINT_PAIR if self._plain.issuperset(pair) else _PAIRED
                if i > 1:
                    found[run[i - 2 : i + 1]] = _THREE
            found[ends[-2:]] = _EDGE
        for name in self._groups(text):
            found[name] = _CLASS
        return found

    def compound(self, feature: str) -> bool:
        """See `Reading`."""
        return len(feature) > 2 and not feature.startswith("=")

    def _groups(self, text: str) -> set[str]:
        return {self._first[word] for word in self._grouped.findall(text)}

    def content(self, folded: str) -> set[str]:
        """See `Reading`."""
        text = _A_NOT_A.sub(r"\1", "".join(folded.split()))
        found = self._groups(text)
        for run in _HAN.findall(text):
            found.update(character for character in run if character not in self._asking)
            found.update(
                run[i : i + 2] for i in range(len(run) - 1) if not self._asking.intersection(run[i : i + 2])
            )
        return found
