"""The files that a rescoring leaves, and what it prints."""

from __future__ import annotations

from pathlib import Path

import typer

from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.reports.external import Named
from dialogue_sim.reports.medflow_workbook import write_workbook
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.page_files import json_text, write_report
from dialogue_sim.reports.pages import Page, show
from dialogue_sim.reports.rescoring_pages import rescoring_page
from dialogue_sim.runs.rescored import Rescored


def write_rescored(found: Rescored, rubric: Rubric, folder: Path, language: Language) -> dict[str, Path]:
    """Write scores, summary and report, and for the 2025 profile a workbook a set; message key → path.

    Raises:
        ConfigError: a file cannot be written, or openpyxl is missing.
    """
    files = {"path_scores": "scores.json", "path_summary": "summary.md", "path_report": "report.html"}
    written = {
        key: write_report(folder / name, found, lambda each: _page(found, rubric, each), language)
        for key, name in files.items()
    }
    if (folder / "verdicts.jsonl").is_file():
        written["path_verdicts"] = folder / "verdicts.jsonl"
    for one in found.sets:
        if one.medflow is not None:
            path = folder / f"{one.name}-medflow-2025.xlsx"
            write_workbook(one.medflow, path, language)
            written["path_workbook"] = path
    return written


def show_rescored(
    found: Rescored, rubric: Rubric, written: dict[str, Path], language: Language, *, as_json: bool
) -> None:
    """Print the result, and where the files are."""
    if as_json:
        typer.echo(json_text(found))
        return
    show(_page(found, rubric, language))
    typer.echo()
    for key, path in written.items():
        typer.echo(f"{say(key, language)}: {path}")


def _page(found: Rescored, rubric: Rubric, language: Language) -> Page:
    return rescoring_page(found, [Named(id=d.id, zh=d.zh, en=d.en) for d in rubric.dimensions], language)
