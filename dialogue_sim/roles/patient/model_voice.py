"""The model voice: words what was decided, and nothing else; the guard reads every draft.

The model receives the lines it is to say, the persona, and the doctor's last turn. It never
receives the other facts of the case, and no diagnosis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dialogue_sim.cases.model import Persona
from dialogue_sim.cases.views import PatientView
from dialogue_sim.models.base import ChatModel, Message, Options, Reply, Usage
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient.disclosure import Plan
from dialogue_sim.roles.patient.guard import Allowed, Finding, Guard
from dialogue_sim.roles.patient.mood import Temper
from dialogue_sim.transcript import Guarded

REGENERATIONS = 2
MAX_TOKENS = 160
_LABELS = ("patient:", "reply:", "病人:", "病人：", "患者:", "患者：", "回答：", "回复：")


class Voiced(NamedTuple):
    """A worded reply, what the guard did on the way to it, and the calls it took."""

    text: str
    guarded: list[Guarded]
    calls: list[str]
    usage: Usage


class Drafts:
    """Draft, check, draft again: at most two regenerations, then the words that need no model."""

    def __init__(self, model: ChatModel, guard: Guard, *, active: bool, seed: int) -> None:
        self._model, self._guard, self._active, self._seed = model, guard, active, seed
        self._asked = 0

    async def best(
        self, messages: Sequence[Message], again: Message, plan: Plan, allowed: Allowed, template: str
    ) -> Voiced:
        """The first draft that the guard lets through, else `template`.

        Args:
            again: what is said to the model after a draft that was not let through; `{problems}` in it
                is replaced by what was wrong.

        Raises:
            ModelError: the model brought no reply.
        """
        conversation, guarded = list(messages), list[Guarded]()
        replies: list[Reply] = []
        for attempt in range(REGENERATIONS + 1):
            reply = await self._ask(conversation)
            replies.append(reply)
            draft = spoken(reply.text)
            findings = self._guard.check(draft, plan, allowed) if draft else []
            if draft and not findings:
                return _voiced(draft, guarded, replies)
            if not self._active and draft:
                return _voiced(draft, [_note(finding, draft, "kept") for finding in findings], replies)
            last = attempt == REGENERATIONS
            guarded += [_note(finding, draft, "template" if last else "regenerated") for finding in findings]
            problems = "; ".join(f"{finding.action}: {finding.detail}" for finding in findings)
            told = Message(role="user", content=again["content"].replace("{problems}", problems))
            conversation = [*messages, Message(role="assistant", content=draft or "…"), told]
        return _voiced(template, guarded, replies)

    async def _ask(self, messages: list[Message]) -> Reply:
        self._asked += 1
        seed = (self._seed * 1009 + self._asked) % 2**31
        return await self._model.chat(messages, Options(max_tokens=MAX_TOKENS, seed=seed))


class ModelVoice:
    """Words a plan with a model."""

    def __init__(self, drafts: Drafts, view: PatientView, persona: Persona, prompts: Prompts) -> None:
        self._drafts, self._view, self._persona, self._prompts = drafts, view, persona, prompts

    async def word(
        self, plan: Plan, parts: Sequence[str], template: str, doctor: str, heard: Sequence[str], temper: Temper
    ) -> Voiced:  # fmt: skip
        """The reply to one turn, without cues.

        Args:
            parts: the sentences that the reply has to say, as the template voice would.
            template: what is said when no draft is let through.
            heard: the dialogue so far.

        Raises:
            ModelError: the model brought no reply.
        """
        language = self._view.language
        values = {
            "view": self._view,
            "persona": self._persona,
            "temper": temper,
            "parts": list(parts),
            "doctor": doctor,
        }
        messages = [
            Message(
                role="system",
                content=self._prompts.render("patient_voice", language, part="system", **values),
            ),
            Message(
                role="user", content=self._prompts.render("patient_voice", language, part="turn", **values)
            ),
        ]
        again = Message(
            role="user", content=self._prompts.render("patient_voice", language, part="again", **values)
        )
        allowed = Allowed(lines=[*parts, *(fact.say for fact in plan.facts)], heard=[*heard, doctor])
        return await self._drafts.best(messages, again, plan, allowed, template)


def spoken(text: str) -> str:
    """A draft as it would be said: one paragraph, without speaker label, quotes around it, or stage directions."""
    line = " ".join(part.strip() for part in text.strip().splitlines() if part.strip())
    for label in _LABELS:
        if line.casefold().startswith(label):
            line = line[len(label) :].strip()
    if len(line) > 1 and (line[0], line[-1]) in {('"', '"'), ("“", "”"), ("「", "」"), ("'", "'")}:
        line = line[1:-1].strip()
    return line


def _voiced(text: str, guarded: list[Guarded], replies: Sequence[Reply]) -> Voiced:
    calls = [reply.call_id for reply in replies if reply.call_id]
    return Voiced(text, guarded, calls, sum((reply.usage for reply in replies), Usage()))


def _note(finding: Finding, draft: str, resolution: str) -> Guarded:
    return Guarded.model_validate(
        {"action": finding.action, "detail": finding.detail, "draft": draft, "resolution": resolution}
    )
