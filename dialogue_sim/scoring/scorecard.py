"""From the scores of many dialogues to the scorecard of one model.

Mean over the runs of a case, then over cases; every figure with its interval by case. The result is
the same to the last bit whatever order the dialogues come in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

import numpy as np

from dialogue_sim.scoring.bootstrap import FloatArray, mean_intervals
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval, clustered_rate
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.scoring.shape import Shape

USABLE = 60.0
"""Points from which a consultation without a cap counts as usable."""


@dataclass(frozen=True)
class DialogueResult:
    """One scored dialogue, as it enters a scorecard.

    Attributes:
        strata: what the case belongs to, e.g. {"language": "zh", "urgency": "emergency"}.
        protocol_failures: how the doctor broke the protocol (no closing block, loop, …); empty when
            it did not. The dialogue is scored all the same.
    """

    case_id: str
    replicate: int
    score: DialogueScore
    dialogue_id: str = ""
    strata: Mapping[str, str] = field(default_factory=dict)
    protocol_failures: Sequence[str] = ()


class MeanFigure(Figures):
    """A mean over cases on 0–100; `ci95` is None when there are fewer than two cases."""

    score: float
    ci95: Interval | None
    n_cases: int


class RateFigure(Figures):
    """A share of dialogues, in [0, 1], with Wilson's interval; `events` counts dialogues."""

    rate: float
    ci95: Interval
    events: int


class RunScore(Figures):
    """One dialogue of a case."""

    dialogue_id: str
    replicate: int
    score: float
    raw: float
    dimensions: dict[str, float]
    caps: list[str]
    unsure: int
    protocol_failures: list[str]


class CaseScore(Figures):
    """A case: means over its runs. `caps` and `usable_at_60` are shares of its runs."""

    id: str
    score: float
    dimensions: dict[str, float]
    caps: dict[str, float]
    usable_at_60: float
    protocol_failure_rate: float
    unsure: int
    strata: dict[str, str]
    runs: list[RunScore]


class Scorecard(Figures):
    """One model's figures: the part of `scores.json` that follows from verdicts alone.

    Scores and their intervals are on 0–100, rates in [0, 1]. `score` is None when no dialogue was
    scored. `usable_at_60` is the share of consultations with no cap and at least 60 points. `strata`
    holds, for each stratum (language, specialty, …), the score of each of its levels.
    """

    score: float | None
    ci95: Interval | None
    n_cases: int
    n_dialogues: int
    dimensions: dict[str, MeanFigure]
    caps: dict[str, RateFigure]
    usable_at_60: float | None
    usable_at_60_ci95: Interval | None
    protocol_failure_rate: float | None
    protocol_failure_ci95: Interval | None
    protocol_failures: dict[str, int]
    unsure: int
    strata: dict[str, dict[str, MeanFigure]]
    cases: list[CaseScore]

    def case_scores(self) -> dict[str, float]:
        """Case id → score, as comparisons and the leaderboard take them."""
        return {case.id: case.score for case in self.cases}


def scorecard(results: Iterable[DialogueResult], shape: Shape) -> Scorecard:
    """Aggregates scored dialogues. Failures of the infrastructure must not be among them.

    Raises:
        ValueError: two results for the same case and replicate, or one case with differing strata.
    """
    grouped = _by_case(results)
    cases = [_case(shape, runs) for runs in grouped]
    runs_of = [case.runs for case in cases]
    usable = _rate(runs_of, _usable)
    broken = _rate(runs_of, lambda run: bool(run.protocol_failures))
    total = _means({"score": [case.score for case in cases]}).get("score")
    return Scorecard(
        score=total.score if total else None,
        ci95=total.ci95 if total else None,
        n_cases=len(cases),
        n_dialogues=sum(len(runs) for runs in runs_of),
        dimensions=_means({d: [case.dimensions.get(d) for case in cases] for d in shape.dimensions}),
        caps=_caps(shape, runs_of),
        usable_at_60=usable.rate if usable else None,
        usable_at_60_ci95=usable.ci95 if usable else None,
        protocol_failure_rate=broken.rate if broken else None,
        protocol_failure_ci95=broken.ci95 if broken else None,
        protocol_failures=_tally(kind for runs in runs_of for run in runs for kind in run.protocol_failures),
        unsure=sum(case.unsure for case in cases),
        strata=_strata(cases),
        cases=cases,
    )


