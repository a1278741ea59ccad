"""What a question is about: how likely its words make each topic, learned from example questions."""

from __future__ import annotations

import itertools
import json
import math
import re
from abc import ABC, abstractmethod
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.roles.learned import Learned, identity, kept, sources
from dialogue_sim.roles.patient.lexicon import lexicon, load
from dialogue_sim.roles.patient.spelling import Spelling, words_of
from dialogue_sim.roles.text import fold, stem

_WORD = re.compile(r"[a-z][a-z']*|\d+")
_PLAIN, _PAIR, _NEAR, _CLASS = 0.35, 0.5, 0.25, 0.6
# What a topic is taken to hold of every feature, seen or not; by held-out examples. Then the scale that the
# selector's weights are set on.
_SMALL, _SPREAD, _LEVEL = 0.4, 2.0, 3.0
_LONGEST = 3
_LATELY = 64  # texts that are remembered, since a clause is looked at several times
_SAMPLE = 20  # examples of a topic that are kept whole
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


class Bank:
    """Example questions of every topic, as a complement naive Bayes classifier (Rennie et al., 2003).

    A feature speaks for a topic by the logarithm of how much more often the topic's examples hold it
    than all the others do.

    Attributes:
        topics: all that have examples, with `none` for talk that asks nothing.
        place: the number of each topic.
        samples: some examples of each topic.
        near: topics whose facts may answer where a topic has none.
        name: a hash of all that it was learned from.
    """

    def __init__(
        self, thesaurus: Reading, near: Mapping[str, Sequence[str]], found: Learned, name: str = ""
    ) -> None:
        self.thesaurus, self.near, self.name = thesaurus, near, name
        self.samples: dict[str, list[str]] = json.loads(str(found["samples"]))
        self.topics: tuple[str, ...] = tuple(self.samples)
        self.place = {topic: place for place, topic in enumerate(self.topics)}
        self._row = {feature: row for row, feature in enumerate(str(found["features"]).split("\n"))}
        self._rarity, self._rarest = found["rarity"], float(found["rarest"])
        self._odds, self._absent, self._present = found["odds"], found["absent"], found["present"]
        # The cells of a feature stand together, from its start to that of the next.
        self._column, self._start = found["column"], found["start"].tolist()
        self.features = lru_cache(_LATELY)(thesaurus.features)
        self._lately = lru_cache(_LATELY)(self._scored)

    def scores(self, folded: str) -> NDArray[np.float64]:
        """How much a folded text speaks for each of `topics`, as log odds of the order of -10 to 10."""
        return self._lately(folded).copy()

    def _scored(self, folded: str) -> NDArray[np.float64]:
        found = [
            (self._row[feature], weight)
            for feature, weight in self.features(folded).items()
            if feature in self._row
        ]
        if not found:
            return np.zeros(len(self.topics))
        rows = np.array([row for row, _ in found])
        weights = np.array([weight for _, weight in found]) * self._rarity[rows]
        weights /= math.sqrt(weights @ weights)
        spans = [slice(self._start[row], self._start[row + 1]) for row, _ in found]
        held = [span.stop - span.start for span in spans]
        more = np.concatenate([self._present[span] for span in spans]) * np.repeat(weights, held)
        columns = np.concatenate([self._column[span] for span in spans])
        scored: NDArray[np.float64] = np.bincount(columns, more, len(self.topics)).astype(float, copy=False)
        scored += weights @ self._absent[rows] + weights.sum() * self._odds
        return _SPREAD * scored + _LEVEL

    def weighed(self, folded: str) -> dict[str, float]:
        """The features of a folded text, weighed by how rare they are among the examples; of length 1 together."""
        found = {
            feature: weight
            * (self._rarest if (row := self._row.get(feature)) is None else float(self._rarity[row]))
            for feature, weight in self.features(folded).items()
        }
        length = _length(found.values())
        return {feature: weight / length for feature, weight in found.items()}

    def knows(self, word: str) -> bool:
        """Whether an example holds a telling word."""
        return word in self._row

    def grounded(self, folded: str, topic: str) -> float:
        """The share of a text's telling words that the topic's examples hold, 0 to 1; 1 where it has none."""
        place, every, held = self.place[topic], 0.0, 0.0
        for word in self.thesaurus.content(folded):
            row = self._row.get(word)
            weight = self._rarest if row is None else self._rarity[row]
            every += weight
            if row is not None and place in self._column[self._start[row] : self._start[row + 1]]:
                held += weight
        return held / every if every else 1.0


