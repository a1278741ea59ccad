"""What the commands that make cases show in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from dialogue_sim.cases.deidentify import Finding
from dialogue_sim.reports.messages import reader_language, say


def identifier_rows(text: str, found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings with line and column (both from 1), as plain data."""
    return [
        {
            "kind": finding.kind,
            "line": text.count("\n", 0, finding.start) + 1,
            "column": finding.start - text.rfind("\n", 0, finding.start),
            "text": finding.text,
            "suggestion": finding.suggestion,
        }
        for finding in found
    ]


def show_identifiers(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Print each finding with its place, then one line that sums up."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for row in rows:
        kind = say(f"identifier_{row['kind']}", language)
        console.print(f"{file}:{row['line']}:{row['column']}: {kind}: {row['text']} → {row['suggestion']}")
    key = "identifiers_found" if rows else "identifiers_none"
    console.print(say(key, language, count=len(rows)), style="yellow" if rows else "green")
