"""One standardized patient in one consultation: understand, decide, word, check, remember."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue_sim.cases.views import PatientView
from dialogue_sim.models.base import ChatModel, Usage
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient.contract import Patient, PatientReply, PatientSettings
from dialogue_sim.roles.patient.cues import due_cue, opening_cues
from dialogue_sim.roles.patient.disclosure import Plan, decide, remember
from dialogue_sim.roles.patient.lexical import LexicalSelector
from dialogue_sim.roles.patient.memory import Memory, Wording, opening_facts
from dialogue_sim.roles.patient.persona import choose_persona
from dialogue_sim.roles.patient.questions import take_apart
from dialogue_sim.roles.patient.understanding import Known, Selector
from dialogue_sim.roles.patient.voice import TemplateVoice
from dialogue_sim.transcript import Selection, Turn


class SimulatedPatient:
    """See `Patient`."""

    def __init__(
        self, view: PatientView, settings: PatientSettings, selector: Selector, *, seed: int,
    ) -> None:  # fmt: skip
        self.spec = settings.model
        self.persona = choose_persona(settings.persona, view.persona, seed)
        self._view, self._selector = view, selector
        self._memory = Memory()
        wording = Wording(view, seed)
        self._wording = wording
        self._template = TemplateVoice(view, wording, settings.unknown)

    def open(self) -> PatientReply:
        facts = [fact.id for fact in opening_facts(self._view)]
        cues = opening_cues(self._view)
        self._memory.said |= set(facts)
        self._memory.cues |= {cue.id for cue in cues}
        text = self._wording.joiner.join([self._view.opening, *(cue.line for cue in cues)])
        selection = Selection(volunteered=facts, cues=[cue.id for cue in cues])
        return PatientReply(text, selection, [], [], Usage(), False)

    async def reply(self, doctor: str, turns: Sequence[Turn]) -> PatientReply:
        memory = self._memory
        memory.turn += 1
        turn = take_apart(doctor, self._view.language)
        known = Known(memory.said, memory.last_topics, memory.last_facts)
        found = await self._selector.understand(doctor, turn, known, self._view)
        plan = decide(found, memory, self._view)
        text = self._template.word(plan, memory)
        cue = due_cue(self._view, plan, memory)
        if cue:
            text = self._wording.joiner.join([text, cue.line])
            memory.cues.add(cue.id)
            plan.selection.cues = [cue.id]
        remember(plan, memory)
        return PatientReply(text, plan.selection, [], found.calls, found.usage, False)


def open_patient(
    view: PatientView,
    settings: PatientSettings,
    *,
    guarded_terms: Sequence[str],
    prompts: Prompts,
    seed: int,
    model: ChatModel | None = None,
) -> Patient:
    """A patient for one dialogue.

    Args:
        guarded_terms: names of the diagnosis, which the guard alone receives.
        seed: decides the wording and, when sampled, the persona.
        model: the model behind the patient; None for the `record` patient.

    Raises:
        ConfigError: an unknown persona trait, or a voice or selector that needs a model where there is none.
    """
    return SimulatedPatient(view, settings, LexicalSelector(view), seed=seed)
