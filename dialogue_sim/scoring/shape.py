"""What scoring needs to know of a rubric: weights, and nothing of wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A rubric reduced to numbers.

    Attributes:
        dimensions: dimension id → weight; the weights sum to 100.
        items: item id → (dimension id, weight within the dimension).
        caps: cap id → highest score (0–100) of a case in which it fires.
    """

    dimensions: Mapping[str, float]
    items: Mapping[str, tuple[str, float]]
    caps: Mapping[str, float]
