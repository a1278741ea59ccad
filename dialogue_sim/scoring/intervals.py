"""Rates and their intervals, and the paired test of two rates."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

Interval = tuple[float, float]
"""Lower and upper limit."""

Z95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""


def wilson(rate: float, n: float, *, z: float = Z95) -> Interval:
    """Wilson's score interval for a rate in [0, 1] observed in `n` independent trials.

    `n` may be fractional: with clustered trials it is the effective number. Source: Wilson 1927,
    JASA 22:209; formula as in Brown, Cai and DasGupta 2001, Statistical Science 16:101.

    Raises:
        ValueError: `n` is not positive, or `rate` lies outside [0, 1].
    """
    if n <= 0 or not 0 <= rate <= 1:
        raise ValueError(f"no interval for a rate of {rate} in {n} trials")
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = 0.0 if rate == 0 else max(0.0, centre - half)
    high = 1.0 if rate == 1 else min(1.0, centre + half)
    return low, high


def clustered_rate(cases: Sequence[Sequence[bool]]) -> tuple[float, Interval]:
    """A rate over cases that were each run several times, with Wilson's interval.

    The rate is the mean over cases of each case's own rate. Runs of one case resemble one another, so
    Wilson's n is the effective number p(1 − p) / Var(p̂), Var(p̂) taken between cases, held between
    the number of cases (runs of a case are alike) and the number of runs (they are independent).
    Where nothing varies between cases it cannot be estimated, and the number of cases stands in.
    Source: Korn and Graubard 1998, Survey Methodology 24:193; Franco et al. 2019, J. Surv. Stat.
    Methodol. 7:334.

    Args:
        cases: for every case, whether the event was seen in each of its runs.

    Raises:
        ValueError: no case, or a case without a run.
    """
    rates = [fmean(runs) for runs in cases]
    n = len(rates)
    if n == 0:
        raise ValueError("a rate needs at least one case")
    rate = fmean(rates)
    spread = sum((r - rate) ** 2 for r in rates)
    effective = float(n)
    if spread > 0:
        variance = spread / (n * (n - 1))
        effective = min(max(rate * (1 - rate) / variance, n), sum(len(runs) for runs in cases))
    return rate, wilson(rate, effective)


def zero_events_bound(n: int) -> float:
    """Upper 95 % limit of a rate of which no event was seen in `n` trials: 3/n, at most 1.

    Source: the rule of three, Hanley and Lippman-Hand 1983, JAMA 249:1743.

    Raises:
        ValueError: `n` is not positive.
    """
    if n <= 0:
        raise ValueError("the rule of three needs at least one trial")
    return min(1.0, 3 / n)


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p that an event is as frequent under A as under B, on paired cases.

    Args:
        only_a: cases that show the event under A alone.
        only_b: cases that show it under B alone.

    Source: McNemar 1947, Psychometrika 12:153, in its exact binomial form.

    Raises:
        ValueError: a count is negative.
    """
    if only_a < 0 or only_b < 0:
        raise ValueError("counts of discordant cases cannot be negative")
    if only_a == only_b:
        return 1.0
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))
