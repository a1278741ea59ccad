"""`export`: a run in the form that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def register(app: typer.Typer) -> None:
    """Add this module's command to the tree."""
    app.command(epilog="Example: dialogue-sim export runs/qwen3 --to parquet --out tables")(export)


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")],
    to: Annotated[
        Literal["jsonl", "csv", "parquet", "datasets", "openai-chat", "inspect"],
        typer.Option(help="Tables, a `datasets` folder, chat fine-tuning, or a log for Inspect."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into. Default: RUN/export/FORMAT.")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="openai-chat: only dialogues with at least this score."),
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="openai-chat: prompts to show the doctor. Default: the run's own.")
    ] = None,
) -> None:
    """Write a run for other tools: tables, datasets, fine-tuning, Inspect. 导出对话和评分。"""
    from dialogue_sim.exports.formats import export_run

    for path in export_run(run, to, out, min_score=min_score, prompts=prompts):
        typer.echo(path)
