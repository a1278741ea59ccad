"""Cases in the terminal: a list, and one case as each role sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from dialogue_sim.cases import Case, examiner_view, patient_view
from dialogue_sim.cases.vocabulary import label
from dialogue_sim.reports.messages import Language, reader_language, say


def case_rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What a list of cases shows, as plain data."""
    return [
        {
            "id": case.id, "language": case.language, "title": case.title, "specialty": case.specialty,
            "urgency": case.urgency, "complexity": case.complexity, "facts": len(case.patient.facts),
            "review": case.provenance.review, "parallel": case.parallel, "split": case.split,
        }
        for case in cases
    ]  # fmt: skip


def show_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print a list of cases."""
    language = reader_language()
    table = Table(box=None, pad_edge=False)
    for key in ("case", "specialty", "urgency", "complexity"):
        table.add_column(say(key, language))
    table.add_column("")
    for row in rows:
        table.add_row(
            row["id"], label("specialties", row["specialty"], language), label("urgencies", row["urgency"], language),
            str(row["complexity"]), row["title"],
        )  # fmt: skip
    Console(highlight=False).print(table)


def show_views(case: Case) -> None:
    """Print a case as the patient, the examiner and the judge see it."""
    language: Language = case.language
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{case.id}[/bold]  {case.title}")
    console.print(f"\n[bold]{say('patient', language)}[/bold]")
    view = patient_view(case)
    console.print(f"  “{view.opening}”")
    for fact in view.facts:
        sign = "+" if fact.status == "affirmed" else "−"
        console.print(
            f"  {sign} {label('topics', fact.topic, language)} [dim]{fact.id} · {fact.disclosure}[/dim]  {fact.say}"
        )
    for cue in view.cues:
        console.print(f"  ! {cue.kind} [dim]{cue.when}[/dim]  {cue.line}")
    console.print(f"\n[bold]{say('examiner', language)}[/bold]")
    seen = examiner_view(case)
    console.print(
        "  " + "  ".join(f"{name} {value}" for name, value in seen.vitals.model_dump().items() if value)
    )
    for finding in (*seen.examinations, *seen.tests):
        console.print(f"  {finding.names[0]} [dim]{finding.status}[/dim]  {finding.result}")
    _show_judge_part(console, case, language)


def _show_judge_part(console: Console, case: Case, language: Language) -> None:
    part = case.judge
    console.print(f"\n[bold]{say('judge', language)}[/bold]")
    console.print(
        f"  {say('closing_diagnosis', language)}: {part.diagnosis.primary} [dim]{', '.join(part.diagnosis.synonyms)}[/dim]"
    )
    console.print(
        f"  {say('closing_differential', language)}: {', '.join(entry.names[0] for entry in part.differential)}"
    )
    for flag in part.red_flags:
        console.print(f"  ⚑ {flag.label} [dim]{', '.join(flag.facts)}[/dim]")
    for kind, tests in part.tests.model_dump().items():
        if tests:
            console.print(
                f"  {say('closing_tests', language)} [dim]{kind}[/dim]: {', '.join(test['names'][0] for test in tests)}"
            )
    for action in part.plan:
        console.print(f"  {say('closing_plan', language)}: {action.action}")
    for danger in part.contraindications:
        console.print(f"  ✕ {danger.label}")
