"""Several models on the same cases: ranks with their ranges, and who cannot be told from whom.

All pairs are tested at once. A pair counts as separated only where the largest studentised difference
of any pair would rarely be as large by chance (max-T), so that the chance of one false separation on
the whole board is 5 %. Ranges, ties and simultaneous intervals all follow from that one test and can
therefore not contradict each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from math import sqrt
from typing import NamedTuple

import numpy as np

from dialogue_sim.scoring.bootstrap import (
    DRAWS,
    SEED,
    FloatArray,
    bootstrap_means,
    case_counts,
    mean_intervals,
)
from dialogue_sim.scoring.compare import CaseScores, common_cases, paired_table
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval
from dialogue_sim.scoring.power import detectable_difference


class Row(Figures):
    """One model on the board.

    Attributes:
        rank: 1 + the number of models with a higher score.
        rank_range: simultaneous 95 % range of the true rank.
        groups: numbers (from 1) of the tie groups it belongs to; models that share one are tied.
        first_share: share of bootstrap draws of the cases in which it comes first.
    """

    model: str
    score: float
    ci95: Interval | None
    rank: int
    rank_range: tuple[int, int]
    groups: list[int]
    first_share: float


class Pair(Figures):
    """A − B of two models, A placed before B. `ci95` and `p` are corrected for all pairs of the board.

    `separated` also needs the pair's order to be stable under other weights of the rubric.
    """

    a: str
    b: str
    mean: float
    ci95: Interval | None
    p: float
    separated: bool


class Leaderboard(Figures):
    """The board, best first.

    Attributes:
        smallest_detectable: points between two of these models that this number of cases would find
            with 80 % power (one contrast, at the root mean square of the pairs' paired SD); None
            with fewer than two cases or models.
        left_out: model → cases it has and another model lacks; they are not in any figure here.
    """

    n_cases: int
    rows: list[Row]
    pairs: list[Pair]
    groups: list[list[str]]
    smallest_detectable: float | None
    left_out: dict[str, list[str]]


def leaderboard(
    models: Mapping[str, CaseScores], *, unstable: Collection[frozenset[str]] = (), alpha: float = 0.05
) -> Leaderboard:
    """Ranks models by their mean over the cases that all of them have.

    Args:
        models: name → case id → mean over the runs of that case.
        unstable: pairs that count as tied whatever the cases say, because their order hangs on the
            rubric's weights (`sensitivity.weight_sensitivity`).
        alpha: chance of any false separation on the board.

    Raises:
        ValueError: no model, or no case in common.
    """
    cases, extra = common_cases(models)
    named = {name: {case: models[name][case] for case in cases} for name in sorted(models)}
    _, table = paired_table(named)
    means = table.mean(axis=0)
    order = sorted(range(len(means)), key=lambda k: -means[k])
    names = [list(named)[k] for k in order]
    table, means = table[:, order], means[order]
    pairs = _pairs(names, table, unstable, alpha)
    apart = {frozenset((pair.a, pair.b)) for pair in pairs if pair.separated}
    groups = tie_groups(names, apart)
    return Leaderboard(
        n_cases=len(cases),
        rows=_rows(names, table, means, apart, groups),
        pairs=pairs,
        groups=groups,
        smallest_detectable=_smallest_detectable(table),
        left_out={name: ids for name, ids in extra.items() if ids},
    )


def _rows(
    names: Sequence[str],
    table: FloatArray,
    means: FloatArray,
    apart: Collection[frozenset[str]],
    groups: Sequence[Sequence[str]],
) -> list[Row]:
    draws = bootstrap_means(table)
    best = draws >= draws.max(axis=1, keepdims=True) - 1e-9
    first = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    rows = []
    for k, (name, interval) in enumerate(zip(names, mean_intervals(table), strict=True)):
        beaten_by = sum(frozenset((name, other)) in apart for other in names[:k])
        beats = sum(frozenset((name, other)) in apart for other in names[k + 1 :])
        rows.append(
            Row(
                model=name,
                score=float(means[k]),
                ci95=interval,
                rank=1 + int((means > means[k]).sum()),
                rank_range=(1 + beaten_by, len(names) - beats),
                groups=[number for number, group in enumerate(groups, 1) if name in group],
                first_share=float(first[k]),
            )
        )
    return rows


def _pairs(
    names: Sequence[str], table: FloatArray, unstable: Collection[frozenset[str]], alpha: float
) -> list[Pair]:
    which = list(combinations(range(len(names)), 2))
    if not which:
        return []
    gaps = np.stack([table[:, i] - table[:, j] for i, j in which], axis=1)
    test = max_t(gaps, alpha=alpha)
    pairs = []
    for k, (i, j) in enumerate(which):
        mean, reach = float(gaps[:, k].mean()), float(test.reach[k])
        pairs.append(
            Pair(
                a=names[i],
                b=names[j],
                mean=mean,
                ci95=(mean - reach, mean + reach) if np.isfinite(reach) else None,
                p=float(test.p[k]),
                separated=bool(test.p[k] <= alpha) and frozenset((names[i], names[j])) not in unstable,
            )
        )
    return pairs


class MaxT(NamedTuple):
    """Corrected p of each column, and the half length of its simultaneous interval."""

    p: FloatArray
    reach: FloatArray


def max_t(gaps: FloatArray, *, alpha: float = 0.05, draws: int = DRAWS, seed: int = SEED) -> MaxT:
    """Tests all columns of differences at once by the bootstrap of the largest studentised mean.

    Every draw is studentised by its own standard error. Source: Westfall and Young 1993,
    "Resampling-Based Multiple Testing"; Romano and Wolf 2005, Econometrica 73:1237; the rank ranges
    that follow from it: Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91:476.

    Args:
        gaps: cases × columns.

    Returns:
        p = 1 and an infinite reach for a single case.
    """
    n, columns = gaps.shape
    if n < 2:
        return MaxT(np.ones(columns), np.full(columns, np.inf))
    centre = gaps.mean(axis=0)
    error = gaps.std(axis=0, ddof=1) / sqrt(n)
    negligible = 1e-12 * np.abs(gaps).max(axis=0)
    varies = error > negligible
    deviations = (gaps - centre)[:, varies] / error[varies]
    largest = _largest(deviations, draws, seed)
    seen = np.divide(
        np.abs(centre), error, out=np.where(np.abs(centre) > negligible, np.inf, 0.0), where=varies
    )
    p = (1 + (largest[:, None] >= seen).sum(axis=0)) / (1 + draws)
    limit = float(np.quantile(largest, 1 - alpha, method="higher"))
    reach = np.zeros(columns)
    reach[varies] = limit * error[varies]
    return MaxT(np.where(seen == 0, 1.0, p), reach)


def _largest(deviations: FloatArray, draws: int, seed: int) -> FloatArray:
    """The largest studentised mean over the columns in each draw; infinite where a draw has no spread."""
    n, columns = deviations.shape
    if columns == 0:
        return np.zeros(draws)
    squares = deviations**2
    blocks = []
    for counts in case_counts(n, draws=draws, seed=seed):
        means = counts @ deviations / n
        variance = (counts @ squares / n - means**2) / (n - 1)
        flat = variance <= 1e-12
        statistic = np.abs(means) / np.sqrt(np.where(flat, 1.0, variance))
        blocks.append(np.where(flat, np.inf, statistic).max(axis=1))
    return np.concatenate(blocks)


def tie_groups(names: Sequence[str], apart: Collection[frozenset[str]]) -> list[list[str]]:
    """The largest groups without a separated pair, in the order of `names`; every model is in one.

    Two models are tied if and only if they share a group; a model may be in several. Source: the
    insert-and-absorb algorithm of Piepho 2004, J. Comput. Graph. Stat. 13:456.
    """
    place = {name: k for k, name in enumerate(names)}
    groups = [frozenset(names)]
    for pair in sorted(apart, key=lambda pair: sorted(place[name] for name in pair)):
        split = {group - {one} for group in groups if pair <= group for one in pair}
        kept = split | {group for group in groups if not pair <= group}
        groups = [group for group in kept if not any(group < other for other in kept)]
    ordered = [sorted(group, key=place.__getitem__) for group in groups]
    return sorted(ordered, key=lambda group: [place[name] for name in group])


def _smallest_detectable(table: FloatArray) -> float | None:
    n, models = table.shape
    if n < 2 or models < 2:
        return None
    # The mean over all pairs of Var(Yi - Yj) is twice the mean variance less twice the mean covariance.
    covariance = np.cov(table, rowvar=False)
    paired = 2 * (np.trace(covariance) - covariance.sum() / models) / (models - 1)
    return detectable_difference(n, sqrt(max(paired, 0.0)))