def _by_case(results: Iterable[DialogueResult]) -> list[list[DialogueResult]]:
    ordered = sorted(results, key=lambda r: (r.case_id, r.replicate))
    for one, other in pairwise(ordered):
        if (one.case_id, one.replicate) == (other.case_id, other.replicate):
            raise ValueError(f"two results for case {one.case_id}, replicate {one.replicate}")
        if one.case_id == other.case_id and dict(one.strata) != dict(other.strata):
            raise ValueError(f"case {one.case_id} has two sets of strata")
    groups: dict[str, list[DialogueResult]] = defaultdict(list)
    for result in ordered:
        groups[result.case_id].append(result)
    return list(groups.values())


def _case(shape: Shape, results: list[DialogueResult]) -> CaseScore:
    scores = [r.score for r in results]
    return CaseScore(
        id=results[0].case_id,
        score=fmean(s.score for s in scores),
        dimensions={d: fmean(s.dimensions[d] for s in scores) for d in scores[0].dimensions},
        caps={c: fmean(c in s.caps for s in scores) for c in shape.caps},
        usable_at_60=fmean(_usable(s) for s in scores),
        protocol_failure_rate=fmean(bool(r.protocol_failures) for r in results),
        unsure=sum(s.unsure for s in scores),
        strata=dict(sorted(results[0].strata.items())),
        runs=[_run(r) for r in results],
    )


def _run(result: DialogueResult) -> RunScore:
    score = result.score
    return RunScore(
        dialogue_id=result.dialogue_id,
        replicate=result.replicate,
        score=score.score,
        raw=score.raw,
        dimensions=score.dimensions,
        caps=score.caps,
        unsure=score.unsure,
        protocol_failures=sorted(result.protocol_failures),
    )


def _usable(run: RunScore | DialogueScore) -> bool:
    return not run.caps and run.score >= USABLE


def _means(columns: Mapping[str, Sequence[float | None]]) -> dict[str, MeanFigure]:
    table: FloatArray = np.array([list(values) for values in columns.values()], dtype=np.float64).T
    if table.size == 0:
        return {}
    figures = {}
    for name, values, interval in zip(columns, table.T, mean_intervals(table), strict=True):
        known = values[~np.isnan(values)]
        if len(known):
            figures[name] = MeanFigure(
                score=fmean(known.tolist()), ci95=_rounded(interval), n_cases=len(known)
            )
    return figures


def _rounded(interval: Interval | None) -> Interval | None:
    # Matrix products differ in their last bits between processors; printed intervals must not.
    return interval and (round(interval[0], 6), round(interval[1], 6))


def _rate(cases: Sequence[Sequence[RunScore]], event: Callable[[RunScore], bool]) -> RateFigure | None:
    seen = [[event(run) for run in runs] for runs in cases]
    if not seen:
        return None
    rate, interval = clustered_rate(seen)
    return RateFigure(rate=rate, ci95=interval, events=sum(map(sum, seen)))


def _caps(shape: Shape, cases: Sequence[Sequence[RunScore]]) -> dict[str, RateFigure]:
    figures = {}
    for cap in shape.caps:
        if rate := _rate(cases, lambda run: cap in run.caps):  # noqa: B023 - called before `cap` moves on
            figures[cap] = rate
    return figures


def _strata(cases: Sequence[CaseScore]) -> dict[str, dict[str, MeanFigure]]:
    groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        for name, level in case.strata.items():
            groups[name][level].append(case.score)
    return {
        name: {level: _means({level: scores})[level] for level, scores in sorted(levels.items())}
        for name, levels in sorted(groups.items())
    }


def _tally(kinds: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for kind in kinds:
        counts[kind] += 1
    return dict(sorted(counts.items()))
