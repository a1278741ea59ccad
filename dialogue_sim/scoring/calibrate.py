"""A judge against human raters: item by item, and what its errors do to the mean.

A judge's total can look right while it reads single items upside down, so agreement is reported for
every item. And since a judge stays imperfect, a few hundred human verdicts can correct its mean over
many dialogues, with an interval that owns up to how few they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from math import sqrt
from statistics import fmean
from typing import NamedTuple

import numpy as np

from dialogue_sim.scoring.agreement import Estimate, ac1, kappa, kappa_gap
from dialogue_sim.scoring.bootstrap import FloatArray
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval, wilson

HUMAN_MARGIN = 0.10
"""How much below human–human agreement a judge may stay and still stand in for a human."""


class HumanVerdict(NamedTuple):
    """One human verdict and the judge's on the same item of the same transcript.

    Values lie in [0, 1]; None is cannot_tell. A judge's None counts as 0, because that is how it is
    scored; a human's leaves the row out.
    """

    transcript: str
    item: str
    rater: str
    human: float | None
    judge: float | None


class ItemCalibration(Figures):
    """One item, over `n` human verdicts. Values are rounded to the nearest of 0, ½ and 1.

    Attributes:
        human_rate, judge_rate: mean values, in [0, 1].
        agreement: share of rows with the same mark.
        kappa: unweighted where only 0 and 1 occur, else with quadratic weights.
        inverted: the judge seems to read the item upside down: it gives the opposite of a decided
            human mark surely more often than not (Wilson's 95 % interval, by transcript).
        unsure: rows in which the human could not tell; not among `n`.
    """

    item: str
    n: int
    n_transcripts: int
    human_rate: float
    judge_rate: float
    agreement: float
    kappa: Estimate
    ac1: Estimate
    inverted: bool
    unsure: int


class Calibration(Figures):
    """A judge's calibration.

    Attributes:
        items: sorted by κ, worst first; items without a κ last.
        kappa, ac1: all items pooled, intervals by transcript. κ uses quadratic weights.
        human_gap: κ of judge and human minus κ of human and human; None with one rater a row.
        as_good_as_human: the lower limit of `human_gap` lies above −0.10; None without it.
    """

    items: list[ItemCalibration]
    kappa: Estimate
    ac1: Estimate
    human_gap: Estimate | None
    as_good_as_human: bool | None


def calibrate(verdicts: Iterable[HumanVerdict]) -> Calibration:
    """Compares a judge's verdicts with human ones.

    Raises:
        ValueError: no verdict with a human mark, two verdicts of one rater on the same item of a
            transcript, or differing judge values for it.
    """
    rows = sorted(verdicts, key=lambda row: row[:3])
    _check(rows)
    decided = [row for row in rows if row.human is not None]
    if not decided:
        raise ValueError("no human verdict to calibrate against")
    of_item: dict[str, list[HumanVerdict]] = defaultdict(list)
    for row in rows:
        of_item[row.item].append(row)
    items = [
        _item(name, group) for name, group in of_item.items() if any(row.human is not None for row in group)
    ]
    human, judge, transcripts = _columns(decided)
    gap = _human_gap(decided)
    return Calibration(
        items=sorted(items, key=lambda item: (item.kappa.value is None, item.kappa.value or 0.0, item.item)),
        kappa=kappa(human, judge, transcripts, weights="quadratic"),
        ac1=ac1(np.column_stack([human, judge]), transcripts),
        human_gap=gap,
        as_good_as_human=None if gap is None or gap.ci95 is None else gap.ci95[0] > -HUMAN_MARGIN,
    )


def _check(rows: Sequence[HumanVerdict]) -> None:
    seen: set[tuple[str, str, str]] = set()
    judged: dict[tuple[str, str], float | None] = {}
    for row in rows:
        if row[:3] in seen:
            raise ValueError(f"{row.rater} gave two verdicts on {row.item} of {row.transcript}")
        seen.add(row[:3])
        if judged.setdefault((row.transcript, row.item), row.judge) != row.judge:
            raise ValueError(f"the judge has two values for {row.item} of {row.transcript}")


def _mark(value: float | None) -> float:
    """The nearest of 0, ½ and 1; a judge that cannot tell counts as 0."""
    return round(2 * (value or 0.0)) / 2


def _columns(rows: Sequence[HumanVerdict]) -> tuple[FloatArray, FloatArray, list[str]]:
    human = np.array([_mark(row.human) for row in rows], dtype=np.float64)
    judge = np.array([_mark(row.judge) for row in rows], dtype=np.float64)
    return human, judge, [row.transcript for row in rows]


def _item(name: str, group: Sequence[HumanVerdict]) -> ItemCalibration:
    rows = [row for row in group if row.human is not None]
    human, judge, transcripts = _columns(rows)
    graded = bool((human == 0.5).any() or (judge == 0.5).any())
    return ItemCalibration(
        item=name,
        n=len(rows),
        n_transcripts=len(set(transcripts)),
        human_rate=float(human.mean()),
        judge_rate=float(judge.mean()),
        agreement=float((human == judge).mean()),
        kappa=kappa(human, judge, transcripts, weights="quadratic" if graded else "none"),
        ac1=ac1(np.column_stack([human, judge]), transcripts),
        inverted=_inverted(human, judge, transcripts),
        unsure=len(group) - len(rows),
    )


def _inverted(human: FloatArray, judge: FloatArray, transcripts: Sequence[str]) -> bool:
    opposite: dict[str, list[float]] = defaultdict(list)
    for one, other, transcript in zip(human, judge, transcripts, strict=True):
        if one != 0.5:
            opposite[transcript].append(float(other == 1 - one))
    if not opposite:
        return False
    return wilson(fmean(fmean(shares) for shares in opposite.values()), len(opposite))[0] > 0.5


def _human_gap(rows: Sequence[HumanVerdict]) -> Estimate | None:
    raters = sorted({row.rater for row in rows})
    units: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    judged: dict[tuple[str, str], float] = {}
    for row in rows:
        units[row.transcript, row.item][row.rater] = _mark(row.human)
        judged[row.transcript, row.item] = _mark(row.judge)
    if all(len(marks) < 2 for marks in units.values()):
        return None
    humans = np.array([[marks.get(rater, np.nan) for rater in raters] for marks in units.values()])
    judge = np.array([judged[unit] for unit in units])
    return kappa_gap(judge, humans, [transcript for transcript, _ in units], weights="quadratic")


class Scored(NamedTuple):
    """A value of the judge, and the human value where there is one; `case` is what is resampled."""

    case: Hashable
    judge: float
    human: float | None = None


class CorrectedMean(Figures):
    """The mean that human raters would have given, in the unit of the values.

    Attributes:
        value: corrected mean; `ci95` its interval, None with fewer than two labelled cases.
        judge_mean: of all rows, uncorrected.
        human_mean: of the labelled rows alone.
        bias: judge − human on the labelled rows.
        trust: λ in [0, 1], how far the judge is used: 0 leaves the labelled rows alone.
    """

    value: float
    ci95: Interval | None
    standard_error: float | None
    judge_mean: float
    human_mean: float
    bias: float
    trust: float
    n_labelled: int
    n_unlabelled: int


def corrected_mean(rows: Iterable[Scored]) -> CorrectedMean:
    """Corrects the judge's mean by the rows that a human also judged (prediction-powered inference).

        θ = mean_L(y − λf) + λ·mean_U(f),   λ = Cov_L(y, f) / ((1 + n/N) Var(f)), held in [0, 1]

    with y human, f judge, L the n labelled and U the N unlabelled rows. The variance sums what each
    case adds to either mean, so that runs of one case, labelled or not, are not taken as independent;
    the interval uses Student's t with one degree of freedom fewer than labelled cases. The labelled rows
    must be a random choice. Source: Angelopoulos, Duchi and Zrnic 2023, PPI++, arXiv:2311.01453,
    section 6; the clustered variance is the usual sandwich form.

    Raises:
        ValueError: no labelled row.
    """
    every = list(rows)
    pairs = [(row.case, row.judge, row.human) for row in every if row.human is not None]
    if not pairs:
        raise ValueError("no human value to correct the judge's mean with")
    judged = np.array([judge for _, judge, _ in pairs])
    human = np.array([value for _, _, value in pairs])
    rest = np.array([row.judge for row in every if row.human is None])
    trust = _trust(judged, human, rest)
    residuals = human - trust * judged
    value = float(residuals.mean()) + (trust * float(rest.mean()) if len(rest) else 0.0)
    error, limit = None, 0.0
    labelled_cases = len({case for case, _, _ in pairs})
    if labelled_cases >= 2:
        from scipy.special import stdtrit

        parts: dict[Hashable, float] = defaultdict(float)
        for (case, _, _), residual in zip(pairs, residuals - residuals.mean(), strict=True):
            parts[case] += float(residual) / len(pairs)
        for row in every:
            if row.human is None:
                parts[row.case] += trust * (row.judge - float(rest.mean())) / len(rest)
        error = sqrt(labelled_cases / (labelled_cases - 1) * sum(part**2 for part in parts.values()))
        limit = float(stdtrit(labelled_cases - 1, 0.975))
    return CorrectedMean(
        value=value,
        ci95=None if error is None else (value - limit * error, value + limit * error),
        standard_error=error,
        judge_mean=fmean(row.judge for row in every),
        human_mean=float(human.mean()),
        bias=float((judged - human).mean()),
        trust=trust,
        n_labelled=len(pairs),
        n_unlabelled=len(rest),
    )


def _trust(judged: FloatArray, human: FloatArray, rest: FloatArray) -> float:
    if len(judged) < 2 or not len(rest):
        return 0.0
    covariance = float(np.cov(judged, human)[0, 1])
    spread = float(np.concatenate([judged, rest]).var(ddof=1))
    if spread == 0:
        return 0.0
    return min(1.0, max(0.0, covariance / ((1 + len(judged) / len(rest)) * spread)))
