"""How fast is the bootstrap? 10,000 draws over 500 cases × 10 models × 3 runs.

Times the project's cluster bootstrap against a plain numpy loop (draw cases, take their mean, repeat) on
the same data in the same process, checks that both give the same intervals, and times the board with
all its pairs. Run: `python bench/bootstrap.py [--json]`.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dialogue_sim.scoring.bootstrap import DRAWS, SEED, FloatArray, mean_intervals
from dialogue_sim.scoring.leaderboard import leaderboard
from dialogue_sim.scoring.power import CENTRAL
from dialogue_sim.scoring.selftest import dialogue_scores

CASES, MODELS, RUNS = 500, 10, 3

T = TypeVar("T")


def plain_loop(scores: FloatArray) -> FloatArray:
    """The percentile interval of every model's mean, one draw at a time."""
    rng = np.random.default_rng(SEED)
    models, cases, _ = scores.shape
    draws = np.empty((DRAWS, models))
    for k in range(DRAWS):
        draws[k] = scores[:, rng.integers(cases, size=cases), :].mean(axis=(1, 2))
    return np.quantile(draws, [0.025, 0.975], axis=0).T


def best_of(times: int, work: Callable[[], T]) -> tuple[float, T]:
    """The shortest of several wall times, in seconds, and what the work returned."""
    fastest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        fastest = min(fastest, time.perf_counter() - start)
    return fastest, result


def main() -> None:
    rng = np.random.default_rng(SEED)
    means = np.linspace(60, 80, MODELS)
    scores = dialogue_scores(rng, CENTRAL, models=MODELS, cases=CASES, runs=RUNS, votes=3, means=means)
    table = scores.mean(axis=2).T
    named = {f"model {m}": {f"case {c}": float(table[c, m]) for c in range(CASES)} for m in range(MODELS)}

    ours, intervals = best_of(3, lambda: np.array(mean_intervals(table)))
    plain, reference = best_of(1, lambda: plain_loop(scores))
    board, _ = best_of(1, lambda: leaderboard(named))
    apart = float(np.abs(intervals - reference).max())
    if apart > 0.1:
        sys.exit(f"the two bootstraps differ by {apart:.3f} points")

    figures = {
        "draws": DRAWS,
        "cases": CASES,
        "models": MODELS,
        "runs": RUNS,
        "cluster_bootstrap_s": round(ours, 3),
        "plain_numpy_loop_s": round(plain, 3),
        "ratio": round(plain / ours, 1),
        "largest_difference_points": round(apart, 4),
        "leaderboard_with_all_pairs_s": round(board, 3),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        print(f"{name:30} {value}")


if __name__ == "__main__":
    main()
