"""What a case leaves open, and that nothing is scored against it."""

from __future__ import annotations

from dialogue_sim.cases.gaps import gaps
from dialogue_sim.cases.lint.finding import Raw, Rows, Severity
from dialogue_sim.cases.model import Case


def parts_recorded(case: Case) -> Rows:
    """An invented case is complete; an imported one may have gaps, but no item is scored against them."""
    invented = case.provenance.source == "synthetic"
    severity: Severity = "error" if invented else "warning"
    for gap in gaps(case):
        yield Raw(severity, gap.at, f"not recorded: {gap.part}", "write it down" if invented else "")
        scored = [item for item in gap.items if item not in case.judge.not_applicable]
        if scored:
            what = f"{', '.join(scored)} would be scored although the case records no {gap.part}"
            yield Raw("error", ("judge", "not_applicable"), what, "add them to `not_applicable`")
