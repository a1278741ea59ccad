"""What the ids in a patient's answers stand for: the record's lines of the cases that a run was held with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogue_sim.cases import content_hash, load_cases
from dialogue_sim.errors import UserError

Lines = Mapping[str, Mapping[str, str]]
"""Case id → id of a fact → its line, in the language of the case."""


def fact_lines(manifest: Mapping[str, Any]) -> Lines:
    """The lines of a run's cases.

    Only of cases that are at hand exactly as the run used them; a page shows the ids of the others.

    Args:
        manifest: of the run.
    """
    used: dict[str, str] = dict(manifest["simulation"]["cases"])
    try:
        cases = load_cases(manifest["config"].get("cases") or None)
    except UserError:
        return {}
    return {
        case.id: {fact.id: fact.record for fact in case.patient.facts}
        for case in cases
        if used.get(case.id) == content_hash(case)
    }
