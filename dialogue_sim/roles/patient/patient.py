"""One standardized patient in one consultation: understand, decide, word, check, remember."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dialogue_sim.cases.model import Persona
from dialogue_sim.cases.views import PatientView
from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import ChatModel, Usage
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient.answering import selector_of
from dialogue_sim.roles.patient.contract import Patient, PatientReply, PatientSettings
from dialogue_sim.roles.patient.cues import due_cue, opening_cues
from dialogue_sim.roles.patient.disclosure import Plan, decide, remember
from dialogue_sim.roles.patient.guard import Guard
from dialogue_sim.roles.patient.memory import Memory, Wording, opening_facts
from dialogue_sim.roles.patient.model_select import ModelSelector
from dialogue_sim.roles.patient.model_voice import Drafts, ModelVoice, Voiced
from dialogue_sim.roles.patient.mood import Mood
from dialogue_sim.roles.patient.one_call import OneCall
from dialogue_sim.roles.patient.persona import choose_persona
from dialogue_sim.roles.patient.questions import take_apart
from dialogue_sim.roles.patient.style import Style
from dialogue_sim.roles.patient.understanding import Known, Selector
from dialogue_sim.roles.patient.voice import TemplateVoice
from dialogue_sim.roles.text import MAX_HEARD
from dialogue_sim.transcript import Selection, Turn

_RECENT = 4


class Voices(NamedTuple):
    """How the reply is worded: by the template, and by a model where there is one."""

    template: TemplateVoice
    style: Style
    model: ModelVoice | None = None
    one_call: OneCall | None = None


class SimulatedPatient:
    """See `Patient`."""

    def __init__(
        self, spec: str, view: PatientView, persona: Persona, selector: Selector, voices: Voices, wording: Wording
    ) -> None:  # fmt: skip
        self.spec, self.persona = spec, persona
        self._view, self._selector, self._voices, self._wording = view, selector, voices, wording
        self._memory, self._mood = Memory(), Mood()

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
        doctor = doctor[:MAX_HEARD]
        turn = take_apart(doctor, self._view.language)
        known = Known(
            memory.said,
            memory.last_topics,
            memory.last_facts,
            memory.last_clause,
            [turn.text for turn in turns[-_RECENT:]],
        )
        found = await self._selector.understand(doctor, turn, known, self._view)
        plan = decide(found, memory, self._view)
        self._mood.feel(plan, self.persona)
        leaving = self._mood.leaves(self.persona)
        if leaving:
            return PatientReply(
                self._goodbye(leaving), _nothing_said(plan), [], found.calls, found.usage, True
            )
        voiced = await self._voiced(plan, doctor, turns)
        text = self._with_cue(voiced.text, plan)
        remember(plan, memory)
        calls, usage = [*found.calls, *voiced.calls], found.usage + voiced.usage
        return PatientReply(text, plan.selection, voiced.guarded, calls, usage, False)

    async def _voiced(self, plan: Plan, doctor: str, turns: Sequence[Turn]) -> Voiced:
        """The reply in words, without cues."""
        parts = self._voices.template.parts(plan, self._memory)
        bare = self._wording.joiner.join(parts)
        template = self._voices.style.dress(bare, plan, self._mood, self._memory.turn)
        if self._voices.one_call:
            voiced = await self._voices.one_call.word(plan, template, doctor, turns)
            self._voices.one_call.trace(plan, voiced.text, self._memory)
            return voiced
        # A cheat gets the fixed words: no model is shown it.
        if self._voices.model and not plan.understanding.marks & {"attack", "foreign"}:
            heard = [turn.text for turn in turns] or [self._view.opening]
            return await self._voices.model.word(plan, parts, template, doctor, heard, self._mood.temper)
        return Voiced(template, [], [], Usage())

    def _with_cue(self, text: str, plan: Plan) -> str:
        """The reply with the cue that is due. Its line stays as written, so that it is recognised."""
        cue = due_cue(self._view, plan, self._memory)
        if cue is None:
            return text
        self._memory.cues.add(cue.id)
        plan.selection.cues = [cue.id]
        return self._wording.joiner.join([text, cue.line])

    def _goodbye(self, why: str) -> str:
        return self._wording.one_of("leave" if why == "abuse" else "leave_loop", self._memory.turn)


def _nothing_said(plan: Plan) -> Selection:
    return plan.selection.model_copy(
        update={
            "disclosed": [],
            "volunteered": [],
            "repeated": [],
            "withheld": plan.selection.asked,
            "views": [],
        }
    )


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
    by_model = "model" if model else None
    small = settings.model.split(":")[0] == "embedded"
    selecting = settings.selector or (None if small else by_model) or "lexical"
    wording_by = settings.voice or by_model or "template"
    if model is None and (selecting == "model" or wording_by != "template"):
        asked = f"voice {wording_by!r}" if wording_by != "template" else "selector 'model'"
        raise ConfigError(
            f"{asked} needs a model",
            where=f"patient: {settings.model}",
            mend="name a model, such as embedded",
        )
    persona = choose_persona(settings.persona, view.persona, seed)
    wording = Wording(view, seed)
    selector: Selector = selector_of(view)
    if model is not None and selecting == "model" and wording_by != "one_call":
        selector = ModelSelector(model, view, prompts, seed=seed)
    voices = Voices(TemplateVoice(view, wording, settings.unknown), Style(view, persona, wording))
    if model is not None and wording_by != "template":
        drafts = Drafts(model, Guard(view, guarded_terms), active=settings.guard, seed=seed)
        if wording_by == "model":
            voices = voices._replace(model=ModelVoice(drafts, view, persona, prompts))
        else:
            voices = voices._replace(one_call=OneCall(drafts, view, persona, prompts))
    return SimulatedPatient(settings.model, view, persona, selector, voices, wording)
