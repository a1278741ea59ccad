"""How a persona sounds in the template voice: words around the lines and for function words, never other facts."""

from __future__ import annotations

import re

from dialogue_sim.cases.model import Persona
from dialogue_sim.cases.views import PatientView
from dialogue_sim.roles.patient.disclosure import Plan
from dialogue_sim.roles.patient.memory import Wording, after
from dialogue_sim.roles.patient.mood import MANY_QUESTIONS, Mood

# Of so many replies one gets the persona's own turn of phrase.
_EVERY = {"verbose": 2, "anxious": 4, "distrustful": 4, "impatient": 3, "pleasing": 3, "reserved": 2}
_RECALLED = ("hpi.onset", "hpi.duration", "hpi.frequency", "hpi.previous", "history.", "care.")


class Style:
    """Dresses a reply in its persona."""

    def __init__(self, view: PatientView, persona: Persona, wording: Wording) -> None:
        self._persona, self._wording, self._language = persona, wording, view.language

    def dress(self, text: str, plan: Plan, mood: Mood, turn: int) -> str:
        """The reply as this persona says it."""
        if plan.understanding.marks & {"attack", "foreign", "abuse"}:
            return text
        text = self._speech(text)
        said = plan.selection.disclosed or plan.selection.repeated
        lead = self._lead(plan, mood, turn) if said else ""
        if lead:
            text = after(lead, text, self._language)
        tail = self._sometimes("tail", turn) if said or plan.selection.unknown else ""
        return self._wording.joiner.join(part for part in (text, tail) if part)

    def _lead(self, plan: Plan, mood: Mood, turn: int) -> str:
        """What goes before the answer; at most one thing, the most pressing."""
        marks, say = plan.understanding.marks, self._wording.one_of
        if mood.temper == "irritated" and turn % 2:
            return say(
                "irritated_many" if plan.understanding.questions >= MANY_QUESTIONS else "irritated", turn
            )
        if "jargon" in marks and self._persona.literacy == "low":
            return say("jargon", turn)
        if (
            self._persona.recall == "poor"
            and plan.facts
            and self._recalled(plan.facts[0].topic, plan.facts[0].status)
        ):
            return say("hedge", turn)
        return self._sometimes("lead", turn)

    @staticmethod
    def _recalled(topic: str, status: str) -> bool:
        return status == "affirmed" and topic.startswith(_RECALLED)

    def _sometimes(self, place: str, turn: int) -> str:
        personality = self._persona.personality
        name = f"{personality}_{place}"
        every = _EVERY.get(personality, 0)
        if not every or not self._wording.has(name) or self._wording.draw(name, turn, every):
            return ""
        return self._wording.one_of(name, turn)

    def _speech(self, text: str) -> str:
        """The register: dialect words, or the grammar of someone who speaks a learnt language."""
        for pattern, word in self._wording.replacements(self._persona.speech):
            text = pattern.sub(word, text)
        return re.sub(r" {2,}", " ", text)
