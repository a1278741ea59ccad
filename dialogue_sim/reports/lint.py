"""Findings and counts of cases in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

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


def show_stats(stats: dict[str, Any]) -> None:
    """Print the counts of a set of cases."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{stats['cases']} cases, {stats['pairs']} parallel pairs")
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, counts in stats["by"].items():
        table.add_row(name, "  ".join(f"{word} {count}" for word, count in counts.items()))
    facts = stats["facts"]
    table.add_row(
        "facts",
        f"mean {facts['mean']} ({facts['least']}–{facts['most']}), denied {facts['denied']}, critical {facts['critical']}",
    )
    console.print(table)
    for lacking in stats["lacking"]:
        console.print(f"lacking: {lacking}", style="yellow")
