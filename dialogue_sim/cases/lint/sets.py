"""Rules over a set of cases: parallel pairs, unique canaries, balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from dialogue_sim.cases.model import Case

EMERGENCIES = 0.25
Row = tuple[Case, str, str, str, str]  # case, severity, field, what, mend


def parallels_match(cases: Sequence[Case]) -> list[Row]:
    """A parallel pair points at each other and is the same story."""
    known = {case.id: case for case in cases}
    rows: list[Row] = []
    for case in cases:
        if case.parallel is None:
            continue
        other = known.get(case.parallel)
        if other is None:
            rows.append(
                (case, "warning", "parallel", f"{case.parallel!r} is not in this set", "lint both together")
            )
        elif other.parallel != case.id or other.language == case.language:
            rows.append(
                (case, "error", "parallel", f"{other.id!r} does not point back in the other language", "")
            )
        elif case.id < other.id:
            found = _differences(case, other)
            rows += [
                (
                    case,
                    "error",
                    "parallel",
                    f"differs from {other.id!r} in {what}",
                    "make both the same story",
                )
                for what in found
            ]
    return rows


def _differences(one: Case, other: Case) -> list[str]:
    shapes: dict[str, Callable[[Case], object]] = {
        "facts": lambda c: {(f.id, f.topic, f.status, f.critical, f.disclosure) for f in c.patient.facts},
        "cues": lambda c: {(q.id, q.kind, q.when) for q in c.patient.cues},
        "findings": lambda c: {(f.id, f.status) for f in (*c.examiner.examinations, *c.examiner.tests)},
        "red flags": lambda c: {(flag.id, *flag.facts) for flag in c.judge.red_flags},
        "plan": lambda c: {action.id for action in c.judge.plan},
        "urgency": lambda c: (c.urgency, c.complexity, c.specialty),
    }
    return [name for name, shape in shapes.items() if shape(one) != shape(other)]


def canaries_unique(cases: Sequence[Case]) -> list[Row]:
    """No two cases share a canary."""
    counts = Counter(case.canary for case in cases if case.canary)
    return [
        (case, "error", "canary", "stands in another case too", "make it unique")
        for case in cases
        if counts[case.canary] > 1
    ]


def balanced(cases: Sequence[Case]) -> list[str]:
    """What a set of cases lacks to speak for more than a corner of medicine; empty when nothing."""
    share = sum(case.urgency == "emergency" for case in cases) / len(cases)
    languages = Counter(case.language for case in cases)
    lacking = []
    if share < EMERGENCIES:
        lacking.append(f"{share:.0%} emergencies (at least {EMERGENCIES:.0%})")
    if len(languages) == 2 and max(languages.values()) > 1.5 * min(languages.values()):
        lacking.append(f"languages out of balance: {dict(languages)}")
    lacking += [
        f"no case of complexity {level}" for level in (1, 2, 3) if all(c.complexity != level for c in cases)
    ]
    lacking += [
        f"no {word} case"
        for word in ("emergency", "urgent", "routine")
        if all(c.urgency != word for c in cases)
    ]
    if len({case.specialty for case in cases}) < min(20, len(cases) // 2):
        lacking.append(f"only {len({case.specialty for case in cases})} specialties")
    return lacking
