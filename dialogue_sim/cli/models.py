"""`models list | pull | check`."""

from __future__ import annotations

import asyncio
import json as jsonlib
from typing import Annotated

import typer

from dialogue_sim.cli import NOT_SO

app = typer.Typer(
    help="Models: what there is, fetching weights, trying one out. 模型。",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


@app.command("list", epilog="Example: dialogue-sim models list")
def list_models(json: Json = False) -> None:
    """Show the ways to name a model, and the embedded models that can be fetched. 列出可用模型。"""
    from dialogue_sim.reports.models import show_models

    show_models(as_json=json)


@app.command(epilog="Example: dialogue-sim models pull qwen2.5-coder-1.5b-instruct")
def pull(
    name: Annotated[
        str, typer.Argument(help="Name in the catalogue; default: the demonstration model.")
    ] = "",
) -> None:
    """Fetch a model's weights and check them by hash. 下载内置模型权重并校验。"""
    from dialogue_sim.models.catalogue import catalogue
    from dialogue_sim.models.weights import pull as fetch
    from dialogue_sim.reports.live import download_progress

    wanted = catalogue().find(name)
    with download_progress() as listener:
        path = asyncio.run(fetch(wanted, listener))
    typer.echo(path)


@app.command(epilog="Example: dialogue-sim models check openai:qwen3-32b --base-url http://127.0.0.1:8000/v1")
def check(
    spec: Annotated[str, typer.Argument(help="The model, as in --doctor.")],
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")
    ] = None,
    json: Json = False,
) -> None:
    """Say in one screen what a model can do: reachable, JSON schema, seed, reasoning, context, latency. 检查模型。"""
    from dialogue_sim.models.check import check_model
    from dialogue_sim.models.settings import ModelSettings
    from dialogue_sim.reports.models import show_check

    found = asyncio.run(check_model(spec, ModelSettings(base_url=base_url)))
    if json:
        typer.echo(jsonlib.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=1))
    else:
        show_check(found)
    if not found.reachable:
        raise typer.Exit(NOT_SO)