def learned(examples: Mapping[str, Sequence[str]], thesaurus: Reading) -> Learned:
    """Count the features of each topic's folded example questions, in some 0.6 s for twenty thousand.

    Returns:
        `samples` of each topic as JSON; `features`, a line each, with their `rarity` (`rarest`: of one never
        met) and how much the want of each speaks (`absent`); the `odds` of each topic; and for the cells of
        features and topics that met, feature by feature from `start` on, the topic (`column`) and how much
        meeting it speaks (`present`).
    """
    row_of_feature: dict[str, int] = {}
    rows, columns, weights = array("i"), array("i"), array("d")
    asked = [(place, example) for place, every in enumerate(examples.values()) for example in every]
    for place, example in asked:
        found = thesaurus.features(example)
        length = _length(found.values())
        for feature, weight in found.items():
            rows.append(row_of_feature.setdefault(feature, len(row_of_feature)))
            columns.append(place)
            weights.append(weight / length)
    # What is made of several words and met once tells nothing, and would be most of what is kept.
    met = np.bincount(rows)
    features = [f for f, row in row_of_feature.items() if met[row] > 1 or not thesaurus.compound(f)]
    number = np.full(len(met), -1)
    number[[row_of_feature[feature] for feature in features]] = np.arange(len(features))
    of_row = number[np.array(rows)]
    of_column, of_weight = np.array(columns)[of_row >= 0], np.array(weights)[of_row >= 0]
    of_row = of_row[of_row >= 0]
    rarity = np.log(1 + len(asked) / np.bincount(of_row))
    cells, cell = np.unique(of_row * len(examples) + of_column, return_inverse=True)
    amounts = np.bincount(cell, of_weight * rarity[of_row])
    row, column = np.divmod(cells, len(examples))
    # A topic with more examples is hardly the likelier for it; the root did best on held-out ones.
    held = np.bincount(column, amounts, len(examples))
    amounts *= np.sqrt(held.mean() / held)[column]
    totals = np.bincount(row, amounts)
    small = _SMALL * len(totals)
    inside = small + np.bincount(column, amounts, len(examples))
    absent = np.log(_SMALL / (totals + _SMALL))
    return {
        "samples": np.array(json.dumps({topic: _some(every) for topic, every in examples.items()})),
        "features": np.array("\n".join(features)),
        "rarity": rarity,
        "rarest": np.array(math.log(1 + len(asked))),
        "absent": absent,
        "odds": np.log((totals.sum() + 2 * small - inside) / inside),
        "start": np.searchsorted(row, np.arange(len(totals) + 1)),
        "column": column,
        "present": np.log((amounts + _SMALL) / (totals[row] - amounts + _SMALL)) - absent[row],
    }


def _some(examples: Sequence[str]) -> Sequence[str]:
    """Some of many, from the first to the last."""
    return examples[:: max(1, len(examples) // _SAMPLE)]


def _length(weights: Collection[float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights)) or 1.0


def topic_questions(language: str) -> dict[str, list[str]]:
    """The folded example questions of every topic."""
    read = lexicon(language).read
    return {
        topic: [asked.replace("?", ";") for asked in read(text.replace(";", "?")).split("?")]
        for topic, text in load(f"bank.{language}")["topics"].items()
    }


@cache
def bank(language: str) -> Bank:
    """The example questions of a language; counted once, then kept."""
    data = load(f"bank.{language}")
    reading = (Characters if language == "zh" else Thesaurus)(data["groups"], data["plain"], data["asking"])
    code = sources("patient/bank.py", "patient/lexicon.py", "text.py")
    name = identity(
        code, *(sources(f"patient/lexicons/{part}.yaml") for part in (language, f"bank.{language}"))
    )
    return Bank(reading, data["near"], kept(name, lambda: learned(topic_questions(language), reading)), name)


@cache
def spelling() -> Spelling:
    """The spelling of English questions, as the examples and word groups have it."""
    data = load("bank.en")
    return Spelling(words_of((*data["topics"].values(), *data["groups"], data["plain"], data["asking"])))
