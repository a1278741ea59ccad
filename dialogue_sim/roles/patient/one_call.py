"""The one-call patient: everything the patient knows in one prompt, as most simulators do it. A baseline to compare with.

Nothing is decided beforehand; what was said is traced afterwards by matching the reply to the facts.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogue_sim.cases.model import Persona
from dialogue_sim.cases.views import PatientFact, PatientView
from dialogue_sim.models.base import Message
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient.disclosure import Plan
from dialogue_sim.roles.patient.guard import Allowed
from dialogue_sim.roles.patient.memory import Memory
from dialogue_sim.roles.patient.model_voice import Drafts, Voiced
from dialogue_sim.roles.text import fold, pieces
from dialogue_sim.transcript import Turn

_SAID = 0.6


class OneCall:
    """Answers with the whole view in the prompt."""

    def __init__(self, drafts: Drafts, view: PatientView, persona: Persona, prompts: Prompts) -> None:
        self._drafts, self._view = drafts, view
        self._system = prompts.render(
            "patient_one_call", view.language, part="system", view=view, persona=persona
        )
        self._again = prompts.render(
            "patient_one_call", view.language, part="again", view=view, persona=persona
        )
        self._pieces = {fact.id: set(pieces(fold(fact.say), view.language)) for fact in view.facts}

    async def word(self, plan: Plan, template: str, doctor: str, turns: Sequence[Turn]) -> Voiced:
        """The reply to one turn.

        Raises:
            ModelError: the model brought no reply.
        """
        messages = [Message(role="system", content=self._system), *_as_chat(turns, doctor)]
        lines = [fact.say for fact in plan.facts] + [
            getattr(self._view, name) for name in plan.selection.views
        ]
        heard = [*(turn.text for turn in turns), doctor]
        allowed = Allowed(lines=[line for line in (*lines, template) if line], heard=heard)
        return await self._drafts.best(
            messages, Message(role="user", content=self._again), plan, allowed, template
        )

    def trace(self, plan: Plan, reply: str, memory: Memory) -> None:
        """Write into the plan what the reply really said."""
        said = self._said(reply)
        selection = plan.selection
        plan.facts = said
        new = [fact.id for fact in said if fact.id not in memory.said]
        selection.disclosed = [name for name in new if name in selection.asked]
        selection.volunteered = [name for name in new if name not in selection.asked]
        selection.repeated = [fact.id for fact in said if fact.id in memory.said]
        selection.withheld = [name for name in selection.asked if name not in {fact.id for fact in said}]

    def _said(self, reply: str) -> list[PatientFact]:
        """The facts whose own words the reply holds for the most part."""
        told = set(pieces(fold(reply), self._view.language))
        return [
            fact
            for fact in self._view.facts
            if (own := self._pieces[fact.id]) and len(own & told) >= _SAID * len(own)
        ]


def _as_chat(turns: Sequence[Turn], doctor: str) -> list[Message]:
    """The dialogue from the patient's side: their own turns as assistant, the rest as user, strictly alternating."""
    # A server's chat template starts with the user: the opening answers a greeting that nobody wrote down.
    messages = [Message(role="user", content="…")]
    for turn in turns:
        if turn.speaker == "patient":
            messages.append(Message(role="assistant", content=turn.text))
        elif messages[-1]["role"] == "user":
            messages[-1]["content"] += f"\n{turn.text}"
        else:
            messages.append(Message(role="user", content=turn.text))
    if messages[-1]["role"] == "assistant" or not turns:
        messages.append(Message(role="user", content=doctor))
    return messages
