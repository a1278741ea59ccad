"""Serving the application: where it listens, and what the person who started it is told."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import uvicorn

from dialogue_sim.cases import load_cases
from dialogue_sim.errors import ConfigError
from dialogue_sim.models.journal import Journal
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.directory import replace_file
from dialogue_sim.web.app import Marking, Rooms, application, secret_of
from dialogue_sim.web.chats import Chats
from dialogue_sim.web.doorway import Door, is_loopback
from dialogue_sim.web.gallery import Gallery, Run
from dialogue_sim.web.markings import Markings, Pool

Tell = Callable[[str], None]


class Address(NamedTuple):
    """Where a server listens, and under which names it is reached. `token` None: one is made where it is needed."""

    host: str = "127.0.0.1"
    port: int = 8765
    names: Sequence[str] = ()
    token: str | None = None


class Offer(NamedTuple):
    """What is served.

    Attributes:
        home: the folder whose runs are listed.
        runs: run directories instead of it; the ones to mark, in a server for marking.
        config: patient, judge and cases of the chats.
        store: where chats and marks are kept.
        limit: how many consultations are marked, chosen by chance; None for all.
    """

    rooms: frozenset[str]
    home: Path
    runs: Sequence[Path]
    config: RunConfig
    store: Path
    limit: int | None = None
    seed: int = 0


async def serve(offer: Offer, address: Address, tell: Tell) -> None:
    """Serve until interrupted.

    Args:
        tell: is given the address to open, once the server listens.

    Raises:
        ConfigError: the address is taken, the store is held by another server, a run or case cannot be used.
        ModelError: a model behind the patient or the judge does not answer.
    """
    listening = _listen(address)
    journal = Journal(offer.store)
    gallery: Gallery | None = None
    try:
        gallery = Gallery(offer.home, offer.runs)
        token = address.token or ("" if is_loopback(address.host) else secrets.token_urlsafe(18))
        port: int = listening.getsockname()[1]
        secret = await secret_of(journal)
        door = Door(address.host, port, names=address.names, token=token, secret=secret)
        rooms = rooms_of(offer, journal, door, gallery)
        if rooms.chats:
            await rooms.chats.open()  # before the server, so that what is wrong is said in one message
        server = uvicorn.Server(
            uvicorn.Config(
                application(rooms, door), log_level="warning", server_header=False, date_header=False,
                timeout_graceful_shutdown=3, lifespan="on",
            )
        )  # fmt: skip
        tell(_url(address, port, token))
        await server.serve(sockets=[listening])
    finally:
        listening.close()
        if gallery:
            gallery.close()
        journal.close()


def export_marks(folder: Path, kept: Path, target: Path) -> Path:
    """Write the marks on one run, as `calibrate` reads them; returns the file.

    Raises:
        ConfigError: the run, the store or the file cannot be used.
    """
    gallery = Gallery(folder, [folder])
    journal = Journal(kept, read_only=True)
    try:
        return replace_file(target, Markings(journal).csv(gallery.names()[0]))
    finally:
        journal.close()
        gallery.close()


def rooms_of(offer: Offer, journal: Journal, door: Door, gallery: Gallery) -> Rooms:
    """The rooms that an offer names, over one store."""
    known: dict[str, Pool] = {}

    def pool(name: str, runs: list[Run]) -> Pool:
        place = door.pseudonym(name)
        if place not in known or known[place].runs != runs:
            known[place] = Pool(place, runs, offer.limit, offer.seed)
        return known[place]

    def pools() -> list[Pool]:
        runs = gallery.runs()
        # Whoever sees the runs may mark each by itself; to raters they are one pile.
        return [pool(run.name, [run]) for run in runs] if "runs" in offer.rooms else [pool("", runs)]

    chats = None
    if "chat" in offer.rooms:
        config = offer.config
        cases = load_cases(config.cases or None, language=config.lang, limit=config.limit)
        chats = Chats(config, cases, journal)
    return Rooms(
        runs=gallery if "runs" in offer.rooms else None,
        chats=chats,
        marking=Marking(Markings(journal), pools) if "annotate" in offer.rooms else None,
    )


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host.strip("[]"), address.port))
        listening.listen(256)  # whoever opens the address before the application is up, waits
    except OSError as problem:
        listening.close()
        raise ConfigError(
            f"cannot listen there: {problem.strerror}",
            where=f"{address.host}:{address.port}",
            mend="choose another --port or --host",
        ) from None
    return listening


def _url(address: Address, port: int, token: str) -> str:
    host = socket.gethostname() if address.host in ("0.0.0.0", "::") else address.host
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
