"""The tree of commands. Each command imports what it needs when it is called, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from dialogue_sim.cli import boards, cases, cluster, exports, models, runs, validate, versions, web

app = typer.Typer(
    name="dialogue-sim",
    help="Measure how well a language model conducts a medical consultation. 评测大语言模型的医患对话交互能力。",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        import dialogue_sim

        typer.echo(dialogue_sim.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Doctor-patient dialogue simulation. 医患对话模拟评测。"""


runs.register(app)
cluster.register(app)
web.register(app)
boards.register(app)
exports.register(app)
versions.register(app)
app.add_typer(validate.app, name="validate")
app.add_typer(cases.app, name="case")
app.add_typer(models.app, name="models")
