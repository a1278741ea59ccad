"""The pages for marking: who marks, the consultation with its items, agreement and export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dialogue_sim.judging.rubric import Cap, Item
from dialogue_sim.reports.messages import say
from dialogue_sim.web.markings import Given, Markings, Pool, Unit, is_rater, turns_in
from dialogue_sim.web.raters import agreement
from dialogue_sim.web.site import Site, language_of, see_other

RATER = "dialogue_sim_rater"
Pools = Callable[[], list[Pool]]


class AnnotationPages:
    """Handlers over pools of consultations and the marks on them.

    Args:
        pools: what may be marked, looked up anew each time.
        overseen: whether agreement and export are shown; not to raters, whom it would sway.
    """

    def __init__(self, site: Site, markings: Markings, pools: Pools, *, overseen: bool) -> None:
        self._site, self._markings, self._pools, self._overseen = site, markings, pools, overseen

    def routes(self) -> list[Route]:
        """The addresses of this room."""
        routes = [
            Route("/annotate", self.choose),
            Route("/annotate/{pool}", self.enter),
            Route("/annotate/{pool}", self.sign, methods=["POST"]),
            Route("/annotate/{pool}/{place:int}", self.mark),
            Route("/annotate/{pool}/{place:int}", self.give, methods=["POST"]),
        ]
        if self._overseen:
            routes += [
                Route("/annotate/{pool}/agreement", self.agreement),
                Route("/annotate/{pool}/verdicts.csv", self.export),
            ]
        return routes

    async def choose(self, request: Request) -> Response:
        """The pools; a single one opens at once."""
        pools = [pool for pool in self._pools() if pool.units()]
        if len(pools) == 1 and not self._overseen:
            return see_other(f"/annotate/{pools[0].id}")
        return self._site.page(request, "pools.html.j2", pools=[(pool, len(pool.units())) for pool in pools])

    async def enter(self, request: Request) -> Response:
        """Who marks, and how far they are."""
        pool, rater = self._pool(request), _rater(request)
        return self._start(request, pool, rater)

    async def sign(self, request: Request) -> Response:
        """A rater says who they are, and goes to the first consultation they have not finished."""
        pool, fields = self._pool(request), await self._site.form(request)
        rater = " ".join(fields.get("rater", "").split())
        if not is_rater(rater):
            return self._start(request, pool, "", problem=say("web_rater_problem", language_of(request)))
        progress = self._progress(pool, rater)
        first = next((n for n, (done, of) in enumerate(progress, start=1) if done < of), 1)
        response = see_other(f"/annotate/{pool.id}/{first}")
        response.set_cookie(RATER, quote(rater), max_age=365 * 24 * 3600, httponly=True, samesite="lax")
        return response

    async def mark(self, request: Request) -> Response:
        """One consultation with its items."""
        pool, rater = self._pool(request), _rater(request)
        if not rater:
            return see_other(f"/annotate/{pool.id}")
        unit, total = self._unit(request, pool, rater)
        sheet = pool.sheet(unit)
        place = request.path_params["place"]
        return self._site.page(
            request, "marking.html.j2", pool=pool, rater=rater, sheet=sheet, place=place, total=total,
            given=self._markings.given(unit, rater), caps={part.id for part in sheet.parts if isinstance(part, Cap)},
        )  # fmt: skip

    async def give(self, request: Request) -> Response:
        """A mark is given, changed or taken back."""
        pool, rater = self._pool(request), _rater(request)
        fields = await self._site.form(request)
        if not rater:
            raise HTTPException(403)
        unit, _ = self._unit(request, pool, rater)
        sheet = pool.sheet(unit)
        item, verdict = fields.get("item", ""), fields.get("verdict", "")
        if item not in {part.id for part in sheet.parts}:
            raise HTTPException(404)
        try:
            turns = turns_in(fields.get("turns", ""), sheet.transcript)
            body = {"verdict": verdict, "turns": turns, "note": fields.get("note", "").strip()}
            given = Given.model_validate(body) if verdict else None
        except ValidationError:
            raise HTTPException(400) from None
        done = await self._markings.give(unit, rater, item, given)
        if request.headers.get("accept") == "application/json":
            return JSONResponse({"done": done, "of": len(sheet.parts)})
        return see_other(f"{request.url.path}#item-{item}")

    async def agreement(self, request: Request) -> Response:
        """How far the raters agree."""
        pool = self._pool(request)
        found = await run_in_threadpool(
            agreement, [row for run in pool.runs for row in self._markings.rows(run.name)]
        )
        rubric = next((run.rubric for run in pool.runs if run.rubric), None)
        parts: list[Item | Cap] = [*rubric.items, *rubric.caps] if rubric else []
        names = {part.id: part for part in parts}
        return self._site.page(request, "agreement.html.j2", pool=pool, found=found, names=names)

    async def export(self, request: Request) -> Response:
        """The marks as `calibrate` reads them."""
        pool = self._pool(request)
        return Response(
            self._markings.csv(pool.runs[0].name), media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="verdicts.csv"'},
        )  # fmt: skip

    def _start(self, request: Request, pool: Pool, rater: str, problem: str = "") -> Response:
        progress: list[Any] = self._progress(pool, rater) if rater else []
        return self._site.page(
            request, "rater.html.j2", pool=pool, rater=rater, progress=progress, problem=problem,
            count=len(pool.units()), overseen=self._overseen,
        )  # fmt: skip

    def _progress(self, pool: Pool, rater: str) -> list[tuple[int, int]]:
        return [(len(self._markings.given(unit, rater)), pool.count(unit)) for unit in pool.order(rater)]

    def _pool(self, request: Request) -> Pool:
        for pool in self._pools():
            if pool.id == request.path_params["pool"]:
                return pool
        raise HTTPException(404)

    def _unit(self, request: Request, pool: Pool, rater: str) -> tuple[Unit, int]:
        order, place = pool.order(rater), request.path_params["place"]
        if not 1 <= place <= len(order):
            raise HTTPException(404)
        return order[place - 1], len(order)


def _rater(request: Request) -> str:
    name = unquote(request.cookies.get(RATER, ""))
    return name if is_rater(name) else ""
