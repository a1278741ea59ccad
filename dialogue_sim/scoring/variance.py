"""Where the spread of scores comes from, and what a larger design would buy (generalisability theory).

    Y = μ + model + case + model×case + seed(model×case) + judge + vote

The components are estimated from the uncorrected sums of squares of each grouping (Henderson's first
method), which for balanced data is the usual analysis of variance and needs no balance: missing
dialogues or votes change coefficients, not the method. Source: Searle, Casella and McCulloch 1992,
"Variance Components", chapter 5; Brennan 2001, "Generalizability Theory".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.scoring.bootstrap import FloatArray
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.power import Noise, detectable_difference
from dialogue_sim.scoring.scorecard import Scorecard

Codes = NDArray[np.int64]

NESTED = ("model_case", "seed", "vote")
"""From coarse to fine: runs lie within model×case, votes within a run."""


class Observation(NamedTuple):
    """One vote on one dialogue: a score in points."""

    model: str
    case: str
    replicate: int
    judge: str
    score: float


class Components(Figures):
    """Variances in points². A component the design cannot show is None.

    Attributes:
        model: what a ranking is about. The rest is noise of a ranking, but for `case` and `judge`,
            which shift all models alike and are noise of an absolute score only.
        case: differences in difficulty between cases.
        model_case: a model's strengths and weaknesses on single cases.
        seed: between runs of one model on one case.
        judge: severity of the judges.
        vote: between votes on one dialogue, beyond the judges' severity.
        folded: component → those that the design cannot tell from it (one run a case: `seed`) and
            that its estimate therefore contains.
        truncated: components whose estimate was negative and is given as 0.
        errors: component → standard error, by leaving out one case at a time.
    """

    model: float
    case: float
    model_case: float
    seed: float | None
    judge: float | None
    vote: float | None
    folded: dict[str, list[str]]
    truncated: list[str]
    errors: dict[str, float]
    n_models: int
    n_cases: int

    def noise(self) -> Noise:
        """The standard deviations that `power` plans with; what the pilot could not show is 0."""
        return Noise(sqrt(self.model_case), sqrt(self.seed or 0.0), sqrt(self.vote or 0.0))


class Design(Figures):
    """One row of the decision study: n cases × R runs × J votes, each vote by another judge.

    Attributes:
        e_rho2: generalisability coefficient of the ranking, in [0, 1].
        phi: dependability of the absolute score, in [0, 1].
        detectable: smallest difference of two models found with 80 % power, in points.
        dialogues, votes_cast: per model.
        cost: per model, in the unit of the given prices.
    """

    cases: int
    runs: int
    votes: int
    e_rho2: float
    phi: float
    detectable: float
    dialogues: int
    votes_cast: int
    cost: float


def observations(models: Mapping[str, Scorecard]) -> list[Observation]:
    """The runs of several scorecards as a pilot; each run's score is the panel's, so votes do not show."""
    return [
        Observation(name, case.id, run.replicate, "panel", run.score)
        for name, card in models.items()
        for case in card.cases
        for run in case.runs
    ]


def components(pilot: Iterable[Observation]) -> Components:
    """Estimates the components of variance.

    Raises:
        ValueError: fewer than two models or two cases, or a layout in which two effects coincide
            (each model on its own cases, each judge for its own model).
    """
    rows = sorted(pilot)
    every = _factors(rows)
    scores = np.array([row.score for row in rows], dtype=np.float64)
    nested = _nesting(every, len(rows))
    *inner, residual = nested
    used = ["model", "case", *inner, *(["judge"] if _size(every["judge"]) > 1 else [])]
    factors = {name: every[name] for name in used}
    names = [*used, residual]
    raw = dict(zip(names, _solve(factors, scores).tolist(), strict=True))
    estimates = {name: max(0.0, value) for name, value in raw.items()}
    errors = _jackknife(factors, scores)
    return Components(
        model=estimates["model"],
        case=estimates["case"],
        model_case=estimates["model_case"],
        seed=estimates.get("seed"),
        judge=estimates.get("judge"),
        vote=estimates.get("vote"),
        folded={name: extra for name, extra in nested.items() if extra},
        truncated=sorted(name for name, value in raw.items() if value < 0),
        errors={} if errors is None else dict(zip(names, errors.tolist(), strict=True)),
        n_models=_size(every["model"]),
        n_cases=_size(every["case"]),
    )


def _factors(rows: Sequence[Observation]) -> dict[str, Codes]:
    keys: dict[str, list[object]] = {
        "model": [row.model for row in rows],
        "case": [row.case for row in rows],
        "judge": [row.judge for row in rows],
        "model_case": [(row.model, row.case) for row in rows],
        "seed": [(row.model, row.case, row.replicate) for row in rows],
    }
    factors = {name: _codes(values) for name, values in keys.items()}
    for name in ("model", "case"):
        if not rows or factors[name].max() == 0:
            raise ValueError(f"variance components need at least two {name}s")
    return factors


def _codes(values: Iterable[object]) -> Codes:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _nesting(factors: Mapping[str, Codes], n: int) -> dict[str, list[str]]:
    """The nested components the layout can tell apart, each with those folded into it.

    The last of them is the residual.
    """
    levels = {"model_case": _size(factors["model_case"]), "seed": _size(factors["seed"]), "vote": n}
    folded: dict[str, list[str]] = {}
    above = ""
    for name in NESTED:
        if above and levels[name] == levels[above]:
            folded[above].append(name)
        else:
            folded[name] = []
            above = name
    return folded


def _size(codes: Codes) -> int:
    return int(codes.max()) + 1


def _solve(factors: Mapping[str, Codes], scores: FloatArray) -> FloatArray:
    """Variances of the factors in their order, then of the residual.

    Equates each grouping's sum of squares to its expectation, which is linear in the variances.
    """
    n = len(scores)
    centred = scores - scores.mean()
    left, right = [], []
    for rows in (np.zeros(n, dtype=np.int64), *factors.values(), np.arange(n)):
        sizes = np.bincount(rows)
        shared = [_overlap(rows, columns, sizes) for columns in factors.values()]
        left.append([float(n), *shared, float(len(sizes))])
        right.append(float((np.bincount(rows, weights=centred) ** 2 / sizes).sum()))
    solution, _, rank, _ = np.linalg.lstsq(np.array(left), np.array(right), rcond=1e-10)
    if rank < len(factors) + 2:
        raise ValueError("this layout cannot tell the components apart: models must share cases and judges")
    return np.asarray(solution[1:], dtype=np.float64)


def _overlap(rows: Codes, columns: Codes, sizes: NDArray[np.int64]) -> float:
    """Σ over groups of (Σ over levels of squared joint counts) / group size."""
    width = _size(columns)
    cells, counts = np.unique(rows * width + columns, return_counts=True)
    return float((counts.astype(np.float64) ** 2 / sizes[cells // width]).sum())


def _jackknife(factors: Mapping[str, Codes], scores: FloatArray) -> FloatArray | None:
    """Standard errors, one case left out at a time; None where the rest does not carry the estimate."""
    cases = factors["case"]
    n = _size(cases)
    left_out = []
    for case in range(n):
        kept = cases != case
        subset = {name: np.unique(codes[kept], return_inverse=True)[1] for name, codes in factors.items()}
        try:
            left_out.append(_solve(subset, scores[kept]))
        except ValueError:
            return None
    deviations = np.array(left_out) - np.mean(left_out, axis=0)
    return np.asarray(np.sqrt((n - 1) / n * (deviations**2).sum(axis=0)), dtype=np.float64)


def decision_study(
    found: Components,
    *,
    cases: Iterable[int],
    runs: Iterable[int] = (1, 3, 5),
    votes: Iterable[int] = (1, 3),
    dialogue_cost: float = 1.0,
    vote_cost: float = 0.0,
) -> list[Design]:
    """Every combination, cheapest first.

    Args:
        dialogue_cost: price of one simulated dialogue, in any unit.
        vote_cost: price of one vote on one dialogue, in the same unit.
    """
    runs, votes = list(runs), list(votes)
    designs = [
        _design(found, n, r, j, n * r * (dialogue_cost + j * vote_cost))
        for n in cases
        for r in runs
        for j in votes
    ]
    return sorted(designs, key=lambda design: (design.cost, -design.phi))


def _design(found: Components, n: int, runs: int, votes: int, cost: float) -> Design:
    blur = found.model_case / n + (found.seed or 0.0) / (n * runs) + (found.vote or 0.0) / (n * runs * votes)
    shift = found.case / n + (found.judge or 0.0) / votes
    return Design(
        cases=n,
        runs=runs,
        votes=votes,
        e_rho2=_share(found.model, blur),
        phi=_share(found.model, blur + shift),
        detectable=detectable_difference(n, found.noise().paired_sd(runs, votes)),
        dialogues=n * runs,
        votes_cast=n * runs * votes,
        cost=cost,
    )


def _share(signal: float, noise: float) -> float:
    return signal / (signal + noise) if signal else 0.0


def reml(pilot: Iterable[Observation]) -> dict[str, float]:
    """The same components of the dialogues' mean scores by restricted maximum likelihood, as a check.

    Needs statsmodels (`pip install "dialogue-sim[stats]"`) and is slow beyond some 1,000 dialogues.
    Agrees with `components` on balanced data whose estimates are all positive.

    Returns:
        `model`, `case`, `model_case` and `seed` in points² (the last with the votes' share in it).

    Raises:
        ModuleNotFoundError: statsmodels is not installed.
        ValueError: no model was run twice on a case.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec  # type: ignore[import-untyped]

    dialogues: dict[tuple[str, str, int], list[float]] = {}
    for row in sorted(pilot):
        dialogues.setdefault((row.model, row.case, row.replicate), []).append(row.score)
    levels = {
        "model": _codes(model for model, _, _ in dialogues),
        "case": _codes(case for _, case, _ in dialogues),
        "model_case": _codes((model, case) for model, case, _ in dialogues),
    }
    if _size(levels["model_case"]) == len(dialogues):
        raise ValueError("with one run a case the seed cannot be told from model×case")
    indicators = [[np.eye(_size(codes))[codes]] for codes in levels.values()]
    columns = [[[f"{name}{k}" for k in range(_size(codes))]] for name, codes in levels.items()]
    ones = np.ones(len(dialogues))
    scores = np.array([fmean(votes) for votes in dialogues.values()])
    fit = MixedLM(scores, ones[:, None], ones, exog_vc=VCSpec(list(levels), columns, indicators)).fit()
    return {**dict(zip(levels, map(float, fit.vcomp), strict=True)), "seed": float(fit.scale)}
