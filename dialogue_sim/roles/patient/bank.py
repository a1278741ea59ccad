"""What a question is about: how likely its words make each topic, learned from example questions."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Collection, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.roles.learned import Learned, identity, kept, sources
from dialogue_sim.roles.patient.features import Characters, Reading, Thesaurus
from dialogue_sim.roles.patient.hashing import Parts, Table, hashes_of
from dialogue_sim.roles.patient.lexicon import lexicon, load
from dialogue_sim.roles.patient.spelling import Spelling, words_of

# What a topic is taken to hold of every feature, seen or not; by held-out examples. Then the scale that the
# selector's weights are set on.
_SMALL, _SPREAD, _LEVEL = 0.4, 2.0, 3.0
NONE = "none"  # the topic of talk that asks nothing
_IDLY = 2.0  # by how much talk that asks nothing must be likelier than every topic
_LATELY = 64  # texts that are remembered, since a clause is looked at several times
_SAMPLE = 20  # examples of a topic that are kept whole


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
        self._table = Table(found["features"])
        self._rarity, self._rarest = found["rarity"], float(found["rarest"])
        self._odds, self._absent, self._present = found["odds"], found["absent"], found["present"]
        # The cells of a feature stand together, from its start to that of the next.
        self._column, self._start = found["column"], found["start"]
        self._lately = lru_cache(_LATELY)(self._read)

    def scores(self, folded: str) -> NDArray[np.float64]:
        """How much a folded text speaks for each of `topics`, as log odds of the order of -10 to 10."""
        return self._lately(folded).scores.copy()

    def weighed(self, folded: str) -> Parts:
        """The features of a folded text, weighed by how rare they are among the examples; of length 1 together."""
        return self._lately(folded).weighed

    def _read(self, folded: str) -> _Read:
        features = self.thesaurus.features(folded)
        hashes = hashes_of(features)
        rows, held = self._table.find(hashes)
        weights = np.fromiter(features.values(), float, len(features))
        weights *= np.where(held, self._rarity[rows], self._rarest)
        weighed = Parts(hashes, weights / (math.sqrt(weights @ weights) or 1.0))
        return _Read(weighed, self._scored(rows[held], weights[held]))

    def _scored(self, rows: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if not len(rows):
            return np.zeros(len(self.topics))
        weights = weights / math.sqrt(weights @ weights)
        start, held = self._start[rows], self._start[rows + 1] - self._start[rows]
        cells = np.repeat(start - np.cumsum(held) + held, held) + np.arange(held.sum())
        more = self._present[cells] * np.repeat(weights, held)
        scored: NDArray[np.float64] = np.bincount(self._column[cells], more, len(self.topics)).astype(
            float, copy=False
        )
        scored += weights @ self._absent[rows] + weights.sum() * self._odds
        return _SPREAD * scored + _LEVEL

    def idle(self, folded: str) -> bool:
        """Whether a text is talk around a question, and neither asks nor names anything."""
        scores = self._lately(folded).scores
        none = self.place[NONE]
        return bool(scores[none] >= _IDLY + np.delete(scores, none).max())

    def knows(self, word: str) -> bool:
        """Whether an example holds a telling word."""
        return self._table.row(word) is not None

    def grounded(self, folded: str, topic: str) -> float:
        """The share of a text's telling words that the topic's examples hold, 0 to 1; 1 where it has none."""
        place, every, held = self.place[topic], 0.0, 0.0
        for word in self.thesaurus.content(folded):
            row = self._table.row(word)
            weight = self._rarest if row is None else float(self._rarity[row])
            every += weight
            if row is not None and place in self._column[self._start[row] : self._start[row + 1]]:
                held += weight
        return held / every if every else 1.0


class _Read(NamedTuple):
    """What a text consists of, and how much it speaks for each topic."""

    weighed: Parts
    scores: NDArray[np.float64]


def learned(examples: Mapping[str, Sequence[str]], thesaurus: Reading) -> Learned:
    """Count the features of each topic's folded example questions, in some 0.6 s for twenty thousand.

    Returns:
        `samples` of each topic as JSON; the hashes of `features`, with their `rarity` (`rarest`: of one never
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
    hashes, row_of_kept = Table.of(features)
    number = np.full(len(met), -1)
    number[[row_of_feature[feature] for feature in features]] = row_of_kept
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
        "features": hashes,
        "rarity": rarity.astype(np.float32),
        "rarest": np.array(math.log(1 + len(asked))),
        "absent": absent.astype(np.float32),
        "odds": np.log((totals.sum() + 2 * small - inside) / inside),
        "start": np.searchsorted(row, np.arange(len(totals) + 1)).astype(np.int32),
        "column": column.astype(np.int16),
        "present": (np.log((amounts + _SMALL) / (totals[row] - amounts + _SMALL)) - absent[row]).astype(
            np.float32
        ),
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
    code = sources(*(f"patient/{part}.py" for part in ("bank", "features", "hashing", "lexicon")), "text.py")
    name = identity(
        code, *(sources(f"patient/lexicons/{part}.yaml") for part in (language, f"bank.{language}"))
    )
    return Bank(reading, data["near"], kept(name, lambda: learned(topic_questions(language), reading)), name)


@cache
def spelling() -> Spelling:
    """The spelling of English questions, as the examples and word groups have it."""
    data = load("bank.en")
    return Spelling(words_of((*data["topics"].values(), *data["groups"], data["plain"], data["asking"])))
