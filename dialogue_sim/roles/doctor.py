"""The doctor: the model under test, or a person, speaking through `ChatModel`.

Two styles of asking. `chat` gives the model the dialogue as chat messages: append-only and
byte-stable, so that a server's prefix cache hits. `guided` is for very small models: each turn they
get the transcript as text and one topic of a fixed plan to ask about; it is a demonstration, and
its score is not comparable with that of `chat`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from dialogue_sim.cases.views import DoctorView
from dialogue_sim.models.base import ChatModel, Message, Options, Reply, Usage
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.models.structured import ask_json
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.closing import ClosingForm, parse_closing
from dialogue_sim.transcript import ClosingBlock, Turn

Style = Literal["chat", "guided"]

_END = re.compile(r"[\[【(（]\s*(?:问诊结束|结束问诊|END(?: OF CONSULTATION)?)\s*[\]】)）]", re.IGNORECASE)
_STRAY_LABEL = re.compile(r"^\s*(?:医生|大夫|doctor)\s*[:：]\s*", re.IGNORECASE)
_FORGED_TURN = re.compile(r"\n\s*(?:病人|患者|patient)\s*[:：].*", re.IGNORECASE | re.DOTALL)
_REMINDER_AT = 2


class DoctorReply(NamedTuple):
    """What the doctor said, and whether it ends the consultation."""

    text: str
    closes: bool = False
    closing: ClosingBlock | None = None
    calls: tuple[str, ...] = ()
    usage: Usage = Usage()
    latency_s: float = 0.0


class Doctor(Protocol):
    """Whoever conducts the consultation.

    Attributes:
        spec: the one string that names the doctor, such as `openai:qwen3-32b` or `scripted:expert`.
    """

    spec: str

    async def speak(self, turns: Sequence[Turn], turns_left: int) -> DoctorReply:
        """The next turn. `turns_left` counts the doctor turns still allowed, this one included.

        Raises:
            ModelError: the model brought no usable reply.
        """
        ...

    async def conclude(self, turns: Sequence[Turn]) -> DoctorReply:
        """The closing block; `closing` is None when the doctor does not deliver one. Raises like `speak`."""
        ...


class ModelDoctor:
    """A `ChatModel` as doctor, in one consultation."""

    def __init__(
        self,
        model: ChatModel,
        view: DoctorView,
        prompts: Prompts,
        *,
        options: Options | None = None,
        style: Style = "chat",
        seed: int = 0,
    ) -> None:
        self.spec = model.spec
        self._model, self._view, self._prompts, self._style, self._seed = model, view, prompts, style, seed
        self._options = options or Options()
        self._cap: int | None = None
        self._plan = self._render("doctor_plan").splitlines() if style == "guided" else []

    async def speak(self, turns: Sequence[Turn], turns_left: int) -> DoctorReply:
        spoken = sum(turn.speaker == "doctor" for turn in turns)
        last_of_plan = self._style == "guided" and (spoken >= len(self._plan) or turns_left == 1)
        self._cap = spoken + turns_left
        if self._style == "chat":
            messages = chat_messages(self._view, self._prompts, turns, self._cap)
        else:
            topic = None if last_of_plan else self._plan[spoken]
            messages = [
                Message(role="system", content=self._render("doctor_guided_system")),
                Message(role="user", content=self._render("doctor_guided_turn", turns=turns, topic=topic)),
            ]
        reply = await self._model.chat(messages, self._sampling(spoken))
        text = reply.text.strip()
        if self._style == "guided":
            text = _FORGED_TURN.sub("", _STRAY_LABEL.sub("", text)).strip()
        closing = parse_closing(text)
        closes = bool(end_mark(text)) or closing is not None or last_of_plan
        return DoctorReply(_END.sub("", text).strip(), closes, closing, *_account([reply]))

    async def conclude(self, turns: Sequence[Turn]) -> DoctorReply:
        request = self._render("doctor_closing", turns=turns)
        if self._style == "chat":
            # With the reminder where it was given: what was sent before is repeated byte for byte.
            shown = chat_messages(self._view, self._prompts, turns, self._cap)
            messages = [*shown, Message(role="user", content=request)]
        else:
            messages = [
                Message(role="system", content=self._render("doctor_guided_system")),
                Message(role="user", content=self._render("doctor_guided_closing", turns=turns)),
            ]
        try:
            form, replies = await ask_json(
                self._model, messages, ClosingForm, self._sampling(-1), otherwise=ClosingForm.of_sections
            )
        except MalformedError as failure:
            return DoctorReply(failure.reply, True, None)
        text = replies[-1].text.strip()
        return DoctorReply(text, True, form.block(text), *_account(replies))

    def _render(self, name: str, **values: object) -> str:
        return self._prompts.render(name, self._view.language, view=self._view, **values)

    def _sampling(self, spoken: int) -> Options:
        # Each turn samples with a seed of its own, so that replicates of a dialogue are independent.
        return self._options.model_copy(update={"seed": (self._seed * 1009 + spoken + 1) % 2**31})


def chat_messages(
    view: DoctorView, prompts: Prompts, turns: Sequence[Turn], cap: int | None = None
) -> list[Message]:
    """The dialogue as a model doctor is shown it: system, then alternating patient (with results) and doctor.

    Args:
        cap: doctor turns allowed, of which the doctor is reminded near the end; None reminds of nothing.
    """

    def render(name: str, **values: object) -> str:
        return prompts.render(name, view.language, view=view, **values)

    messages = [Message(role="system", content=render("doctor_system"))]
    heard: list[str] = []
    spoken = 0
    for turn in turns:
        if turn.speaker == "doctor":
            messages += [_user(heard), Message(role="assistant", content=turn.text or "…")]
            heard, spoken = [], spoken + 1
        elif turn.speaker == "examiner":
            heard.append(render("doctor_results", text=turn.text))
        else:
            heard.append(turn.text)
        # The reminder is a function of the turn's place, so later calls repeat it byte for byte.
        if turn.speaker == "patient" and cap is not None and cap - spoken == _REMINDER_AT:
            heard.append(render("doctor_reminder", turns_left=_REMINDER_AT))
    return [*messages, _user(heard)] if heard else messages


def end_mark(text: str) -> str:
    """The mark in a text that ends a consultation, as it is written there; empty where there is none."""
    found = _END.search(text)
    return found[0] if found else ""


def _user(heard: list[str]) -> Message:
    return Message(role="user", content="\n\n".join(heard) or "…")


def _account(replies: Sequence[Reply]) -> tuple[tuple[str, ...], Usage, float]:
    usage = sum((reply.usage for reply in replies), Usage())
    return (
        tuple(reply.call_id for reply in replies if reply.call_id),
        usage,
        sum(r.latency_s for r in replies),
    )
