"""Do the statistics keep their word? Checked on simulated dialogues whose truth is known.

Runs the same functions that score real runs: an interval that claims 95 % must hold the true mean in
93–97 % of simulated benchmarks, equal models must be separated in at most 5 %, and a plan for 80 %
power must find its difference in 80 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import sqrt

import numpy as np

from dialogue_sim.scoring.bootstrap import SEED, FloatArray, mean_intervals
from dialogue_sim.scoring.compare import sign_flip
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval, clustered_rate, wilson
from dialogue_sim.scoring.leaderboard import max_t
from dialogue_sim.scoring.power import CENTRAL, Noise, cases_needed

SETS = 1_000
"""Simulated benchmarks a check; the Monte Carlo error of a 95 % coverage is then 0.7 points."""

DRAWS = 1_000
"""Bootstrap draws within a simulated benchmark."""

CASES, RUNS, VOTES = 60, 3, 3
CASE_SD = 8.0


class Check(Figures):
    """One promise of the statistics.

    Attributes:
        name: what was checked.
        claim: the share promised.
        found: the share in `sets` simulated benchmarks, with its own 95 % interval.
        allowed: range in which the true share must lie.
        passed: `found` does not contradict `allowed`, its Monte Carlo error taken into account.
    """

    name: str
    claim: float
    found: float
    found_ci95: Interval
    allowed: Interval
    sets: int
    passed: bool


def self_test(*, sets: int = SETS) -> list[Check]:
    """All checks, on `sets` simulated benchmarks each. The same `sets` gives the same result."""
    rng = np.random.default_rng(SEED)
    return [
        _check("interval_coverage", 0.95, (0.93, 0.97), _interval_coverage(rng, sets, capped=0.0)),
        _check("interval_coverage_with_caps", 0.95, (0.93, 0.97), _interval_coverage(rng, sets, capped=0.1)),
        _check("rate_coverage", 0.95, (0.93, 1.0), _rate_coverage(rng, sets)),
        _check("false_separation_of_a_pair", 0.05, (0.0, 0.05), _false_pairs(rng, sets)),
        _check("false_separation_on_a_board", 0.05, (0.0, 0.05), _false_boards(rng, sets)),
        _check("power_as_planned", 0.80, (0.77, 0.83), _power(rng, sets, difference=3.0)),
    ]


def dialogue_scores(
    rng: np.random.Generator,
    noise: Noise,
    *,
    models: int,
    cases: int,
    runs: int,
    votes: int,
    case_sd: float = CASE_SD,
    means: Iterable[float] = (),
) -> FloatArray:
    """Simulated scores, models × cases × runs, each the mean of `votes` votes; `means` defaults to 70."""
    centre = np.array(list(means) or [70.0] * models)[:, None, None]
    difficulty = rng.normal(0, case_sd, (1, cases, 1))
    strength = rng.normal(0, noise.model_case, (models, cases, 1))
    within = sqrt(noise.seed**2 + noise.judge**2 / votes)
    return np.asarray(centre + difficulty + strength + rng.normal(0, within, (models, cases, runs)))


def _check(name: str, claim: float, allowed: Interval, outcomes: list[bool]) -> Check:
    found = sum(outcomes) / len(outcomes)
    low, high = wilson(found, len(outcomes))
    return Check(
        name=name,
        claim=claim,
        found=found,
        found_ci95=(low, high),
        allowed=allowed,
        sets=len(outcomes),
        passed=low <= allowed[1] and high >= allowed[0],
    )


def _interval_coverage(rng: np.random.Generator, sets: int, *, capped: float) -> list[bool]:
    """Whether the interval of a mean holds the true mean; `capped`: share of dialogues capped at 40.

    The truth under caps is taken from many more cases than any benchmark has.
    """

    def benchmark(cases: int, models: int) -> FloatArray:
        scores = dialogue_scores(rng, CENTRAL, models=models, cases=cases, runs=RUNS, votes=VOTES)
        fired = rng.random(scores.shape) < capped
        means: FloatArray = np.where(fired, np.minimum(scores, 40.0), scores).mean(axis=2)
        return means

    truth = float(benchmark(400_000, 1).mean()) if capped else 70.0
    columns = np.stack([benchmark(CASES, 1)[0] for _ in range(sets)], axis=1)
    intervals = mean_intervals(columns, draws=DRAWS)
    return [interval is not None and interval[0] <= truth <= interval[1] for interval in intervals]


def _rate_coverage(rng: np.random.Generator, sets: int) -> list[bool]:
    """Whether the interval of a cap's rate holds the true rate where a case's own rate varies."""
    outcomes = []
    for _ in range(sets):
        own = rng.beta(0.3, 2.7, CASES)
        low, high = clustered_rate((rng.random((CASES, RUNS)) < own[:, None]).tolist())[1]
        outcomes.append(low <= 0.1 <= high)
    return outcomes


def _false_pairs(rng: np.random.Generator, sets: int) -> list[bool]:
    gaps = []
    for _ in range(sets):
        means = dialogue_scores(rng, CENTRAL, models=2, cases=CASES, runs=RUNS, votes=VOTES).mean(axis=2)
        gaps.append(means[0] - means[1])
    return [p <= 0.05 for p in sign_flip(np.stack(gaps, axis=1))]


def _false_boards(rng: np.random.Generator, sets: int) -> list[bool]:
    pairs = list(combinations(range(5), 2))
    outcomes = []
    for k in range(sets):
        means = dialogue_scores(rng, CENTRAL, models=5, cases=CASES, runs=RUNS, votes=VOTES).mean(axis=2)
        gaps = np.stack([means[i] - means[j] for i, j in pairs], axis=1)
        outcomes.append(bool((max_t(gaps, draws=DRAWS, seed=SEED + k).p <= 0.05).any()))
    return outcomes


def _power(rng: np.random.Generator, sets: int, *, difference: float) -> list[bool]:
    cases = cases_needed(difference, CENTRAL.paired_sd(RUNS, VOTES))
    gaps = []
    for _ in range(sets):
        scores = dialogue_scores(
            rng, CENTRAL, models=2, cases=cases, runs=RUNS, votes=VOTES, means=(70.0 + difference, 70.0)
        )
        means = scores.mean(axis=2)
        gaps.append(means[0] - means[1])
    table = np.stack(gaps, axis=1)
    return [p <= 0.05 and gap > 0 for p, gap in zip(sign_flip(table), table.mean(axis=0), strict=True)]
