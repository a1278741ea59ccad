"""From the values of a dialogue's items to its score.

    dimension   Dim_d = Σ w·x / Σ w            over the items that apply to the case
    raw         100 · Σ W_d·Dim_d / Σ W_d      over the dimensions that have such an item
    score       min(raw, limits of the caps that fired)

What applies is a property of the case and is fixed before any dialogue is run; a doctor cannot
shrink its own denominator by keeping away from a hard topic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import fsum

from dialogue_sim.scoring.shape import Shape


@dataclass(frozen=True)
class DialogueScore:
    """The score of one dialogue.

    Attributes:
        score: 0–100, after caps.
        raw: 0–100, before caps.
        dimensions: dimension id → 0–100; a dimension in which no item applies is absent.
        caps: ids of the caps that fired, sorted.
        unsure: applicable items whose value was None (cannot_tell); each counted as not shown.
    """

    score: float
    raw: float
    dimensions: dict[str, float]
    caps: list[str]
    unsure: int


def case_score(
    shape: Shape,
    values: Mapping[str, float | None],
    *,
    applicable: Collection[str],
    caps: Collection[str],
) -> DialogueScore:
    """Rolls one dialogue's item values up.

    Args:
        shape: the rubric's weights and cap limits.
        values: item id → value in [0, 1]; None for cannot_tell. Items that do not apply are ignored.
        applicable: ids of the items that apply to the case.
        caps: ids of the caps that fired.

    Raises:
        ValueError: an applicable item has no value (a missing verdict is a failure, never a 0), a
            value lies outside [0, 1], an id is not in the shape, or nothing applies.
    """
    _check(shape, values, applicable, caps)
    parts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    unsure = 0
    for item in set(applicable):
        dimension, weight = shape.items[item]
        value = values[item]
        unsure += value is None
        parts[dimension].append((weight, 0.0 if value is None else value))
    dimensions = {d: 100 * _mean(parts[d]) for d in shape.dimensions if d in parts}
    raw = weighted(shape.dimensions, dimensions)
    fired = sorted(set(caps))
    return DialogueScore(min([raw, *(shape.caps[c] for c in fired)]), raw, dimensions, fired, unsure)


def weighted(weights: Mapping[str, float], dimensions: Mapping[str, float]) -> float:
    """The mean of the dimensions that are present, 0–100, their weights renormalised."""
    return _mean([(weights[d], score) for d, score in dimensions.items()])


def _mean(parts: list[tuple[float, float]]) -> float:
    # fsum is exactly rounded, so the order of the items cannot change the last bit of a score.
    return fsum(w * x for w, x in parts) / fsum(w for w, _ in parts)


def _check(
    shape: Shape, values: Mapping[str, float | None], applicable: Collection[str], caps: Collection[str]
) -> None:
    unknown = {*values, *applicable} - set(shape.items) | set(caps) - set(shape.caps)
    if unknown:
        raise ValueError(f"not in the rubric: {', '.join(sorted(unknown))}")
    if not applicable:
        raise ValueError("no item applies to the case, so it has no score")
    if missing := set(applicable) - set(values):
        raise ValueError(f"applicable items without a value: {', '.join(sorted(missing))}")
    for item, value in values.items():
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"value of {item} is {value}, not in [0, 1]")
