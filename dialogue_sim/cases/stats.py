"""What a set of cases is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import mean
from typing import Any

from dialogue_sim.cases.lint.sets import balanced
from dialogue_sim.cases.model import Case, Demographics

NOT_RECORDED = "not_recorded"
AGE_BANDS = (("infant", 1), ("child", 12), ("adolescent", 18), ("adult", 65), ("elderly", 200))


def age_band(who: Demographics) -> str:
    """infant (under 1 year), child (under 12), adolescent (under 18), adult (under 65), elderly, not_recorded."""
    if who.age is None:
        return NOT_RECORDED
    years = who.age / {"year": 1, "month": 12, "day": 365}[who.age_unit]
    return next(name for name, below in AGE_BANDS if years < below)


def case_stats(cases: Sequence[Case]) -> dict[str, Any]:
    """Counts by each property, the size of the cases, and what the set lacks."""
    facts = [case.patient.facts for case in cases]
    return {
        "cases": len(cases),
        "pairs": sum(case.parallel is not None for case in cases) // 2,
        "by": {
            "language": _count(case.language for case in cases),
            "specialty": _count(case.specialty for case in cases),
            "urgency": _count(case.urgency for case in cases),
            "complexity": _count(str(case.complexity) for case in cases),
            "age": _count(age_band(case.patient.demographics) for case in cases),
            "sex": _count(case.patient.demographics.sex for case in cases),
            "shape": _count(shape for case in cases for shape in case.shapes),
            "split": _count(case.split for case in cases),
            "review": _count(case.provenance.review for case in cases),
        },
        "facts": {
            "mean": round(mean(len(f) for f in facts), 1),
            "least": min(len(f) for f in facts),
            "most": max(len(f) for f in facts),
            "denied": round(mean(sum(x.status == "denied" for x in f) for f in facts), 1),
            "critical": round(mean(sum(x.critical for x in f) for f in facts), 1),
        },
        "lacking": balanced(cases),
    }


def _count(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))
