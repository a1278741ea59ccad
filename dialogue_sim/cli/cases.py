"""`case list | show | schema`: looking at cases."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated

import typer

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
    json: Json = False,
) -> None:
    """Name the cases with specialty, urgency and complexity. 列出病例。"""
    from dialogue_sim.cases import load_cases
    from dialogue_sim.reports.cases import case_rows, show_rows

    rows = case_rows(load_cases(sources or None, language=lang))
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
