"""`validate`: does the instrument measure what it says?"""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from dialogue_sim.cli import NOT_SO
from dialogue_sim.cli.runs import CaseSources, JudgeSpecs, Lang, Limit, PatientSpec, RubricFile, Votes

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
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the runs behind it here; the same folder resumes.")
    ] = None,
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
        typer.echo(
            jsonlib.dumps(
                {**found.model_dump(by_alias=True), "holds": found.holds}, ensure_ascii=False, indent=1
            )
        )
    else:
        show_validation(found, every_check=every)
    if not found.holds:
        raise typer.Exit(NOT_SO)


@app.command("patient", epilog="Example: dialogue-sim validate patient --patient embedded --lang zh")
def validate_patient(
    patient: PatientSpec = None,
    voice: Annotated[
        str | None, typer.Option("--voice", help="template, model, or one_call (baseline).")
    ] = None,
    guard: Annotated[
        bool, typer.Option("--guard/--no-guard", help="Check every reply before the doctor sees it.")
    ] = True,
    cases: CaseSources = None,
    lang: Lang = None,
    limit: Limit = None,
    tuning: Annotated[
        bool, typer.Option("--tuning", help="Use the half that may be looked at; print what was missed.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:
    """Does the patient understand, keep to the record and stay in role? 检验模拟病人。"""
    from dialogue_sim.roles.patient import PatientSettings
    from dialogue_sim.validation.patient import validate_patients
    from dialogue_sim.validation.show import show_checks

    settings = PatientSettings.model_validate({"model": patient or "record", "voice": voice, "guard": guard})
    found = asyncio.run(
        validate_patients(settings, cases or None, lang, limit, "tuning" if tuning else "test")
    )
    if json:
        typer.echo(
            jsonlib.dumps([check.model_dump() for check in found.checks], ensure_ascii=False, indent=1)
        )
    else:
        show_checks(found.checks)
        for line in found.missed if tuning else []:
            typer.echo(line)
    if not all(check.holds for check in found.checks):
        raise typer.Exit(NOT_SO)
