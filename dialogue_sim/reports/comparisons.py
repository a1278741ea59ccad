"""Two runs on the same cases: is B better than A, worse, or can it not be told?

A is the run to beat (the checkpoint before), B the candidate; every difference is B − A, so that a
positive one is an improvement. The total is tested alone, the dimensions are corrected by Holm, the
items by the false discovery rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, Literal

import numpy as np
from pydantic import Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.boards import setup
from dialogue_sim.reports.entries import Departure, Entry, rubric_of
from dialogue_sim.reports.external import Named
from dialogue_sim.scoring.bootstrap import FloatArray, mean_intervals
from dialogue_sim.scoring.compare import MARGIN, Comparison, compare, sign_flip
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval
from dialogue_sim.scoring.scorecard import Scorecard

ALPHA = 0.05

Finding = Literal["better", "worse", "not_worse", "undecided"]
"""What the total says of B: better or worse at 5 %, else no worse than the margin allows, else open."""


class ItemDifference(Figures):
    """One item, B − A, in the item's own unit: a share of [0, 1].

    Attributes:
        n_cases: cases in which it applied in both runs.
        p: by sign flips over cases; `p_fdr` corrected over all items (Benjamini and Hochberg).
    """

    item: str
    dimension: str
    n_cases: int
    mean_a: float
    mean_b: float
    mean: float
    ci95: Interval | None
    p: float
    p_fdr: float


class CaseDifference(Figures):
    """One case's scores in both runs."""

    case: str
    a: float
    b: float
    mean: float


class Side(Figures):
    """One of the two runs. `missing`: planned dialogues without a score."""

    name: str
    doctor: str
    run: str
    score: float
    n_dialogues: int
    n_planned: int
    missing: int
    notes: list[str]


class Compared(Figures):
    """Everything `compare` prints.

    Attributes:
        comparison: differences of scores, dimensions and rates; in it `a` is the candidate B, so
            that its differences are B − A too.
        dimension_means: dimension → (A's score, B's score) over the cases that have it in both.
        items: largest difference first.
        cases: from the greatest loss to the greatest gain.
    """

    schema_: Literal["dialogue-sim/comparison/1"] = Field(default="dialogue-sim/comparison/1", alias="schema")
    a: Side
    b: Side
    finding: Finding
    comparison: Comparison
    dimension_means: dict[str, tuple[float, float]]
    items: list[ItemDifference]
    cases: list[CaseDifference]
    differing: list[Departure]
    left_out: dict[str, list[str]]
    setup: dict[str, Any]
    dimensions: list[Named]
    item_names: list[Named]
    cap_names: list[Named]


def compared(a: Entry, b: Entry, departures: Sequence[Departure], *, margin: float = MARGIN) -> Compared:
    """Compares the candidate `b` with `a`.

    Raises:
        ConfigError: no case in common, or a run without verdicts.
    """
    try:
        found = compare(b.name, b.card, a.name, a.card, margin=margin)
    except ValueError as problem:
        raise ConfigError(str(problem), mend="compare runs over the same cases") from None
    of_a, of_b = a.card.case_scores(), b.card.case_scores()
    cases = [
        CaseDifference(case=case, a=of_a[case], b=of_b[case], mean=of_b[case] - of_a[case])
        for case in sorted(of_a.keys() & of_b.keys())
    ]
    shared = {case.case for case in cases}
    means = {side: fmean(getattr(case, side) for case in cases) for side in ("a", "b")}
    return Compared(
        a=_side(a, means["a"]),
        b=_side(b, means["b"]),
        finding=_finding(found),
        comparison=found,
        dimension_means=_dimension_means(a.card, b.card, found.dimensions),
        items=_items(a, b, shared),
        cases=sorted(cases, key=lambda case: (case.mean, case.case)),
        differing=list(departures),
        left_out=found.left_out,
        setup=setup([a]),
        **_names(a, b),
    )


