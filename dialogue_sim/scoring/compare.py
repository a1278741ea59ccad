"""Two models on the same cases: how far apart, how surely, and whether one is no worse than the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.scoring.bootstrap import DRAWS, SEED, FloatArray, bca_interval, mean_intervals
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval, mcnemar
from dialogue_sim.scoring.scorecard import CaseScore, Scorecard

MARGIN = 1.0
"""Points by which a model may be worse and still count as no worse."""

CaseScores = Mapping[str, float]
"""Case id → a model's mean over its runs of that case."""


class Difference(Figures):
    """A − B on the same cases, in points.

    Attributes:
        ci95: by bootstrap over cases; None for a single case.
        p: two-sided, by flipping the signs of the case differences.
        p_holm: `p` corrected by Holm for the comparisons reported together with it.
        dz: mean over standard deviation of the case differences; None where they do not vary.
        not_worse: lower limit, one-sided 95 %, of the difference lies above minus the margin.
    """

    a: str
    b: str
    n_cases: int
    mean: float
    ci95: Interval | None
    p: float
    p_holm: float
    dz: float | None
    not_worse: bool


class RateDifference(Figures):
    """A's rate − B's rate on the same cases, each in [0, 1].

    `ci95` is bias-corrected and accelerated. `p` is McNemar's exact test where every case was run
    once, and else the sign flip of the case differences, which equals it in that case.
    """

    rate_a: float
    rate_b: float
    mean: float
    ci95: Interval | None
    p: float


class Comparison(Figures):
    """Everything `compare` prints of two scorecards. `left_out`: cases that only one of them has."""

    a: str
    b: str
    margin: float
    left_out: dict[str, list[str]]
    score: Difference
    dimensions: dict[str, Difference]
    caps: dict[str, RateDifference]
    usable_at_60: RateDifference
    protocol_failure: RateDifference


_CasePairs = Sequence[tuple[CaseScore, CaseScore]]


def common_cases(models: Mapping[str, Collection[str]]) -> tuple[list[str], dict[str, list[str]]]:
    """The case ids that all models have, sorted, and for each model those it has beyond them.

    Raises:
        ValueError: there is no such case.
    """
    shared = set.intersection(*(set(cases) for cases in models.values())) if models else set()
    if not shared:
        raise ValueError(f"no case in common: {', '.join(sorted(models)) or 'no model given'}")
    return sorted(shared), {name: sorted(set(cases) - shared) for name, cases in models.items()}


def paired_table(models: Mapping[str, CaseScores]) -> tuple[list[str], FloatArray]:
    """Cases × models, over exactly the same cases.

    Raises:
        ValueError: the models were not scored on the same cases.
    """
    cases, extra = common_cases(models)
    if any(extra.values()):
        raise ValueError("the models were not scored on the same cases; reduce them with common_cases")
    return cases, np.array([[scores[case] for scores in models.values()] for case in cases], dtype=np.float64)


def differences(
    models: Mapping[str, CaseScores], pairs: Sequence[tuple[str, str]], *, margin: float = MARGIN
) -> list[Difference]:
    """The chosen contrasts, corrected for one another by Holm.

    Args:
        models: name → case scores, all on the same cases.
        pairs: (A, B) names; fix them before looking at the scores.
        margin: of non-inferiority, in points.
    """
    _, table = paired_table(models)
    place = {name: k for k, name in enumerate(models)}
    gaps = np.stack([table[:, place[a]] - table[:, place[b]] for a, b in pairs], axis=1)
    intervals, bounds = mean_intervals(gaps), mean_intervals(gaps, level=0.90)
    p = sign_flip(gaps)
    found = []
    for k, ((a, b), corrected) in enumerate(zip(pairs, holm(p), strict=True)):
        bound = bounds[k]
        found.append(
            Difference(
                a=a,
                b=b,
                n_cases=len(table),
                mean=float(gaps[:, k].mean()),
                ci95=intervals[k],
                p=p[k],
                p_holm=corrected,
                dz=_dz(gaps[:, k]),
                not_worse=bound is not None and bound[0] > -margin,
            )
        )
    return found


def _dz(gaps: FloatArray) -> float | None:
    if len(gaps) < 2:
        return None
    spread = float(gaps.std(ddof=1))
    return float(gaps.mean()) / spread if spread > 1e-12 * float(np.abs(gaps).max()) else None


