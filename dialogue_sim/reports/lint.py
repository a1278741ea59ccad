"""Findings about cases in the terminal."""

from __future__ import annotations

from rich.console import Console

from dialogue_sim.cases.lint import Linted

STYLE = {"error": "red", "warning": "yellow", "note": "dim"}


def show_findings(found: Linted) -> None:
    """Print every finding, then one line that sums up."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in found.findings:
        console.print(str(finding), style=STYLE[finding.severity], markup=False)
    for path in found.fixed:
        console.print(f"mended: {path}", markup=False)
    for lacking in found.balance:
        console.print(f"the set has {lacking}", style="dim", markup=False)
    errors = sum(finding.severity == "error" for finding in found.findings)
    console.print(f"{len(found.cases)} cases, {errors} errors, {len(found.findings) - errors} warnings")
