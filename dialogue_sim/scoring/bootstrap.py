"""The cluster bootstrap: cases are drawn, and everything that belongs to a case comes along.

Runs of one case are not independent; treated as if they were, an interval is too short. So values
are averaged within a case first, and the cases are resampled. A draw is a row of counts (how often
each case was drawn), which turns all draws of all columns into matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.scoring.intervals import Interval

FloatArray = NDArray[np.float64]

DRAWS = 10_000
SEED = 20_250_707

_CELLS = 1 << 18  # counts held at once: small enough to stay in cache, large enough to feed the product


def case_counts(n: int, *, draws: int = DRAWS, seed: int = SEED) -> Iterator[FloatArray]:
    """Yields the draws in blocks of rows; each row counts how often each of `n` cases was drawn."""
    rng = np.random.default_rng(seed)
    size = max(1, _CELLS // n)
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        drawn = rng.integers(n, size=(rows, n), dtype=np.int64)
        drawn += np.arange(rows, dtype=np.int64)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=rows * n)
        yield counts.reshape(rows, n).astype(np.float64)


def bootstrap_means(columns: FloatArray, *, draws: int = DRAWS, seed: int = SEED) -> FloatArray:
    """Means of every column in every draw.

    Args:
        columns: cases × columns, one value per case; NaN where a case has none (it is then left out
            of that column's mean in every draw).

    Returns:
        draws × columns. NaN where a draw holds no case that has the column.
    """
    present = ~np.isnan(columns)
    whole = bool(present.all())
    filled = columns if whole else np.where(present, columns, 0.0)
    shown = present.astype(np.float64)
    n = len(columns)
    blocks = []
    for counts in case_counts(n, draws=draws, seed=seed):
        with np.errstate(invalid="ignore"):
            blocks.append(counts @ filled / (n if whole else counts @ shown))
    return np.concatenate(blocks)


def percentile_intervals(means: FloatArray, n: int, *, level: float = 0.95) -> FloatArray:
    """Expanded percentile intervals of every column: columns × 2.

    The percentile interval is too short for few cases; its two tail shares are widened to those that
    make it as long as Student's t interval would be for normal data. Source: Hesterberg 2015, The
    American Statistician 69:371, section 3.3.

    Args:
        means: draws × columns.
        n: number of cases (at least 2).
        level: coverage aimed at.
    """
    from scipy.special import ndtr, stdtrit

    tail = float(ndtr(sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - level) / 2)))
    return np.nanquantile(means, [tail, 1 - tail], axis=0).T


def mean_intervals(
    columns: FloatArray, *, level: float = 0.95, draws: int = DRAWS, seed: int = SEED
) -> list[Interval | None]:
    """The interval of each column's mean over cases; None for a column with fewer than two cases.

    Args:
        columns: cases × columns, NaN where a case has no value.
    """
    known = (~np.isnan(columns)).sum(axis=0)
    found: list[Interval | None] = [None] * columns.shape[1]
    if len(columns) < 2:
        return found
    means = bootstrap_means(columns, draws=draws, seed=seed)
    for count in np.unique(known[known >= 2]):
        which = np.flatnonzero(known == count)
        for k, (low, high) in zip(
            which, percentile_intervals(means[:, which], int(count), level=level), strict=True
        ):
            found[k] = (float(low), float(high))
    return found


def bca_interval(
    values: FloatArray, *, level: float = 0.95, draws: int = DRAWS, seed: int = SEED
) -> Interval | None:
    """The bias-corrected and accelerated interval of a mean over cases, for skewed values such as rates.

    None for fewer than two cases. Where all values are equal it is that value twice. Source: Efron
    1987, JASA 82:171; the acceleration of a mean is Σd³ / (6 (Σd²)^1.5) with d the deviations.

    Args:
        values: one value per case, without NaN.
    """
    from scipy.special import ndtr, ndtri

    n = len(values)
    if n < 2:
        return None
    deviations = values - values.mean()
    spread = float((deviations**2).sum())
    if spread < 1e-12 * max(1.0, float((values**2).sum())):
        return float(values.mean()), float(values.mean())
    means = bootstrap_means(values[:, None], draws=draws, seed=seed)[:, 0]
    centre = float(values.mean())
    tolerance = 1e-9 * float(np.abs(means).max())
    below = float((means < centre - tolerance).mean() + (np.abs(means - centre) <= tolerance).mean() / 2)
    bias = float(ndtri(min(max(below, 1 / draws), 1 - 1 / draws)))
    acceleration = float((deviations**3).sum()) / (6 * spread**1.5)
    reach = bias + ndtri([(1 - level) / 2, (1 + level) / 2])
    low, high = np.quantile(means, ndtr(bias + reach / (1 - acceleration * reach)))
    return float(low), float(high)
