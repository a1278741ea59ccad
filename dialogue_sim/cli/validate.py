"""`validate`: does the instrument measure what it says?"""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from dialogue_sim.cli import NOT_SO
from dialogue_sim.cli.runs import CaseSources, JudgeSpecs, Lang, Limit, RubricFile, Votes

app = typer.Typer(
    help="Check the instrument itself. 检验评测工具本身。", invoke_without_command=True, rich_markup_mode=None,
    epilog="Example: dialogue-sim validate --limit 20",
)  # fmt: skip


@app.callback()
def validate(
    context: typer.Context,
    judge: JudgeSpecs = None,
    rubric: RubricFile = None,
    cases: CaseSources = None,
    lang: Lang = None,
    limit: Limit = None,
    votes: Votes = None,
    every: Annotated[bool, typer.Option("--every", help="Also print the claims that hold.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Keep the runs behind it here; the same folder resumes.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:
    """Known groups, perturbations, attacks, repeats and statistics. Exit code 0 only when every claim holds."""
    if context.invoked_subcommand:
        return
    from tempfile import TemporaryDirectory

    from dialogue_sim.cli.runs import config_of
    from dialogue_sim.validation.protocol import validate as check
    from dialogue_sim.validation.show import show_validation

    config = config_of({**context.params, "doctor": "scripted:expert"})

    def tell(step: str) -> None:
        if not json:
            print(f"… {step}", file=sys.stderr, flush=True)

    with TemporaryDirectory() as scratch:
        found = asyncio.run(check(config, out or Path(scratch), tell))
    if json:
        typer.echo(jsonlib.dumps({**found.model_dump(by_alias=True), "holds": found.holds}, ensure_ascii=False, indent=1))
    else:
        show_validation(found, every_check=every)
    if not found.holds:
        raise typer.Exit(NOT_SO)
