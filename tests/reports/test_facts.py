"""What an id stands for is shown only where the case is at hand as the run used it."""

from __future__ import annotations

from typing import Any

from dialogue_sim.cases import content_hash, load_cases
from dialogue_sim.reports.facts import fact_lines


def test_lines_come_from_the_very_cases_of_the_run() -> None:
    (case,) = load_cases("zh-heart-skips-student")
    manifest: dict[str, Any] = {
        "simulation": {"cases": {case.id: content_hash(case)}}, "config": {"cases": [case.id]}
    }  # fmt: skip
    lines = fact_lines(manifest)
    assert lines[case.id] == {fact.id: fact.record for fact in case.patient.facts}
    assert fact_lines({**manifest, "simulation": {"cases": {case.id: "changed since"}}}) == {}
    assert fact_lines({**manifest, "config": {"cases": ["no/such/folder"]}}) == {}
