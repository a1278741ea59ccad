"""Findings about cases in the terminal."""

from __future__ import annotations

from rich.console import Console

from dialogue_sim.cases.lint import Linted, told
from dialogue_sim.reports.messages import reader_language, say

STYLE = {"error": "red", "warning": "yellow", "note": "dim"}


def show_findings(found: Linted) -> None:
    """Print every finding, then one line that sums up."""
    console, language = Console(highlight=False, soft_wrap=True), reader_language()
    for finding in found.findings:
        console.print(finding.told(language), style=STYLE[finding.severity], markup=False)
    for path in found.fixed:
        console.print(say("lint_mended", language, path=path), markup=False)
    for lacking in found.balance:
        console.print(say("lint_lacking", language, what=told(lacking, language)), style="dim", markup=False)
    errors = sum(finding.severity == "error" for finding in found.findings)
    counts = {"cases": len(found.cases), "errors": errors, "warnings": len(found.findings) - errors}
    console.print(say("lint_sum", language, **counts))
