"""Would the order of the models survive other weights of the rubric's dimensions?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from dialogue_sim.scoring.bootstrap import SEED, FloatArray
from dialogue_sim.scoring.compare import common_cases
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.scorecard import Scorecard
from dialogue_sim.scoring.shape import Shape

WEIGHT_DRAWS = 1_000

CONCENTRATION = 50.0
"""Of the Dirichlet distribution: a weight of 30 then has a standard deviation of 6.4 points."""

TIE_SHARE = 0.10
"""Share of the draws in which a pair may change its order and still be called ordered."""

MEDSP1000_PRIOR = {"process": 39.0, "communication": 38.0, "safety": 6.0, "outcome": 12.0, "efficiency": 5.0}
"""Weights like the mix of checklist items written by clinicians for MedSP1000; the split of the last
11 points between safety and efficiency is an assumption."""


class Reversal(Figures):
    """How often A (placed before B under the rubric's own weights) falls behind B or level with it."""

    a: str
    b: str
    share: float
    tied: bool


class WeightSensitivity(Figures):
    """What other weights would do.

    Attributes:
        draws: random weights tried.
        reversals: for every pair of models.
        alternatives: name of a fixed set of weights → model → score.
    """

    draws: int
    reversals: list[Reversal]
    alternatives: dict[str, dict[str, float]]

    def tied_pairs(self) -> set[frozenset[str]]:
        """The pairs whose order hangs on the weights, as `leaderboard` takes them."""
        return {frozenset((pair.a, pair.b)) for pair in self.reversals if pair.tied}


class _Runs(NamedTuple):
    """A model's runs: dimension scores (NaN where dropped), cap limits, and each run's weight."""

    dimensions: FloatArray
    limits: FloatArray
    shares: FloatArray


def weight_sensitivity(
    models: Mapping[str, Scorecard], shape: Shape, *, seed: int = SEED
) -> WeightSensitivity:
    """Scores all models anew under 1,000 random weights near the rubric's own, and under fixed others.

    Caps stay as they are. The fixed sets are equal weights and, for a rubric with the five default
    dimensions, `MEDSP1000_PRIOR`.

    Raises:
        ValueError: no case in common.
    """
    cases, _ = common_cases({name: [case.id for case in card.cases] for name, card in models.items()})
    names = sorted(models)
    runs = [_runs(models[name], shape, set(cases)) for name in names]
    own = np.array(list(shape.dimensions.values()), dtype=np.float64)
    base = _scores(runs, own[None])[0]
    drawn = np.random.default_rng(SEED).dirichlet(CONCENTRATION * own / own.sum(), WEIGHT_DRAWS)
    scores = _scores(runs, drawn)
    reversals = []
    for i, j in combinations(sorted(range(len(names)), key=lambda k: -base[k]), 2):
        share = float((scores[:, i] <= scores[:, j]).mean())
        tied = share > TIE_SHARE or bool(base[i] == base[j])
        reversals.append(Reversal(a=names[i], b=names[j], share=share, tied=tied))
    fixed = {"equal": dict.fromkeys(shape.dimensions, 1.0)}
    if set(shape.dimensions) == set(MEDSP1000_PRIOR):
        fixed["medsp1000"] = MEDSP1000_PRIOR
    alternatives = {
        label: dict(zip(names, _scores(runs, _row(shape, weights))[0].tolist(), strict=True))
        for label, weights in fixed.items()
    }
    return WeightSensitivity(draws=WEIGHT_DRAWS, reversals=reversals, alternatives=alternatives)


def _row(shape: Shape, weights: Mapping[str, float]) -> FloatArray:
    return np.array([[weights[name] for name in shape.dimensions]], dtype=np.float64)


def _runs(card: Scorecard, shape: Shape, cases: set[str]) -> _Runs:
    kept = [case for case in card.cases if case.id in cases]
    runs = [run for case in kept for run in case.runs]
    dimensions = [[run.dimensions.get(name, np.nan) for name in shape.dimensions] for run in runs]
    limits = [min((shape.caps[cap] for cap in run.caps), default=100.0) for run in runs]
    shares = [1 / (len(kept) * len(case.runs)) for case in kept for _ in case.runs]
    return _Runs(np.array(dimensions, dtype=np.float64), np.array(limits), np.array(shares))


def _scores(models: Sequence[_Runs], weights: FloatArray) -> FloatArray:
    """Model scores under every row of weights: rows × models."""
    columns = []
    for runs in models:
        present = ~np.isnan(runs.dimensions)
        raw = (np.where(present, runs.dimensions, 0.0) @ weights.T) / (present @ weights.T)
        columns.append(runs.shares @ np.minimum(raw, runs.limits[:, None]))
    return np.stack(columns, axis=1)
