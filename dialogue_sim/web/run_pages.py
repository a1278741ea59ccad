"""The pages of the runs: the list, one run, one consultation, and the run's report."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.reports.html import report_html
from dialogue_sim.reports.runfiles import read_run
from dialogue_sim.web.gallery import Gallery, Run
from dialogue_sim.web.sheets import sheet, talk_data
from dialogue_sim.web.site import Site

_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


class RunPages:
    """Handlers over a gallery of runs."""

    def __init__(self, site: Site, gallery: Gallery) -> None:
        self._site, self._gallery = site, gallery

    def routes(self) -> list[Route]:
        """The addresses of this room."""
        return [
            Route("/runs", self.listing),
            Route("/runs/{name}", self.one),
            Route("/runs/{name}/report", self.report),
            Route("/runs/{name}/{case}/{replicate:int}", self.consultation),
        ]

    async def listing(self, request: Request) -> Response:
        """All runs, and where each stands."""
        runs = [(run, run.standing(), run.card()) for run in self._gallery.runs()]
        return self._site.page(
            request,
            "runs.html.j2",
            runs=runs,
            unreadable=self._gallery.unreadable,
            live=any(standing.running for _, standing, _ in runs),
        )

    async def one(self, request: Request) -> Response:
        """One run."""
        run = self._run(request)
        card, standing = run.card(), run.standing()
        rows = [(name, *_case_of(name), run.score(name)) for name in run.dialogues()]
        return self._site.page(
            request, "run.html.j2", run=run, standing=standing, card=card, rows=rows, live=standing.running,
            hardest=run.hardest(), pool=self._site.door.pseudonym(run.name),
            scored=(run.folder / "scores.json").is_file(),
        )  # fmt: skip

    async def consultation(self, request: Request) -> Response:
        """One consultation with the marks it got."""
        run = self._run(request)
        dialogue = f"{request.path_params['case']}/{request.path_params['replicate']}"
        transcript = run.transcript(dialogue)
        if transcript is None:
            raise HTTPException(404)
        names = run.dialogues()
        place = names.index(dialogue)
        judgement, score = run.judgement(dialogue), run.score(dialogue)
        return self._site.page(
            request, "consultation.html.j2", run=run, transcript=transcript,
            before=names[place - 1] if place else None,
            after=names[place + 1] if place + 1 < len(names) else None,
            sheet=sheet(run.rubric, judgement, score),
            data=talk_data(run.rubric, transcript, judgement, score, run.lines),
        )  # fmt: skip

    async def report(self, request: Request) -> Response:
        """The run's report, made anew. Its own scripts and styles are let run, and nothing else."""
        run = self._run(request)
        try:
            files = read_run(run.folder)
            text = report_html(files, load_rubric(files.rubric)).text
        except ConfigError:
            raise HTTPException(404) from None
        return HTMLResponse(text, headers={"content-security-policy": _report_policy(text)})

    def _run(self, request: Request) -> Run:
        try:
            run = self._gallery.run(request.path_params["name"])
        except ConfigError:
            run = None
        if run is None:
            raise HTTPException(404)
        return run


def _case_of(dialogue: str) -> tuple[str, str]:
    case, _, replicate = dialogue.rpartition("/")
    return case, replicate


def _report_policy(text: str) -> str:
    """A policy under which only the scripts of this very page run, known by their hashes."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _SCRIPT.findall(text)
    ]
    return (
        f"default-src 'none'; script-src {' '.join(hashes) or repr('none')}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
