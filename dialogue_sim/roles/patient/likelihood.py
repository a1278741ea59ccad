"""How likely a question means each topic, judged from all the topics that it names or hints at."""

from __future__ import annotations

import math
from collections.abc import Mapping

_SCALE = 2.5
"""What a topic that is certainly meant counts, in telling words."""
_LEAST = 0.01
_NAMED, _NAMED_MOST, _PER_CHARACTER, _HINTED_MOST = 0.5, 2.5, 0.25, 3.0


class Likelihood:
    """Multinomial logistic regression with the topics named and hinted at as its features.

    Its weights were fitted to example questions of every topic, and to talk that asks nothing
    (`none`), by `bench/patient_weights.py`.
    """

    def __init__(self, bias: Mapping[str, str], weights: Mapping[str, Mapping[str, str]]) -> None:
        self._bias = {topic: float(weight) for topic, weight in bias.items()}
        self._weights = {
            feature: {topic: float(weight) for topic, weight in each.items()}
            for feature, each in weights.items()
        }

    def scores(self, features: Mapping[str, float]) -> dict[str, float]:
        """How likely each topic is meant, from near 0 to 2.5; the unlikely ones are left out."""
        odds = dict(self._bias)
        for feature, value in features.items():
            for topic, weight in self._weights.get(feature, {}).items():
                odds[topic] += value * weight
        top = max(odds.values())
        shares = {topic: math.exp(odd - top) for topic, odd in odds.items()}
        total = sum(shares.values())
        return {topic: _SCALE * share / total for topic, share in shares.items() if share > _LEAST * total}


def features(named: Mapping[str, int], hinted: Mapping[str, float]) -> dict[str, float]:
    """What the topics named (with the length of the longest name of each) and hinted at count as features."""
    found = {
        f"!{topic}": min(_NAMED + _PER_CHARACTER * length, _NAMED_MOST) for topic, length in named.items()
    }
    return found | {topic: min(hint, _HINTED_MOST) for topic, hint in hinted.items()}
