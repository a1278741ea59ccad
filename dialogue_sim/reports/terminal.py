"""The score table in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.judging.rubric import Rubric, load_rubric
from dialogue_sim.reports.figures import interval, percent, points
from dialogue_sim.reports.messages import Language, reader_language, say
from dialogue_sim.runs.directory import read_manifest
from dialogue_sim.runs.run import Outcome


def show_outcome(outcome: Outcome) -> None:
    """Print score, dimensions, cases, failures and the places of the files."""
    language = reader_language()
    console = Console(highlight=False)
    if outcome.scores is not None:
        # By its path: a rubric of the reader's own is not found by its id.
        wanted = read_manifest(outcome.path)["config"].get("rubric")
        _show_scores(console, outcome.scores, load_rubric(wanted), language)
    if outcome.failures:
        console.print(say("failures_left", language, count=outcome.failures), style="yellow")
    if outcome.stopped:
        console.print(
            say({"interrupted": "interrupted", "budget": "budget_spent"}[outcome.stopped], language),
            style="yellow",
        )
    console.print()
    for key, name in (
        ("report", "report.html"),
        ("summary", "summary.md"),
        ("transcripts", "transcripts.jsonl"),
        ("scores", "scores.json"),
    ):
        if (outcome.path / name).exists():
            console.print(f"{say(f'path_{key}', language)}: {outcome.path / name}", soft_wrap=True)


def _show_scores(console: Console, scores: dict[str, Any], rubric: Rubric, language: Language) -> None:
    if scores["score"] is None:
        console.print(say("nothing_scored", language), style="yellow")
        return
    console.print()
    console.print(case_table(scores, language))
    console.print(dimension_table(scores, rubric, language))
    console.print(
        f"{say('score_of', language, doctor=scores['doctor'])}: [bold]{points(scores['score'])}[/bold] / 100"
        f"   {say('interval', language)}: {interval(scores['ci95'], language)}"
    )
    for note in scores["notes"]:
        console.print(say(note, language), style="dim")


def dimension_table(scores: dict[str, Any], rubric: Rubric, language: Language) -> Table:
    """The dimensions of the rubric, and its caps that fired."""
    names = {d.id: getattr(d, language) for d in rubric.dimensions}
    table = Table(box=None, pad_edge=False)
    table.add_column(say("dimension", language))
    table.add_column(say("weight", language), justify="right")
    table.add_column(say("points", language), justify="right")
    table.add_column("95 %", justify="right")
    for dimension in rubric.dimensions:
        figure = scores["dimensions"].get(dimension.id)
        if figure:
            table.add_row(
                names[dimension.id],
                f"{dimension.weight:g}",
                points(figure["score"]),
                interval(figure["ci95"], language),
            )
    for cap in rubric.caps:
        rate = scores["caps"].get(cap.id)
        if rate and rate["rate"] > 0:
            table.add_row(
                f"{cap.id} {getattr(cap, language).name}", f"≤ {cap.limit:g}", percent(rate["rate"]), ""
            )
    return table


def case_table(scores: dict[str, Any], language: Language, most: int = 12) -> Table:
    """One row a case, the lowest scores first when there are many."""
    table = Table(box=None, pad_edge=False)
    for key, align in (
        ("case", "left"),
        ("specialty", "left"),
        ("urgency", "left"),
        ("points", "right"),
        ("caps", "left"),
    ):
        table.add_column(say(key, language), justify=align)  # type: ignore[arg-type]
    cases = sorted(scores["cases"], key=lambda case: (case["score"], case["id"]))
    for case in cases[:most]:
        strata = case["strata"]
        table.add_row(
            case["id"], label("specialties", strata["specialty"], language), label("urgencies", strata["urgency"], language),
            points(case["score"]), " ".join(cap for cap, rate in case["caps"].items() if rate),
        )  # fmt: skip
    if len(cases) > most:
        table.add_row(f"… {len(cases) - most}", "", "", "", "")
    return table
