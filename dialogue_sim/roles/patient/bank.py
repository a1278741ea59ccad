"""What a question is about: how likely its words make each topic, learned from example questions."""

from __future__ import annotations

import itertools
import math
import re
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from dialogue_sim.roles.patient.lexicon import lexicon, load
from dialogue_sim.roles.patient.spelling import Spelling, words_of
from dialogue_sim.roles.text import fold, stem

_WORD = re.compile(r"[a-z][a-z']*|\d+")
_PLAIN, _PAIR, _NEAR, _CLASS = 0.35, 0.5, 0.25, 0.6
_SMALL = 0.02
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


class Bank:
    """Example questions of every topic, as a complement naive Bayes classifier (Rennie et al., 2003).

    A feature speaks for a topic by the logarithm of how much more often the topic's examples hold it
    than all the others do. `topics` are all that have examples, with `none` for talk that asks nothing;
    `near` says whose facts may answer where a topic has none.
    """

    def __init__(
        self, examples: Mapping[str, str], thesaurus: Reading, near: Mapping[str, Sequence[str]]
    ) -> None:
        self.thesaurus, self.near = thesaurus, near
        self.topics = tuple(examples)
        holders: Counter[str] = Counter()
        read: list[tuple[str, dict[str, float], float]] = []
        for topic, text in examples.items():
            for example in text.split(";"):
                found = thesaurus.features(example)
                holders.update(found.keys())
                read.append((topic, found, _length(found.values())))
        self._rarity = {feature: math.log(1 + len(read) / held) for feature, held in holders.items()}
        self._rarest = math.log(1 + len(read))
        held_by: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for topic, found, length in read:
            for feature, weight in found.items():
                held_by[feature][topic] += weight / length * self._rarity[feature]
        totals = {feature: sum(held.values()) for feature, held in held_by.items()}
        everything, small = sum(totals.values()), _SMALL * len(totals)
        inside = dict.fromkeys(self.topics, small)
        for held in held_by.values():
            for topic, amount in held.items():
                inside[topic] += amount
        self._odds = {
            topic: math.log((everything + 2 * small - amount) / amount) for topic, amount in inside.items()
        }
        self._absent = {feature: math.log(_SMALL / (total + _SMALL)) for feature, total in totals.items()}
        self._present = {
            feature: {
                topic: math.log((amount + _SMALL) / (totals[feature] - amount + _SMALL))
                - self._absent[feature]
                for topic, amount in held.items()
            }
            for feature, held in held_by.items()
        }

    def scores(self, folded: str) -> dict[str, float]:
        """How much a folded text speaks for each topic, as log odds of the order of -5 to 5."""
        found = {
            feature: weight * self._rarity[feature]
            for feature, weight in self.thesaurus.features(folded).items()
            if feature in self._rarity
        }
        length = _length(found.values())
        every = sum(found.values()) / length
        absent = sum(weight * self._absent[feature] for feature, weight in found.items()) / length
        scored = {topic: absent + every * odds for topic, odds in self._odds.items()}
        for feature, weight in found.items():
            for topic, more in self._present[feature].items():
                scored[topic] += weight / length * more
        return scored

    def knows(self, word: str) -> bool:
        """Whether an example holds a telling word."""
        return word in self._rarity

    def grounded(self, folded: str, topic: str) -> float:
        """The share of a text's telling words that the topic's examples hold, 0 to 1; 1 where it has none."""
        content = self.thesaurus.content(folded)
        weights = {word: self._rarity.get(word, self._rarest) for word in content}
        held = sum(weight for word, weight in weights.items() if topic in self._present.get(word, {}))
        return held / sum(weights.values()) if weights else 1.0


def _length(weights: Collection[float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights)) or 1.0


@cache
def bank(language: str) -> Bank:
    """The example questions of a language."""
    data = load(f"bank.{language}")
    reading = (Characters if language == "zh" else Thesaurus)(data["groups"], data["plain"], data["asking"])
    read = lexicon(language).read
    examples = {
        topic: read(text.replace(";", "?")).replace("?", ";") for topic, text in data["topics"].items()
    }
    return Bank(examples, reading, data["near"])


@cache
def spelling() -> Spelling:
    """The spelling of English questions, as the examples and word groups have it."""
    data = load("bank.en")
    return Spelling(words_of((*data["topics"].values(), *data["groups"], data["plain"], data["asking"])))
