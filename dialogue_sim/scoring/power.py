"""How many cases, seeds and votes it takes to separate two models, before a run is paid for.

On the same cases the case effect cancels from a difference, and what remains is

    Var(d̄) = [2σ²_mc + 2σ²_seed/R + 2σ²_judge/(R·J)] / n

for n cases, R runs a case and J votes a run. Only cases buy 2σ²_mc down. Source: Miller 2024,
arXiv:2411.00640, with ω² = 2σ²_mc.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist
from typing import Literal

from dialogue_sim.scoring.figures import Figures

Target = Literal["cases", "benchmark"]
"""What a difference is to hold for: the population the cases were drawn from, or these cases only."""


@dataclass(frozen=True)
class Noise:
    """Standard deviations, in points, of what blurs the difference of two models.

    Attributes:
        model_case: how much a model's strength varies from case to case, beyond the case's own
            difficulty.
        seed: between runs of one model on one case.
        judge: between votes on one dialogue.
    """

    model_case: float
    seed: float
    judge: float

    def paired_sd(self, runs: int, votes: int, target: Target = "cases") -> float:
        """SD over cases of the difference of two models' case means, in points."""
        fixed = self.model_case**2 if target == "cases" else 0.0
        return sqrt(2 * fixed + 2 * self.seed**2 / runs + 2 * self.judge**2 / (runs * votes))


OPTIMISTIC = Noise(3, 6, 3)
CENTRAL = Noise(6, 8, 4)
PESSIMISTIC = Noise(8, 10, 5)
"""As in published crossed data of doctor models on real hospital records; the others are assumptions."""


class Plan(Figures):
    """A design that separates two models `difference` points apart.

    `dialogues` and `votes_cast` are per model; `paired_sd` and `difference` are in points.
    """

    difference: float
    cases: int
    runs: int
    votes: int
    paired_sd: float
    dialogues: int
    votes_cast: int


def cases_needed(difference: float, paired_sd: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Cases at which a two-sided test at `alpha` finds `difference` points with probability `power`.

    Raises:
        ValueError: `difference` is not positive.
    """
    if difference <= 0:
        raise ValueError("the difference to be found must be positive")
    return ceil((_reach(power, alpha) * paired_sd / difference) ** 2)


def detectable_difference(cases: int, paired_sd: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest difference, in points, that `cases` cases find with probability `power`."""
    return _reach(power, alpha) * paired_sd / sqrt(cases)


def power_of(difference: float, cases: int, paired_sd: float, *, alpha: float = 0.05) -> float:
    """Probability that a two-sided test at `alpha` finds a true difference of `difference` points."""
    normal = NormalDist()
    limit, shift = normal.inv_cdf(1 - alpha / 2), difference * sqrt(cases) / paired_sd
    return normal.cdf(shift - limit) + normal.cdf(-shift - limit)


def plans(
    noise: Noise,
    difference: float,
    *,
    runs: Iterable[int] = (1, 3, 5, 10),
    votes: Iterable[int] = (1, 3),
    target: Target = "cases",
    power: float = 0.8,
) -> list[Plan]:
    """Every combination of `runs` and `votes` with the cases it needs, fewest dialogues first."""
    votes = list(votes)
    found = [_plan(noise, difference, r, j, target, power) for r in runs for j in votes]
    return sorted(found, key=lambda plan: (plan.dialogues, plan.votes_cast))


def _plan(noise: Noise, difference: float, runs: int, votes: int, target: Target, power: float) -> Plan:
    sd = noise.paired_sd(runs, votes, target)
    cases = cases_needed(difference, sd, power=power)
    return Plan(
        difference=difference,
        cases=cases,
        runs=runs,
        votes=votes,
        paired_sd=sd,
        dialogues=cases * runs,
        votes_cast=cases * runs * votes,
    )


def _reach(power: float, alpha: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
