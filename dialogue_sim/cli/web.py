"""`view`, `chat`, `annotate`: the local web application, and the chat in the terminal."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from dialogue_sim.cli.runs import BaseUrl, JudgeSpecs, Lang, PatientSpec, PersonaChoice, RubricFile, Turns

if TYPE_CHECKING:
    from dialogue_sim.runs.config import RunConfig
    from dialogue_sim.web.server import Address, Offer

Home = Annotated[Path, typer.Option("--home", help="The folder whose runs are listed.")]
Store = Annotated[
    Path | None, typer.Option("--store", help="Where chats and marks are kept. Default: HOME/web.")
]
Host = Annotated[
    str,
    typer.Option("--host", help="Address to listen on; anything but this machine's own asks for a token."),
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--name", help="A further name under which browsers reach it, such as that of a proxy; repeat."
    ),
]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="DIALOGUE_SIM_TOKEN", help="The token to ask for. Default: a random one."),
]
Cases = Annotated[
    list[str] | None,
    typer.Option("--cases", help="Cases to talk to: folder, file or id; repeat. Default: all."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Mark only this many consultations, chosen by chance.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Decides the choice and every rater's order.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the tree."""
    app.command(epilog="Example: dialogue-sim view runs/qwen3")(view)
    app.command(epilog="Example: dialogue-sim chat zh-chest-tightness-driver")(chat)
    app.command(epilog="Example: dialogue-sim annotate runs/qwen3 runs/rival --limit 30")(annotate)


def view(
    runs: Annotated[list[Path] | None, typer.Argument(metavar="RUN…", help="Run directories. Default: all of HOME.")] = None,
    home: Home = Path("runs"), store: Store = None, host: Host = "127.0.0.1", port: Port = 8765,
    name: Names = None, token: Token = None, cases: Cases = None, patient: PatientSpec = None,
    judge: JudgeSpecs = None, limit: Limit = None, seed: Seed = 0,
) -> None:  # fmt: skip
    """Look at runs in the browser, also while they go on; chat and annotate there too. 在浏览器中查看。"""

    config = _config(cases=cases, patient=patient, judge=judge)
    rooms = frozenset({"runs", "chat", "annotate"})
    offer = _server().Offer(rooms, home, tuple(runs or ()), config, store or home / "web", limit, seed)
    _serve(offer, _server().Address(host, port, tuple(name or ()), token))


def chat(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="Case id or file; without one, --serve.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="In the browser, for a class; runs are not shown.")] = False,
    anew: Annotated[bool, typer.Option("--new", help="Begin anew instead of going on.")] = False,
    cases: Cases = None, lang: Lang = None, patient: PatientSpec = None, persona: PersonaChoice = None,
    judge: JudgeSpecs = None, rubric: RubricFile = None, turns: Turns = None, base_url: BaseUrl = None,
    store: Store = None, host: Host = "127.0.0.1", port: Port = 8765, name: Names = None, token: Token = None,
) -> None:  # fmt: skip
    """Be the doctor: talk to a case's patient, conclude, and get the scorecard. 由您来当医生。"""
    from dialogue_sim.errors import ConfigError

    wanted = [case] if case else cases
    config = _config(
        cases=wanted, lang=lang, patient=patient, persona=persona, judge=judge, rubric=rubric, turns=turns,
        base_url=base_url,
    )  # fmt: skip
    if serve:
        offer = _server().Offer(frozenset({"chat"}), Path("runs"), (), config, store or Path("runs/class"))
        _serve(offer, _server().Address(host, port, tuple(name or ()), token))
        return
    if case is None:
        raise ConfigError(
            "no case is named", where="chat", mend="name one (`dialogue-sim case list`), or add --serve"
        )
    from dialogue_sim.cli.terminal_chat import talk

    asyncio.run(talk(config, store or Path("runs/chat"), anew=anew))


def annotate(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Run directories whose consultations are marked.")],
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write one run's marks as CSV, and serve nothing.")
    ] = None,
    store: Store = None, limit: Limit = None, seed: Seed = 0, host: Host = "127.0.0.1", port: Port = 8765,
    name: Names = None, token: Token = None,
) -> None:  # fmt: skip
    """Let people mark blinded consultations in the browser; `calibrate` reads what they decide. 人工标注。"""
    from dialogue_sim.errors import ConfigError

    place = store or Path("runs/web")
    if export:
        if len(runs) != 1:
            raise ConfigError("an export holds the marks on one run", where="--export", mend="name one RUN")
        typer.echo(_server().export_marks(runs[0], place, export))
        return
    offer = _server().Offer(frozenset({"annotate"}), Path("runs"), tuple(runs), _config(), place, limit, seed)
    _serve(offer, _server().Address(host, port, tuple(name or ()), token))


def _config(**flags: object) -> RunConfig:
    from dialogue_sim.cli.runs import config_of

    return config_of({"doctor": "human", **flags})


def _serve(offer: Offer, address: Address) -> None:
    from dialogue_sim.reports.messages import reader_language, say

    def tell(url: str) -> None:
        print(say("web_offers", reader_language(), url=url), file=sys.stderr, flush=True)

    asyncio.run(_server().serve(offer, address, tell))


def _server() -> ModuleType:
    try:
        from dialogue_sim.web import server
    except ModuleNotFoundError as missing:
        from dialogue_sim.errors import ConfigError

        raise ConfigError(
            f"the web application needs {missing.name}", mend="pip install 'dialogue-sim[web]'"
        ) from None
    return server
