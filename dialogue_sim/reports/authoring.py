"""What the commands that make cases show in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from dialogue_sim.authoring.drafting import Draft
from dialogue_sim.authoring.questioning import Asked
from dialogue_sim.cases.deidentify import Finding
from dialogue_sim.cases.importers import ImportedFile
from dialogue_sim.cases.lint import Linted
from dialogue_sim.cases.lint import finding as of_lint
from dialogue_sim.cases.model import Questions
from dialogue_sim.errors import told
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


def import_summary(
    format_name: str, imported: Sequence[ImportedFile], linted: Linted | None
) -> dict[str, Any]:
    """What became of the imported files, as plain data: counts, warnings by kind, and every warning of every case."""
    cases = [one for part in imported for one in part.cases]
    kinds = sum((Counter(part.warnings_by_kind()) for part in imported), Counter())
    found = [finding.severity for finding in linted.findings] if linted else []
    return {
        "format": format_name,
        "rows": sum(part.rows for part in imported),
        "imported": len(cases),
        "refused": [{"where": row.where, "what": row.what} for part in imported for row in part.refused],
        "warnings": dict(sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))),
        "lint": {"errors": found.count("error"), "warnings": found.count("warning")} if linted else {},
        "cases": [
            {
                "id": one.case.id,
                "where": one.where,
                "warnings": [warning._asdict() for warning in one.warnings],
            }
            for one in cases
        ],
    }


def show_import(summary: dict[str, Any], out: Path | None) -> None:
    """Print what was imported and the warnings by kind."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(say("import_counts", language, imported=summary["imported"], rows=summary["rows"]))
    for row in summary["refused"]:
        console.print(f"{row['where']}: {row['what']}", style="red")
    for kind, count in summary["warnings"].items():
        name, _, part = kind.partition(":")
        meaning = say(f"import_{name}", language, part=part)
        console.print(f"  {count:5}  {kind:32} {meaning}")
    if out:
        lint = summary["lint"]
        console.print(
            say("import_written", language, out=out, errors=lint["errors"], warnings=lint["warnings"])
        )
    else:
        console.print(say("import_not_written", language))


def draft_summary(made: Draft, path: Path, spans: Path, linted: Linted) -> dict[str, Any]:
    """What became of a drafted record, as plain data."""
    return {
        "case": str(path),
        "spans": str(spans),
        "facts": len(made.case.patient.facts),
        "findings": len(made.case.examiner.examinations) + len(made.case.examiner.tests),
        "dropped": [dropped._asdict() for dropped in made.dropped],
        "warnings": [warning._asdict() for warning in made.warnings],
        "failures": made.failures,
        "lint": [finding._asdict() for finding in linted.findings],
    }


def show_draft(summary: dict[str, Any]) -> None:
    """Print what was kept, what was dropped and why, and what the draft still lacks."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(
        say(
            "draft_written",
            language,
            case=summary["case"],
            facts=summary["facts"],
            findings=summary["findings"],
        )
    )
    console.print(say("draft_spans", language, spans=summary["spans"]))
    for dropped in summary["dropped"]:
        console.print(f"  ✗ {say('draft_' + dropped['kind'], language)}: {dropped['text']}", style="yellow")
    for warning in summary["warnings"]:
        name, _, part = warning["kind"].partition(":")
        detail = f": {warning['detail']}" if warning["detail"] else f": {part}" if part else ""
        console.print(f"  · {say(f'import_{name}', language, part=part)}{detail}", style="dim")
    for failure in summary["failures"]:
        console.print(f"  ! {say('draft_failed', language)}: {failure}", style="red")
    for finding in summary["lint"]:
        console.print(of_lint.Finding(**finding).told(language), markup=False)
    console.print(say("draft_check", language))


def show_added(file: Path, new: Questions) -> None:
    """Say on stderr that questions of one call stand in a file."""
    count = sum(map(len, new.facts.values())) + len(new.unrecorded)
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    console.print(say("questions_added", reader_language(), case=str(file), count=count), style="dim")


def question_summary(file: Path, asked: Asked) -> dict[str, Any]:
    """What became of the questions that a model wrote for a case, as plain data."""
    return {
        "case": str(file),
        "kept": asked.kept,
        "unrecorded": len(asked.questions.unrecorded),
        "dropped": dict(asked.dropped.most_common()),
        "lacking": {name or "unrecorded": count for name, count in asked.lacking.items()},
        "failures": asked.failures,
    }


def show_questions(summary: dict[str, Any]) -> None:
    """Print how many questions were kept, how many were dropped and why, and what is still lacking."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True, markup=False)
    dropped, lacking = summary["dropped"], summary["lacking"]
    if not (summary["kept"] or dropped or lacking):
        console.print(say("questions_enough", language, case=summary["case"]))
        return
    counts = {"kept": summary["kept"], "dropped": sum(dropped.values())}
    console.print(say("questions_counts", language, case=summary["case"], **counts))
    for reason, count in dropped.items():
        console.print(f"  ✗ {count:4}  {say('questions_' + reason, language)}", style="yellow")
    if lacking:
        names = ", ".join(f"{name} {count}" for name, count in lacking.items())
        console.print(f"  · {say('questions_lacking', language, names=names)}", style="yellow")
    for failure in summary["failures"]:
        kind, _, message = failure.partition(": ")
        console.print(
            f"  ! {say('questions_failed', language)} ({kind}): {told(message, language)}", style="red"
        )
    if summary["kept"]:
        console.print(say("questions_check", language))