def _side(entry: Entry, score: float) -> Side:
    return Side(
        name=entry.name,
        doctor=entry.doctor,
        run=str(entry.folder),
        score=score,
        n_dialogues=int(entry.scores["n_dialogues"]),
        n_planned=int(entry.scores["n_planned"]),
        missing=entry.missing,
        notes=list(entry.scores.get("notes", [])),
    )


def _dimension_means(a: Scorecard, b: Scorecard, names: Iterable[str]) -> dict[str, tuple[float, float]]:
    of_b = {case.id: case for case in b.cases}
    both = [(case, of_b[case.id]) for case in a.cases if case.id in of_b]
    means = {}
    for name in names:
        pairs = [
            (x.dimensions[name], y.dimensions[name])
            for x, y in both
            if name in x.dimensions and name in y.dimensions
        ]
        means[name] = fmean(x for x, _ in pairs), fmean(y for _, y in pairs)
    return means


def _finding(found: Comparison) -> Finding:
    total = found.score
    if total.p <= ALPHA and total.mean != 0:
        return "better" if total.mean > 0 else "worse"
    return "not_worse" if total.not_worse else "undecided"


def _names(a: Entry, b: Entry) -> dict[str, list[Named]]:
    rubric = rubric_of([a, b])
    if rubric is None:
        return {"dimensions": [], "item_names": [], "cap_names": []}
    return {
        "dimensions": [Named(id=d.id, zh=d.zh, en=d.en) for d in rubric.dimensions],
        "item_names": [Named(id=i.id, zh=i.zh.name, en=i.en.name) for i in rubric.items],
        "cap_names": [Named(id=c.id, zh=c.zh.name, en=c.en.name) for c in rubric.caps],
    }


def _items(a: Entry, b: Entry, cases: set[str]) -> list[ItemDifference]:
    """Item differences over the cases in which an item applied in both runs."""
    from scipy.stats import false_discovery_control

    of_a, of_b = a.item_values, b.item_values
    names = [name for name in of_a if of_a[name].keys() & of_b.get(name, {}).keys() & cases]
    if not names:
        return []
    gaps, means = _gap_table(of_a, of_b, names, sorted(cases))
    # A case without the item adds nothing to any sum of signed differences, whatever its sign.
    p = sign_flip(np.nan_to_num(gaps))
    intervals = mean_intervals(gaps)
    dimensions = {name: str(figure["dimension"]) for name, figure in a.scores.get("items", {}).items()}
    items = [
        ItemDifference(
            item=name,
            dimension=dimensions.get(name, ""),
            n_cases=int((~np.isnan(gaps[:, k])).sum()),
            mean_a=means[name][0],
            mean_b=means[name][1],
            mean=means[name][1] - means[name][0],
            ci95=intervals[k],
            p=p[k],
            p_fdr=float(corrected),
        )
        for k, (name, corrected) in enumerate(zip(names, false_discovery_control(p), strict=True))
    ]
    return sorted(items, key=lambda item: (-abs(item.mean), item.item))


def _gap_table(
    of_a: Mapping[str, Mapping[str, float]],
    of_b: Mapping[str, Mapping[str, float]],
    names: Sequence[str],
    cases: Sequence[str],
) -> tuple[FloatArray, dict[str, tuple[float, float]]]:
    """Cases × items of B − A, NaN where the item did not apply, and each item's two means."""
    gaps = np.full((len(cases), len(names)), np.nan)
    means = {}
    for k, name in enumerate(names):
        both = [row for row, case in enumerate(cases) if case in of_a[name] and case in of_b[name]]
        pairs = [(of_a[name][cases[row]], of_b[name][cases[row]]) for row in both]
        gaps[both, k] = [theirs - mine for mine, theirs in pairs]
        means[name] = fmean(mine for mine, _ in pairs), fmean(theirs for _, theirs in pairs)
    return gaps, means
