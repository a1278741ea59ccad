"""How far the raters of a run agree, with the coefficients of `scoring.agreement`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from dialogue_sim.judging.verdict import VALUE_OF
from dialogue_sim.scoring.agreement import Estimate
from dialogue_sim.web.markings import Row


class Pair(NamedTuple):
    """Two raters: κ with quadratic weights over what both could tell."""

    a: str
    b: str
    kappa: Estimate


class ItemAgreement(NamedTuple):
    """One item: the consultations that at least two raters could tell, and the share of them on which all agree."""

    item: str
    shared: int
    alike: float


class Agreement(NamedTuple):
    """What the agreement page shows.

    Attributes:
        raters: rater → marks given.
        alpha: Krippendorff's α on the marks' values (0, ½, 1); None with fewer than two raters.
        ac1: Gwet's AC1, likewise.
        items: the least agreed upon first.
    """

    raters: dict[str, int]
    alpha: Estimate | None
    ac1: Estimate | None
    pairs: list[Pair]
    items: list[ItemAgreement]


def agreement(rows: Iterable[Row]) -> Agreement:
    """The agreement of everything that was marked by more than one rater; cannot_tell counts as a gap."""
    import numpy as np

    from dialogue_sim.scoring.agreement import ac1, alpha, kappa

    marks: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.rater] += 1
        value = VALUE_OF[row.given.verdict]
        if value is not None:
            marks[row.unit.dialogue, row.item][row.rater] = value
    raters = sorted(counts)
    if len(raters) < 2 or not marks:
        return Agreement(dict(counts), None, None, [], [])
    units = sorted(marks)
    table = np.array([[marks[unit].get(rater, np.nan) for rater in raters] for unit in units])
    clusters = [dialogue for dialogue, _ in units]
    pairs = [
        Pair(raters[j], raters[k], kappa(table[:, j], table[:, k], clusters, weights="quadratic"))
        for j, k in combinations(range(len(raters)), 2)
    ]
    return Agreement(
        {rater: counts[rater] for rater in raters},
        alpha(table, clusters, metric="interval"),
        ac1(table, clusters),
        pairs,
        _by_item(marks),
    )


def _by_item(marks: dict[tuple[str, str], dict[str, float]]) -> list[ItemAgreement]:
    alike: dict[str, list[bool]] = defaultdict(list)
    for (_, item), values in marks.items():
        if len(values) > 1:
            alike[item].append(len(set(values.values())) == 1)
    found = [ItemAgreement(item, len(same), sum(same) / len(same)) for item, same in alike.items()]
    return sorted(found, key=lambda one: (one.alike, one.item))
