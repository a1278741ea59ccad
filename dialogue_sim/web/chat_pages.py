"""The pages of the chat: choose a case, talk, conclude, read the scorecard.

Before the end a page holds what has been said and nothing else of the case: turns by their text
alone, the case by its title and registration note.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dialogue_sim.cases import Case, doctor_view
from dialogue_sim.reports.messages import LANGUAGES, Language, say
from dialogue_sim.roles.closing import ClosingForm
from dialogue_sim.web.chats import END_MARKS, LISTS, MAX_CHARACTERS, Chat, Chats
from dialogue_sim.web.sheets import chat_sheet, talk_data
from dialogue_sim.web.site import Site, language_of, see_other

PATIENCE_S = 5.0
"""How long an answer to a form waits for the patient before the page says that it does."""

_NOTHING = dict.fromkeys(["diagnosis", *LISTS], "")


class ChatPages:
    """Handlers over the chats of a store."""

    def __init__(self, site: Site, chats: Chats) -> None:
        self._site, self._chats = site, chats

    def routes(self) -> list[Route]:
        """The addresses of this room."""
        return [
            Route("/chat", self.choose),
            Route("/chat", self.begin, methods=["POST"]),
            Route("/chat/{id}", self.show),
            Route("/chat/{id}/turn", self.turn, methods=["POST"]),
            Route("/chat/{id}/closing", self.closing, methods=["POST"]),
        ]

    async def choose(self, request: Request) -> Response:
        """The cases, and the visitor's own chats."""
        cases = self._chats.cases
        first = language_of(request)
        order: list[Language] = [first, *(other for other in LANGUAGES if other != first)]
        groups = [(code, [self._card(c) for c in cases.values() if c.language == code]) for code in order]
        mine = [
            (record, cases[record.case_id].title, self._chats.finished(record.id))
            for record in self._chats.of(request.scope["visitor"])
            if record.case_id in cases
        ]
        groups = [group for group in groups if group[1]]
        return self._site.page(request, "chats.html.j2", groups=groups, mine=mine)

    async def begin(self, request: Request) -> Response:
        """Begin one."""
        fields = await self._site.form(request)
        chosen = [name for name in self._chats.cases if self._site.door.pseudonym(name) == fields.get("case")]
        if not chosen:
            raise HTTPException(404)
        name = fields.get("name", "")[:60].strip()
        chat = await self._chats.begin(chosen[0], visitor=request.scope["visitor"], name=name)
        return see_other(f"/chat/{chat.record.id}")

    async def show(self, request: Request) -> Response:
        """One chat as it stands."""
        return self._page(request, await self._chat(request))

    async def turn(self, request: Request) -> Response:
        """The person says something, orders something, or ends the consultation."""
        chat, fields = await self._chat(request), await self._site.form(request)
        language = chat.case.language
        text, order = fields.get("text", "").strip(), fields.get("order", "").strip()
        action = fields.get("intent", "say")
        if action == "order" and order:
            text = f"{text}\n{say('web_order_phrase', language, tests=order)}".strip()
        if action == "end":
            text = f"{text}\n{END_MARKS[language]}".strip()
        if not text or len(text) > MAX_CHARACTERS:
            key = "web_too_long" if text else "web_say_something"
            problem = say(key, language_of(request))
            return self._page(request, chat, problem=problem, draft=fields.get("text", ""), order=order)
        return await self._written(request, lambda chat: chat.write(text, _place(fields)))

    async def closing(self, request: Request) -> Response:
        """The person hands in the closing block."""
        chat, fields = await self._chat(request), await self._site.form(request)
        lists = {name: _lines(fields.get(name, "")) for name in LISTS}
        diagnosis = fields.get("diagnosis", "").strip()
        try:
            form = ClosingForm.model_validate({"diagnosis": diagnosis, **lists})
        except ValidationError:
            form = None
        if form is None or not diagnosis:
            problem = say("web_closing_problem", language_of(request))
            return self._page(request, chat, problem=problem, fields={**_NOTHING, **fields})
        return await self._written(request, lambda chat: chat.conclude(form, _place(fields)))

    async def _written(self, request: Request, write: Callable[[Chat], Awaitable[bool]]) -> Response:
        chat = await self._chat(request)
        while not (taken := await write(chat)) and chat.state == "away":
            chat = await self._chat(request)
        if taken:
            await chat.settled(PATIENCE_S)
        return see_other(f"/chat/{chat.record.id}")

    async def _chat(self, request: Request) -> Chat:
        chat = await self._chats.chat(request.path_params["id"])
        if chat is None:
            raise HTTPException(404)
        return chat

    def _card(self, case: Case) -> dict[str, Any]:
        """What may be known of a case before it begins; its id may say more than that."""
        return {
            "id": self._site.door.pseudonym(case.id),
            "title": case.title,
            "registration": doctor_view(case).registration,
        }

    def _page(
        self, request: Request, chat: Chat, *, problem: str = "", draft: str = "", order: str = "",
        fields: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        view, sheet = doctor_view(chat.case), chat_sheet(self._chats, chat)
        data = None
        if sheet and chat.transcript:
            # The patient's side of the case stays unseen after the end too: others may meet the same patient.
            data = talk_data(self._chats.rubric, chat.transcript, chat.judgement, sheet.score, None)
        return self._site.page(
            request, "chat.html.j2", chat=chat, title=chat.case.title, registration=view.registration,
            turns=list(chat.turns), problem=problem, draft=draft, order=order, fields=fields or _NOTHING,
            most=MAX_CHARACTERS, left=self._chats.config.turns - sum(t.speaker == "doctor" for t in chat.turns),
            sheet=sheet, data=data,
            lexicon=any(judge.model == "lexicon" for judge in self._chats.config.judges),
        )  # fmt: skip


def _place(fields: dict[str, str]) -> int:
    place = fields.get("place", "")
    return int(place) if place.isascii() and place.isdigit() and len(place) < 9 else -1


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
