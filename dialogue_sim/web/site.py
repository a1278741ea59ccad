"""The frame of every page: the reader's language, templates, forms and how a problem is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.errors import told
from dialogue_sim.reports.figures import interval, percent, points
from dialogue_sim.reports.messages import LANGUAGES, Language, say
from dialogue_sim.web.doorway import Door

LANGUAGE = "dialogue_sim_language"
MAX_FORM = 256 * 1024
_YEAR = 365 * 24 * 3600


class Site:
    """Renders pages in the reader's language.

    Args:
        rooms: which of `runs`, `chat` and `annotate` this server has.
    """

    def __init__(self, door: Door, rooms: frozenset[str]) -> None:
        self.door, self.rooms = door, rooms
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader("dialogue_sim.web"), PackageLoader("dialogue_sim.reports")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            points=points, percent=percent, quote=lambda text: quote(text, safe="")
        )

    def page(self, request: Request, template: str, /, status: int = 200, **values: Any) -> Response:
        """One page. The language comes from `?lang=`, the cookie, or the browser, in this order."""
        language = language_of(request)
        visitor: str = request.scope["visitor"]
        text = self._environment.get_template(template).render(
            t=lambda key, **filled: say(key, language, **filled),
            word=lambda kind, name: label(kind, name, language),
            reach=lambda bounds: interval(bounds, language),
            explained=lambda sentence: told(sentence, language),
            own=lambda thing: getattr(thing, language),
            when=lambda moment: time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)),
            language=language,
            other="en" if language == "zh" else "zh",
            rooms=self.rooms,
            here=request.url.path,
            form_token=self.door.form_token(visitor),
            **values,
        )
        response = HTMLResponse(text, status_code=status)
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE, language, max_age=_YEAR, samesite="lax", httponly=True)
        return response

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a posted form.

        Raises:
            HTTPException: 413 too long; 403 it is not a form of this site.
        """
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_FORM:
                raise HTTPException(413)
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
        expected = self.door.form_token(request.scope["visitor"])
        if fields.pop("form_token", "") != expected:
            raise HTTPException(403)
        return {name: value.replace("\r\n", "\n").replace("\x00", "") for name, value in fields.items()}

    def problem(self, request: Request, problem: Exception) -> Response:
        """What a reader is told when a page cannot be shown."""
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        known = {403: "web_refused", 404: "web_not_found", 413: "web_too_long"}
        return self.page(request, "problem.html.j2", status, sentence=known.get(status, "web_broken"))


def language_of(request: Request) -> Language:
    """The reader's language."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
    for language in LANGUAGES:
        if asked == language:
            return language
    wanted = request.headers.get("accept-language", "").lower()
    first = wanted.partition(",")[0]
    return "zh" if first.startswith("zh") else "en"


def see_other(path: str) -> Response:
    """Go and look there, after a form."""
    return RedirectResponse(path, status_code=303)


Numbers = Mapping[str, Any]
Handler = Callable[[Request], Any]
