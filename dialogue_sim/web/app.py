"""The application: which rooms a server has, put together."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from dialogue_sim.models.journal import Journal
from dialogue_sim.web.annotation_pages import AnnotationPages, Pools
from dialogue_sim.web.chat_pages import ChatPages
from dialogue_sim.web.chats import Chats
from dialogue_sim.web.doorway import Door, Doorway
from dialogue_sim.web.gallery import Gallery
from dialogue_sim.web.markings import Markings
from dialogue_sim.web.run_pages import RunPages
from dialogue_sim.web.site import Site, see_other

HOMES = {"runs": "/runs", "chat": "/chat", "annotate": "/annotate"}


class Marking(NamedTuple):
    """The marks in a store, and what may be marked."""

    markings: Markings
    pools: Pools


@dataclass(frozen=True)
class Rooms:
    """What a server offers; None leaves a room out.

    Attributes:
        runs: the runs to look at.
        chats: the cases to talk to.
        marking: the consultations to mark.
    """

    runs: Gallery | None = None
    chats: Chats | None = None
    marking: Marking | None = None

    def names(self) -> frozenset[str]:
        """Names of the rooms there are."""
        there = {"runs": self.runs, "chat": self.chats, "annotate": self.marking}
        return frozenset(name for name, room in there.items() if room is not None)


def application(rooms: Rooms, door: Door) -> ASGIApp:
    """The ASGI application. Models are opened when it starts and closed when it ends."""
    site = Site(door, rooms.names())
    routes: list[Route | Mount] = [
        Route("/", lambda request: see_other(next(p for n, p in HOMES.items() if n in rooms.names()))),
        Mount(
            "/static",
            StaticFiles(packages=[("dialogue_sim.web", "static"), ("dialogue_sim.reports", "static")]),
        ),
    ]
    if rooms.runs:
        routes += RunPages(site, rooms.runs).routes()
    if rooms.chats:
        routes += ChatPages(site, rooms.chats).routes()
    if rooms.marking:
        routes += AnnotationPages(site, *rooms.marking, overseen=rooms.runs is not None).routes()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if rooms.chats:
            await rooms.chats.open()
        yield
        if rooms.chats:
            await rooms.chats.close()

    async def problem(request: Request, exception: Exception) -> Response:
        return site.problem(request, exception)

    handlers = {HTTPException: problem, Exception: problem}
    return Doorway(Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers), door)


async def secret_of(journal: Journal) -> str:
    """The store's secret, made once and kept in it."""
    known = journal.get_record("site", "secret")
    if known is None:
        known = secrets.token_hex(32)
        await journal.put_record("site", "secret", known)
    return str(known)
