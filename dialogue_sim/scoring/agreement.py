"""Do raters agree? Coefficients with intervals by transcript.

Every coefficient here is a function of sums over transcripts (of confusion counts, of coincidences,
of squares), so that a bootstrap over transcripts needs one matrix product and no loop, which the
libraries' functions of raw ratings would. Marks are numbers (0, ½, 1, or scores); NaN is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from dialogue_sim.scoring.bootstrap import DRAWS, FloatArray, case_counts, percentile_intervals
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval

UNDEFINED = 0.05
"""Share of draws without a value (all marks alike) above which no interval is given."""


class Estimate(Figures):
    """A coefficient over `n` units of `n_clusters` transcripts.

    `value` is None where it is undefined (all marks alike); `ci95` also for a single transcript and
    where more than 5 % of the draws have no value.
    """

    value: float | None
    ci95: Interval | None
    n: int
    n_clusters: int


class BlandAltman(Figures):
    """Bias (A − B) and the limits between which 95 % of the differences lie, in points."""

    bias: Estimate
    lower_limit: Estimate
    upper_limit: Estimate


Coefficient = Callable[[FloatArray], FloatArray]
"""Takes rows of summed tables and returns one value a row, NaN where undefined."""


def kappa(
    a: FloatArray,
    b: FloatArray,
    clusters: Sequence[Hashable],
    *,
    weights: Literal["none", "quadratic"] = "none",
) -> Estimate:
    """Cohen's κ of two raters; quadratic weights are the squared differences of the marks.

    Units with a gap on either side are left out. Source: Cohen 1960, Educ. Psychol. Meas. 20:37;
    1968, Psychol. Bull. 70:213.
    """
    marks = _marks(a, b)
    tables = _sums(_confusions(a, b, marks), clusters)
    return _estimate(tables, _kappa(marks, weights), int(tables.sum()))


def kappa_gap(
    judge: FloatArray,
    humans: FloatArray,
    clusters: Sequence[Hashable],
    *,
    weights: Literal["none", "quadratic"] = "none",
) -> Estimate:
    """Mean κ of judge and human minus mean κ of human and human, on the same transcripts.

    The judge may stand in for a human where the lower limit lies above −0.10 (`calibrate.HUMAN_MARGIN`).

    Args:
        judge: one mark a unit.
        humans: units × at least two raters.

    Raises:
        ValueError: fewer than two human raters.
    """
    raters = humans.shape[1]
    if raters < 2:
        raise ValueError("agreement between humans needs two human raters")
    marks = _marks(judge, humans)
    with_judge = [(judge, humans[:, k]) for k in range(raters)]
    among = [(humans[:, j], humans[:, k]) for j, k in combinations(range(raters), 2)]
    parts = [_confusions(a, b, marks) for a, b in [*with_judge, *among]]
    width = parts[0].shape[1]
    single = _kappa(marks, weights)

    def gap(sums: FloatArray) -> FloatArray:
        each = np.stack([single(sums[:, k * width : (k + 1) * width]) for k in range(len(parts))], axis=1)
        return np.asarray(each[:, :raters].mean(axis=1) - each[:, raters:].mean(axis=1), dtype=np.float64)

    shared = int((~np.isnan(judge) & ~np.isnan(humans).all(axis=1)).sum())
    return _estimate(_sums(np.concatenate(parts, axis=1), clusters), gap, shared)


def alpha(
    ratings: FloatArray, clusters: Sequence[Hashable], *, metric: Literal["nominal", "interval"] = "nominal"
) -> Estimate:
    """Krippendorff's α of any number of raters, with gaps.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".

    Args:
        ratings: units × raters.
    """
    marks = _marks(ratings)
    counts = _counts(ratings, marks)
    size = counts.sum(axis=1)
    paired = size >= 2
    scale = np.divide(1.0, size - 1, out=np.zeros_like(size), where=paired)
    k = len(marks)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(k)
    distance = _distance(marks, "quadratic" if metric == "interval" else "none")

    def coefficient(sums: FloatArray) -> FloatArray:
        coincidences = sums.reshape(-1, k, k)
        totals = coincidences.sum(axis=2)
        n = totals.sum(axis=1)
        seen = (coincidences * distance).sum(axis=(1, 2))
        chance = np.einsum("ri,rj,ij->r", totals, totals, distance) / (n - 1)
        return _one_minus(seen, chance)

    tables = _sums((pairs * scale[:, None, None]).reshape(len(counts), -1), clusters)
    return _estimate(tables, coefficient, int(paired.sum()))


def ac1(ratings: FloatArray, clusters: Sequence[Hashable]) -> Estimate:
    """Gwet's AC1 of any number of raters, with gaps; steady where nearly all marks are alike.

    Source: Gwet 2008, Br. J. Math. Stat. Psychol. 61:29; gaps as in Gwet 2014, "Handbook of
    Inter-Rater Reliability", chapter 5.

    Args:
        ratings: units × raters.
    """
    marks = _marks(ratings)
    counts = _counts(ratings, marks)
    size = counts.sum(axis=1)
    pairs = size * (size - 1)
    alike = np.divide((counts * (counts - 1)).sum(axis=1), pairs, out=np.zeros_like(size), where=pairs > 0)
    shares = np.divide(counts, size[:, None], out=np.zeros_like(counts), where=size[:, None] > 0)
    columns = np.column_stack([alike, size >= 2, size >= 1, shares])
    k = len(marks)

    def coefficient(sums: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            seen = sums[:, 0] / sums[:, 1]
            prevalence = sums[:, 3:] / sums[:, 2:3]
        chance = (prevalence * (1 - prevalence)).sum(axis=1) / max(1, k - 1)
        return _one_minus(1 - seen, 1 - chance)

    return _estimate(_sums(columns, clusters), coefficient, int((size >= 2).sum()))


def icc(ratings: FloatArray) -> tuple[Estimate, Estimate]:
    """ICC(2,1) and ICC(2,k): absolute agreement of one rater, and of the mean of all k.

    Source: Shrout and Fleiss 1979, Psychol. Bull. 86:420.

    Args:
        ratings: transcripts × raters; transcripts with a gap are left out.

    Raises:
        ValueError: fewer than two raters.
    """
    k = ratings.shape[1]
    if k < 2:
        raise ValueError("an ICC needs two raters")
    complete = ratings[~np.isnan(ratings).any(axis=1)]
    centred = complete - (complete.mean() if complete.size else 0.0)
    tables = np.column_stack(
        [np.ones(len(centred)), centred, (centred**2).sum(axis=1), centred.mean(axis=1) ** 2]
    )

    def coefficients(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
        n, columns = sums[:, 0], sums[:, 1 : k + 1] / sums[:, :1]
        mean = columns.mean(axis=1)
        between = k * (sums[:, -1] - n * mean**2)
        raters = n * ((columns - mean[:, None]) ** 2).sum(axis=1)
        rest = sums[:, -2] - n * k * mean**2 - between - raters
        with np.errstate(invalid="ignore", divide="ignore"):
            rows, cols, error = between / (n - 1), raters / (k - 1), rest / ((n - 1) * (k - 1))
            rows, error = np.maximum(rows, 0.0), np.maximum(error, 0.0)
            single = (rows - error) / (rows + (k - 1) * error + k * (cols - error) / n)
            mean_of_all = (rows - error) / (rows + (cols - error) / n)
        return _defined(single), _defined(mean_of_all)

    n = len(complete)
    return (
        _estimate(tables, lambda sums: coefficients(sums)[0], n),
        _estimate(tables, lambda sums: coefficients(sums)[1], n),
    )


def bland_altman(a: FloatArray, b: FloatArray) -> BlandAltman:
    """Bias and 95 % limits of agreement of two raters' scores, one pair a transcript.

    Source: Bland and Altman 1986, Lancet 327:307.
    """
    gaps = (a - b)[~np.isnan(a - b)]
    centre = float(gaps.mean()) if len(gaps) else 0.0
    tables = np.column_stack([np.ones(len(gaps)), gaps - centre, (gaps - centre) ** 2])

    def limit(side: float) -> Coefficient:
        def coefficient(sums: FloatArray) -> FloatArray:
            n, mean = sums[:, 0], sums[:, 1] / sums[:, 0]
            with np.errstate(invalid="ignore", divide="ignore"):
                spread = np.sqrt(np.maximum(sums[:, 2] - n * mean**2, 0.0) / (n - 1)) if side else 0.0
            return np.asarray(centre + mean + side * 1.96 * spread, dtype=np.float64)

        return coefficient

    bias, lower, upper = (_estimate(tables, limit(side), len(gaps)) for side in (0.0, -1.0, 1.0))
    return BlandAltman(bias=bias, lower_limit=lower, upper_limit=upper)


def _marks(*ratings: FloatArray) -> FloatArray:
    every = np.concatenate([np.ravel(part) for part in ratings])
    marks: FloatArray = np.unique(every[~np.isnan(every)])
    return marks


def _confusions(a: FloatArray, b: FloatArray, marks: FloatArray) -> FloatArray:
    """Units × (marks × marks), one-hot; a row of zeros where there is a gap."""
    both = (a[:, None] == marks)[:, :, None] & (b[:, None] == marks)[:, None, :]
    return np.asarray(both.reshape(len(a), -1), dtype=np.float64)


def _counts(ratings: FloatArray, marks: FloatArray) -> FloatArray:
    """Units × marks: how many raters gave each mark."""
    return np.asarray((ratings[:, :, None] == marks).sum(axis=1), dtype=np.float64)


def _distance(marks: FloatArray, weights: Literal["none", "quadratic"]) -> FloatArray:
    gaps = marks[:, None] - marks[None, :]
    squared: FloatArray = gaps**2
    return squared if weights == "quadratic" else (gaps != 0).astype(np.float64)


def _kappa(marks: FloatArray, weights: Literal["none", "quadratic"]) -> Coefficient:
    k, distance = len(marks), _distance(marks, weights)

    def coefficient(sums: FloatArray) -> FloatArray:
        tables = sums.reshape(-1, k, k)
        n = tables.sum(axis=(1, 2))
        seen = (tables * distance).sum(axis=(1, 2)) * n
        chance = np.einsum("ri,rj,ij->r", tables.sum(axis=2), tables.sum(axis=1), distance)
        return _one_minus(seen, chance)

    return coefficient


def _one_minus(seen: FloatArray, chance: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _defined(1 - seen / chance)


def _defined(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _sums(rows: FloatArray, clusters: Sequence[Hashable]) -> FloatArray:
    """Rows summed within their cluster, clusters in order of appearance."""
    places: dict[Hashable, int] = {}
    codes = np.array([places.setdefault(cluster, len(places)) for cluster in clusters], dtype=np.int64)
    sums = np.zeros((len(places), rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums


def _estimate(tables: FloatArray, coefficient: Coefficient, n: int) -> Estimate:
    clusters = len(tables)
    if n == 0:
        return Estimate(value=None, ci95=None, n=0, n_clusters=clusters)
    value = float(coefficient(tables.sum(axis=0, keepdims=True))[0])
    interval: Interval | None = None
    if clusters >= 2 and not np.isnan(value):
        draws = np.concatenate(
            [coefficient(counts @ tables) for counts in case_counts(clusters, draws=DRAWS)]
        )
        if np.isnan(draws).mean() <= UNDEFINED:
            (low, high) = percentile_intervals(draws[:, None], clusters)[0]
            interval = (float(low), float(high))
    return Estimate(value=None if np.isnan(value) else value, ci95=interval, n=n, n_clusters=clusters)
