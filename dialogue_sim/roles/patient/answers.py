"""Which answers a question has, learned from example questions by regularised least squares."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.roles.learned import Learned, identity, kept, sources
from dialogue_sim.roles.patient.bank import Bank
from dialogue_sim.roles.patient.hashing import Table
from dialogue_sim.roles.patient.meaning import Meaning

_BLUR = 2.0  # of the topics' likelihoods
# How little an example is trusted, by the length of what describes it: one of the case, one of its topic.
_DOUBT, _DOUBT_OTHERS = 0.05, 0.25
# How much it counts that two questions are alike in topic and meaning at once, and in how many directions that is seen.
_TOGETHER, _DIRECTIONS = 3.0, 48
_PAIRS = np.triu_indices(_DIRECTIONS)

_LATELY = 8  # questions that are remembered, since a clause is looked at several times

Array = NDArray[np.float16]
Weights = NDArray[np.float64]
"""How much each answer is asked for, in the order of their names."""


class Labelled(NamedTuple):
    """A folded question, the names of its answers, and whether it was written for this very case."""

    question: str
    answers: frozenset[str]
    own: bool = True


class Answers:
    """The answers of one case's questions: a linear model, fitted in its dual form (kernel ridge regression).

    A question is described by its words, weighed by how rare they are, by the square roots of its topics'
    likelihoods, and by what its words mean to one another; each of the three has length 1. Through the
    last two, a wording that no example of the case has is still near those about the same matter; their
    products, two at a time, tell a matter that is near from one that only shares a side with it (a
    polynomial kernel of degree 2, in the directions in which the examples differ most). See Saunders,
    Gammerman & Vovk, 1998.

    Attributes:
        names: all answers, sorted.
        place: the number of each answer.
    """

    def __init__(self, bank: Bank, meaning: Meaning, found: Learned) -> None:
        self._bank, self._meaning = bank, meaning
        self.names = tuple(str(found["names"]).split("\n"))
        self.place = {name: place for place, name in enumerate(self.names)}
        self._table = Table(found["features"])
        self._by_word: Array = found["by_word"]
        self._by_topic, self._by_meaning, self._by_pair, turned = (
            found[name].astype(np.float32) for name in ("by_topic", "by_meaning", "by_pair", "turned")
        )
        self._topics_turned, self._meaning_turned = np.split(turned, [len(self._by_topic)])
        self._lately = lru_cache(_LATELY)(self._of_words)
        self._alone = lru_cache(_LATELY)(lambda question: self.of(question, bank.scores(question)))

    @classmethod
    def kept(
        cls, told: bytes, examples: Callable[[], Sequence[Labelled]], bank: Bank, meaning: Meaning
    ) -> Answers:
        """The model of some examples, out of the user's cache where it was fitted before.

        Args:
            told: all that the examples depend on, so that they are read only where there is no model of them.
        """
        name = identity(sources("patient/answers.py"), meaning.name.encode(), told)
        return cls(bank, meaning, kept(name, lambda: learned(examples(), bank, meaning)))

    def of(self, question: str, scores: NDArray[np.float64]) -> Weights:
        """How much each answer is asked for by a folded question: near 1 if alone it is, near 0 if not at all.

        Args:
            scores: the bank's scores of the question, with what the dialogue adds to them.
        """
        of_words, meant = self._lately(question)
        topics = _likely(scores).astype(np.float32)
        turned = meant + topics @ self._topics_turned
        weights: Weights = (of_words + topics @ self._by_topic + _pairs(turned) @ self._by_pair).astype(float)
        return weights

    def alone(self, question: str) -> Weights:
        """The same of a question by itself, whatever the dialogue adds. Not to be written to."""
        return self._alone(question)

    def _of_words(self, question: str) -> _OfWords:
        hashes, amounts = self._bank.weighed(question)
        rows, held = self._table.find(hashes)
        meant = self._meaning.of(hashes)
        weights: NDArray[np.float32] = meant @ self._by_meaning
        weights += amounts[held].astype(np.float32) @ self._by_word[rows[held]].astype(np.float32)
        return _OfWords(weights, meant @ self._meaning_turned)


class _OfWords(NamedTuple):
    """What a question's words and their meaning say of each answer, and its meaning in the directions of pairs."""

    weights: NDArray[np.float32]
    turned: NDArray[np.float32]


def learned(examples: Sequence[Labelled], bank: Bank, meaning: Meaning) -> Learned:
    """Fit the model, in some 0.4 s for a thousand examples.

    Returns:
        `names` of the answers, a line each, the hashes of `features`, how much each feature, topic and direction
        of meaning speaks for each answer (`by_word`, `by_topic`, `by_meaning`), and how much each pair of the
        directions into which topics and meaning are `turned` (`by_pair`).
    """
    names = sorted({name for example in examples for name in example.answers})
    met = Counter(f for example in examples for f in bank.thesaurus.features(example.question))
    # What is made of several words and met once is of no use to a question, and would be most of what is kept.
    features, _ = Table.of(f for f, times in met.items() if times > 1 or not bank.thesaurus.compound(f))
    table = Table(features)
    words = np.zeros((len(examples), len(features)), np.float32)
    for row, example in enumerate(examples):
        hashes, weights = bank.weighed(example.question)
        columns, held = table.find(hashes)
        words[row, columns[held]] = weights[held]
    topics = np.array([_likely(bank.scores(example.question)) for example in examples], np.float32)
    meanings = np.array([meaning.of(bank.weighed(example.question).hashes) for example in examples])
    wanted = np.zeros((len(examples), len(names)), np.float32)
    number = {name: i for i, name in enumerate(names)}
    for row, example in enumerate(examples):
        wanted[row, [number[name] for name in example.answers]] = 1
    both = np.hstack((topics, meanings)) / math.sqrt(2)
    _, directions = np.linalg.eigh(both.T @ both)
    turned = directions[:, -_DIRECTIONS:]
    # A product of two directions stands for both of its orders.
    pairs, often = _pairs(both @ turned), np.where(_PAIRS[0] == _PAIRS[1], 1, 2) * _TOGETHER
    alike = words @ words.T + topics @ topics.T + meanings @ meanings.T
    np.fill_diagonal(alike, 3)  # what was left out of the words is an example's own
    alike += (pairs * often) @ pairs.T
    doubts = np.array([_DOUBT if example.own else _DOUBT_OTHERS for example in examples])
    dual = np.linalg.solve(alike + np.diag((3 + _TOGETHER) * doubts), wanted)
    found = {
        "by_word": words.T @ dual, "by_topic": topics.T @ dual, "by_meaning": meanings.T @ dual,
        "by_pair": (pairs * often).T @ dual, "turned": turned / math.sqrt(2),
    }  # fmt: skip
    return {
        "names": np.array("\n".join(names)),
        "features": features,
        **{name: array.astype(np.float16) for name, array in found.items()},
    }


def _pairs(turned: NDArray[np.float32]) -> NDArray[np.float32]:
    """The products of all pairs of numbers, along the last axis."""
    one, two = _PAIRS
    products: NDArray[np.float32] = turned[..., one] * turned[..., two]
    return products


def _likely(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    likely = np.exp((scores - scores.max()) / _BLUR)
    found: NDArray[np.float64] = np.sqrt(likely / likely.sum())
    return found
