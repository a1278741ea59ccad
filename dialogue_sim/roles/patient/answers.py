"""Which answers a question has, learned from example questions by regularised least squares."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.roles.patient.bank import Bank

# How much a question's topics count beside its words, how blurred they are. How little an example is trusted.
_TOPICS, _BLUR = 1.0, 2.0
_DOUBT, _DOUBT_OTHERS = 0.1, 0.5

_KEPT = 400  # models of cases, half a megabyte each
_LATELY = 8  # questions that are remembered, since a clause is looked at several times

Array = NDArray[np.float16]


class Labelled(NamedTuple):
    """A folded question, the names of its answers, and whether it was written for this very case."""

    question: str
    answers: frozenset[str]
    own: bool = True


class Answers:
    """The answers of one case's questions: a linear model, fitted in its dual form (kernel ridge regression).

    A question is described by its words, weighed by how rare they are, and by the square roots of its
    topics' likelihoods, each of length 1. Through the topics, a wording that no example of the case has
    is still near those about the same matter. See Saunders, Gammerman & Vovk, 1998.

    Attributes:
        names: all answers, sorted.
    """

    def __init__(
        self, bank: Bank, names: Sequence[str], column: dict[str, int], by_word: Array, by_topic: Array
    ) -> None:
        self.names, self._bank = tuple(names), bank
        self._column, self._by_word, self._by_topic = column, by_word, by_topic
        self._lately = lru_cache(_LATELY)(self._of_words)

    @classmethod
    def learned(cls, examples: Sequence[Labelled], bank: Bank) -> Answers:
        """Fit the model. Takes some 0.2 s for a thousand examples."""
        names = sorted({name for example in examples for name in example.answers})
        described = [bank.weighed(example.question) for example in examples]
        met = Counter(feature for features in described for feature in features)
        # What is made of several words and met once is of no use to a question, and would be most of what is kept.
        kept = [f for f, times in met.items() if times > 1 or not bank.thesaurus.compound(f)]
        column = {feature: i for i, feature in enumerate(kept)}
        words = np.zeros((len(examples), len(column)), np.float32)
        for row, features in enumerate(described):
            for feature, weight in features.items():
                if (place := column.get(feature)) is not None:
                    words[row, place] = weight
        topics = np.array([_likely(bank.scores(example.question)) for example in examples], np.float32)
        wanted = np.zeros((len(examples), len(names)), np.float32)
        number = {name: i for i, name in enumerate(names)}
        for row, example in enumerate(examples):
            wanted[row, [number[name] for name in example.answers]] = 1
        alike = words @ words.T + _TOPICS * (topics @ topics.T)
        doubts = [_DOUBT if example.own else _DOUBT_OTHERS for example in examples]
        np.fill_diagonal(alike, 1 + _TOPICS + np.array(doubts))
        dual = np.linalg.solve(alike, wanted)
        by_word, by_topic = words.T @ dual, _TOPICS * (topics.T @ dual)
        return cls(bank, names, column, by_word.astype(np.float16), by_topic.astype(np.float16))

    @classmethod
    def kept(cls, examples: Sequence[Labelled], bank: Bank, language: str) -> Answers:
        """The same, out of the user's cache where it was fitted before; a cache that cannot be used is no error."""
        file = cache_folder() / f"{_identity(examples, language)}.npz"
        with suppress(OSError, ValueError, KeyError, BadZipFile), np.load(file) as found:
            names, features = (str(found[name]).split("\n") for name in ("names", "features"))
            column = {feature: i for i, feature in enumerate(features)}
            return cls(bank, names, column, found["by_word"], found["by_topic"])
        learned = cls.learned(examples, bank)
        with suppress(OSError):
            learned._keep(file)
        return learned

    def _keep(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as part:
                np.savez(
                    part, names="\n".join(self.names), features="\n".join(self._column),
                    by_word=self._by_word, by_topic=self._by_topic,
                )  # fmt: skip
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for old in sorted(file.parent.glob("*.npz"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)

    def of(self, question: str, scores: NDArray[np.float64]) -> dict[str, float]:
        """How much each answer is asked for by a folded question: near 1 if alone it is, near 0 if not at all.

        Args:
            scores: the bank's scores of the question, with what the dialogue adds to them.
        """
        weights = self._lately(question) + _likely(scores) @ self._by_topic.astype(np.float32)
        return dict(zip(self.names, weights.tolist(), strict=True))

    def _of_words(self, question: str) -> NDArray[np.float32]:
        """What a question's words alone say of each answer."""
        found = [
            (place, weight)
            for feature, weight in self._bank.weighed(question).items()
            if (place := self._column.get(feature)) is not None
        ]
        if not found:
            return np.zeros(len(self.names), np.float32)
        rows, amounts = zip(*found, strict=True)
        return np.array(amounts, np.float32) @ self._by_word[list(rows)].astype(np.float32)


def cache_folder() -> Path:
    """Where fitted models are kept: a folder of the user's cache."""
    import platformdirs

    return platformdirs.user_cache_path("dialogue-sim") / "answers"


def _identity(examples: Sequence[Labelled], language: str) -> str:
    """A hash of all that a fitted model depends on, this code included (32 hex digits)."""
    told = hashlib.sha256(_code(language))
    told.update(json.dumps([(e.question, e.own, *sorted(e.answers)) for e in examples]).encode())
    return told.hexdigest()[:32]


@cache
def _code(language: str) -> bytes:
    here = Path(__file__).parent
    parts = (
        "answers.py",
        "bank.py",
        "lexicon.py",
        "../text.py",
        f"lexicons/bank.{language}.yaml",
        f"lexicons/{language}.yaml",
    )
    return b"".join((here / part).read_bytes() for part in parts)


def _likely(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    likely = np.exp((scores - scores.max()) / _BLUR)
    found: NDArray[np.float64] = np.sqrt(likely / likely.sum())
    return found
