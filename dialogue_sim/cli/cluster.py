"""`merge`: the parts of a run that several machines held."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dialogue_sim.cli.runs import Json, show


def register(app: typer.Typer) -> None:
    """Add this module's command to the tree."""
    app.command(epilog="Example: dialogue-sim merge runs/part-1 runs/part-2 --out runs/whole")(merge)


def merge(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN…", help="All parts of the run (`run --shard i/n`).")
    ],
    out: Annotated[Path, typer.Option("--out", help="Run directory of the whole.")],
    json: Json = False,
) -> None:
    """Put the parts of a divided run together, and score it as if it had never been divided. 合并分片运行。"""
    from dialogue_sim.runs.merging import merge_parts

    show(asyncio.run(merge_parts(folders, out)), json)
