"""How strongly the words of a question hint at each topic, learned from examples of how doctors ask about it."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from dialogue_sim.roles.text import fold, stem

_DOUBT = 0.5
_PAIR = 0.5
_NONE: Counter[str] = Counter()
_WORD = re.compile(r"[a-z][a-z']*|\d+")


class Examples:
    """Counts of words and word pairs in the examples of each topic.

    A word hints at a topic by the share of its examples that belong to the topic, so one word that
    only this topic uses counts almost 1, and one that all use next to nothing; a pair of words
    counts half as much.
    """

    def __init__(self, topics: Mapping[str, str], plain: str) -> None:
        self._plain = frozenset(plain.split())
        self._holders: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for topic, examples in topics.items():
            for example in examples.split(";"):
                for feature in self._features(fold(example)):
                    self._holders[feature][topic] += 1

    def scores(self, clause: str) -> dict[str, float]:
        """How much the words of a folded clause hint at each topic; 1 is about one telling word."""
        found: defaultdict[str, float] = defaultdict(float)
        for feature, weight in self._features(clause).items():
            holders = self._holders.get(feature, _NONE)
            total = sum(holders.values()) + _DOUBT
            for topic, held in holders.items():
                found[topic] += weight * held / total
        return dict(found)

    def _features(self, folded: str) -> dict[str, float]:
        """The stems and pairs of neighbouring stems of a folded text, each with its weight."""
        words = _WORD.findall(folded)
        stems = [stem(word) for word in words]
        features = {f"{one} {two}": _PAIR for one, two in itertools.pairwise(stems)}
        features |= {
            stemmed: 1.0 for word, stemmed in zip(words, stems, strict=True) if word not in self._plain
        }
        return features
