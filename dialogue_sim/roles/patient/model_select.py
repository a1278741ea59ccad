"""The selector that asks a model: which facts, by id, does this turn ask for? Checked against the case, never trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dialogue_sim.cases.views import PatientView
from dialogue_sim.cases.vocabulary import label
from dialogue_sim.models.base import ChatModel, Message, Options, Usage
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.models.structured import ask_json
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient.answering import selector_of
from dialogue_sim.roles.patient.questions import DoctorTurn
from dialogue_sim.roles.patient.understanding import Known, Understanding, Viewpoint, intents_of
from dialogue_sim.transcript import Intent

_MOST = 12
# A model that names more facts than this for each clause that asks has not chosen at all.
_PER_CLAUSE = 4
_WORD = Annotated[str, StringConstraints(max_length=80)]


class SelectionForm(BaseModel):
    """What the model fills in. Lists are bounded so that a small model ends."""

    model_config = ConfigDict(extra="ignore")

    intents: list[Intent] = Field(default_factory=list, max_length=7)
    broad: bool = False
    facts: list[_WORD] = Field(max_length=_MOST)
    views: list[Viewpoint] = Field(default_factory=list, max_length=3)
    not_recorded: list[_WORD] = Field(default_factory=list, max_length=_MOST)


class ModelSelector:
    """Asks a model which facts a turn asks for; the lexical selector decides where its answer cannot be used.

    Cheats, foreign turns and requests are recognised by the lexicon alone: no model is asked about them.
    """

    def __init__(self, model: ChatModel, view: PatientView, prompts: Prompts, *, seed: int) -> None:
        self._model, self._view, self._prompts, self._seed = model, view, prompts, seed
        self._lexical = selector_of(view)
        self._ids = {fact.id for fact in view.facts}
        self._asked = 0

    async def understand(
        self, doctor: str, turn: DoctorTurn, known: Known, view: PatientView
    ) -> Understanding:
        """See `Selector`.

        Raises:
            ModelError: the call failed for another reason than an unusable answer.
        """
        lexical = self._lexical.read(turn, known)
        if turn.marks & {"attack", "foreign", "greedy"} or not turn.clauses:
            return lexical
        self._asked += 1
        options = Options(temperature=0.0, max_tokens=300, seed=(self._seed * 1009 + self._asked) % 2**31)
        try:
            form, replies = await ask_json(
                self._model, self._messages(doctor, known.recent), SelectionForm, options
            )
        except MalformedError:
            return lexical
        found = self._checked(form, lexical, turn)
        if found is None:
            found = lexical
        found.calls = [reply.call_id for reply in replies if reply.call_id]
        found.usage = sum((reply.usage for reply in replies), Usage())
        return found

    def _messages(self, doctor: str, dialogue: Sequence[str]) -> list[Message]:
        language = self._view.language
        facts = [
            {
                "id": fact.id,
                "topic": label("topics", fact.topic, language),
                "say": fact.say,
                "ask": list(fact.ask),
            }
            for fact in self._view.facts
        ]
        text = self._prompts.render(
            "patient_select",
            language,
            facts=facts,
            opening=self._view.opening,
            dialogue=list(dialogue),
            doctor=doctor,
        )
        return [Message(role="user", content=text)]

    def _checked(self, form: SelectionForm, lexical: Understanding, turn: DoctorTurn) -> Understanding | None:
        """The form as an understanding; None when it names only facts that there are not, or all and sundry."""
        facts = list(dict.fromkeys(name for name in form.facts if name in self._ids))
        if form.facts and not facts:
            return None
        if len(facts) > _PER_CLAUSE * turn.questions and not set(facts) <= set(lexical.facts):
            return None
        topics = {fact.id: fact.topic for fact in self._view.facts}
        found = Understanding(
            # Whether a fact is meant in particular decides what is told only when probed: few facts, or the lexicon says so.
            facts={name: lexical.facts.get(name, len(facts) == 1) for name in facts},
            unknown=[] if facts else (lexical.unknown or list(form.not_recorded)),
            terms=lexical.terms,
            views=list(dict.fromkeys(form.views)),
            about=lexical.about,
            topics=list(dict.fromkeys([*(topics[name] for name in facts), *lexical.topics])),
            complaint=lexical.complaint and not facts,
            marks=set(turn.marks),
            questions=turn.questions,
            selector="model",
        )
        if not found.anything:
            if not form.broad and not lexical.marks & {"more"}:
                found.unknown = [clause[:60] for clause in turn.clauses[:1]]
            found.specificity = "broad" if form.broad else "specific"
        else:
            found.specificity = "broad" if form.broad and not facts else "specific"
        found.intents = intents_of(found, turn)
        return found