def sign_flip(gaps: FloatArray) -> list[float]:
    """Two-sided p, for each column, that the case differences are symmetric about 0.

    Exact over all 2ⁿ sign patterns where these are no more than the draws, else by random patterns
    with p = (1 + hits) / (1 + draws), so that it is never 0. Source: Phipson and Smyth 2010,
    Statistical Applications in Genetics and Molecular Biology 9:39.

    Args:
        gaps: cases × columns.
    """
    n = len(gaps)
    exact = n < 63 and 2**n <= DRAWS
    seen = np.abs(gaps.sum(axis=0))
    limit = seen - 1e-9 * np.abs(gaps).sum(axis=0)
    hits = np.zeros(gaps.shape[1], dtype=np.int64)
    for signs in _sign_patterns(n, exact):
        hits += (np.abs(signs @ gaps) >= limit).sum(axis=0)
    shares = hits / 2**n if exact else (1 + hits) / (1 + DRAWS)
    return [float(p) for p in shares]


def _sign_patterns(n: int, exact: bool) -> Iterator[FloatArray]:
    if exact:
        yield _signs((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return
    rng = np.random.default_rng(SEED)
    for start in range(0, DRAWS, 500):
        yield _signs(rng.integers(2, size=(min(500, DRAWS - start), n), dtype=np.int8))


def _signs(bits: NDArray[np.integer]) -> FloatArray:
    return 2 * bits.astype(np.float64) - 1


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given. Source: Holm 1979, Scand. J. Statist. 6:65."""
    corrected = [0.0] * len(p)
    reached = 0.0
    for rank, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        reached = max(reached, min(1.0, (len(p) - rank) * p[k]))
        corrected[k] = reached
    return corrected


def rate_difference(a: CaseScores, b: CaseScores) -> RateDifference:
    """The difference of two rates, given as each case's share of runs that show the event."""
    _, table = paired_table({"a": a, "b": b})
    gaps = table[:, 0] - table[:, 1]
    single = np.isin(table, (0.0, 1.0)).all()
    p = mcnemar(int((gaps > 0).sum()), int((gaps < 0).sum())) if single else sign_flip(gaps[:, None])[0]
    rates = table.mean(axis=0)
    return RateDifference(
        rate_a=float(rates[0]), rate_b=float(rates[1]), mean=float(gaps.mean()), ci95=bca_interval(gaps), p=p
    )


def compare(a: str, card_a: Scorecard, b: str, card_b: Scorecard, *, margin: float = MARGIN) -> Comparison:
    """Compares two scorecards on the cases both have.

    Holm's correction in `dimensions` is over the dimensions; the total stands alone.

    Raises:
        ValueError: no case in common, or the two names are equal.
    """
    if a == b:
        raise ValueError(f"both scorecards are called {a}")
    of_a, of_b = ({case.id: case for case in card.cases} for card in (card_a, card_b))
    cases, left_out = common_cases({a: of_a, b: of_b})
    both = [(of_a[case], of_b[case]) for case in cases]

    def rates(figure: Callable[[CaseScore], float]) -> RateDifference:
        return rate_difference({x.id: figure(x) for x, _ in both}, {y.id: figure(y) for _, y in both})

    def points(
        pairs: Sequence[tuple[CaseScore, CaseScore]], figure: Callable[[CaseScore], float]
    ) -> Difference:
        columns = {a: {x.id: figure(x) for x, _ in pairs}, b: {y.id: figure(y) for _, y in pairs}}
        return differences(columns, [(a, b)], margin=margin)[0]

    dimensions: dict[str, Difference] = {}
    for name in dict.fromkeys(d for case, _ in both for d in case.dimensions):
        having = [pair for pair in both if all(name in case.dimensions for case in pair)]
        if having:
            dimensions[name] = points(having, lambda case: case.dimensions[name])  # noqa: B023 - called at once
    return Comparison(
        a=a,
        b=b,
        margin=margin,
        left_out={name: ids for name, ids in left_out.items() if ids},
        score=points(both, lambda case: case.score),
        dimensions=_corrected(dimensions),
        caps={
            cap: rates(lambda case: case.caps[cap])  # noqa: B023 - called at once
            for cap in card_a.caps
            if cap in card_b.caps
        },
        usable_at_60=rates(lambda case: case.usable_at_60),
        protocol_failure=rates(lambda case: case.protocol_failure_rate),
    )


def _corrected(found: Mapping[str, Difference]) -> dict[str, Difference]:
    corrected = holm([difference.p for difference in found.values()])
    return {
        name: difference.model_copy(update={"p_holm": p})
        for (name, difference), p in zip(found.items(), corrected, strict=True)
    }
