"""`case …`: look at cases, check them, count them."""

from __future__ import annotations

import asyncio
import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dialogue_sim.cli import WRONG, case_authoring

if TYPE_CHECKING:
    from dialogue_sim.validation.spread import Spread

app = typer.Typer(
    help="Cases: look at them, check them, write new ones. 病例。",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Sources = Annotated[
    list[str] | None,
    typer.Argument(help="Folder, file or case id. Default: all bundled cases.", show_default=False),
]


@app.command("list", epilog="Example: dialogue-sim case list --lang zh")
def list_cases(
    sources: Sources = None,
    lang: Annotated[str | None, typer.Option(help="zh or en")] = None,
    split: Annotated[str | None, typer.Option(help="public or private")] = None,
    json: Json = False,
) -> None:
    """Name the cases with specialty, urgency and complexity. 列出病例。"""
    from dialogue_sim.cases import load_cases
    from dialogue_sim.reports.cases import case_rows, show_rows

    rows = case_rows(load_cases(sources or None, language=lang, split=split))
    if json:
        typer.echo(jsonlib.dumps(rows, ensure_ascii=False, indent=1))
    else:
        show_rows(rows)


@app.command(epilog="Example: dialogue-sim case show zh-chest-tightness-driver")
def show(source: Annotated[str, typer.Argument(help="Case id or file.")], json: Json = False) -> None:
    """Show what each role can see of a case: patient, examiner, judge. 按角色展示病例。"""
    from dialogue_sim.cases import load_cases
    from dialogue_sim.reports.cases import show_views

    case = load_cases([source])[0]
    if json:
        typer.echo(case.model_dump_json(by_alias=True, indent=1))
    else:
        show_views(case)


@app.command(epilog="Example: dialogue-sim case schema > case.schema.json")
def schema() -> None:
    """Print the JSON Schema of case files, for editors. 输出病例文件的 JSON Schema。"""
    from dialogue_sim.cases import json_schema

    typer.echo(jsonlib.dumps(json_schema(), ensure_ascii=False, indent=1))


@app.command(epilog="Example: dialogue-sim case lint --strict cases/")
def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders. Default: the bundled cases.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse warnings too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend layout, punctuation and missing canaries first.")
    ] = False,
    json: Json = False,
) -> None:
    """Check case files; each finding says where and how to mend. 检查病例文件。"""
    from dialogue_sim.cases.lint import lint as check
    from dialogue_sim.reports.lint import show_findings
    from dialogue_sim.resources import bundled

    found = check(paths or [bundled("cases")], fix=fix)
    if json:
        typer.echo(
            jsonlib.dumps([finding._asdict() for finding in found.findings], ensure_ascii=False, indent=1)
        )
    else:
        show_findings(found)
    if not found.fit(strict=strict):
        raise typer.Exit(WRONG)


@app.command(epilog="Example: dialogue-sim case stats --graded cases/")
def stats(
    sources: Sources = None,
    graded: Annotated[
        bool,
        typer.Option("--graded", help="Hold every case with graded doctors, and show scores by specialty."),
    ] = False,
    json: Json = False,
) -> None:
    """Count a set of cases by language, specialty, urgency, age, shape; say what it lacks. 统计病例构成。"""
    from dialogue_sim.cases import load_cases
    from dialogue_sim.cases.stats import case_stats
    from dialogue_sim.reports.case_stats import show_stats
    from dialogue_sim.validation.show import show_spread

    found = case_stats(load_cases(sources or None))
    spreads = _spreads(sources) if graded else []
    if json:
        scores = {"graded": [spread._asdict() for spread in spreads]} if graded else {}
        typer.echo(jsonlib.dumps({**found, **scores}, ensure_ascii=False, indent=1))
    else:
        show_stats(found)
        if spreads:
            show_spread(spreads)


def _spreads(sources: list[str] | None) -> list[Spread]:
    from tempfile import TemporaryDirectory

    from dialogue_sim.cli.runs import config_of
    from dialogue_sim.validation.spread import spread_by_specialty

    config = config_of({"doctor": "scripted:expert", "cases": sources})
    with TemporaryDirectory() as scratch:
        return asyncio.run(spread_by_specialty(config, Path(scratch)))


case_authoring.register(app)
