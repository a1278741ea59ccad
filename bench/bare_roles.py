"""A patient and a judge like those of the measured peers, for `throughput.py`: one call a turn, and one at the end.

Everything else of a run stays as it is: scheduler, prompts, examiner, transcripts, journal, fidelity figures, results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dialogue_sim.cases import Case
from dialogue_sim.cases.model import Persona
from dialogue_sim.models.base import ChatModel, Message, Options, Usage
from dialogue_sim.roles.patient import Patient, PatientReply
from dialogue_sim.runs.cast import Cast, dialogue_id
from dialogue_sim.transcript import Selection, Turn

RUBRIC = """
schema: dialogue-sim/rubric/1
id: bench-one-question
version: "1"
zh: 只问一项
en: One question
dimensions:
  - {id: communication, weight: 100, zh: 沟通, en: Communication}
items:
  - id: X1
    dimension: communication
    weight: 1
    methods: [transcript]
    polarity: positive
    zh: {name: 问得清楚, statement: 医生把问题问清楚了。, met: 问清楚了。, partly: 问清楚了一部分。, unmet: 没有问清楚。}
    en: {name: Clear questions, statement: The doctor asks clearly., met: All is clear., partly: Some is clear., unmet: None is.}
    source: made for measuring
"""


class BarePatient:
    """A model that is told to be a patient. Nobody selects what it says, and nobody looks at it before the doctor."""

    spec = "bare"
    persona: ClassVar[Persona] = Persona()

    def __init__(self, model: ChatModel, system: str, opening: str, seed: int) -> None:
        self._model, self._opening, self._options = model, opening, Options(seed=seed)
        self._messages = [
            Message(role="system", content=system),
            Message(role="assistant", content=opening),
        ]

    def open(self) -> PatientReply:
        """See `Patient`."""
        return PatientReply(self._opening, Selection(), [], [], Usage(), False)

    async def reply(self, doctor: str, turns: Sequence[Turn]) -> PatientReply:
        """See `Patient`."""
        self._messages.append(Message(role="user", content=doctor))
        said = await self._model.chat(self._messages, self._options)
        self._messages.append(Message(role="assistant", content=said.text))
        return PatientReply(said.text, Selection(), [], [said.call_id], said.usage, False)


class BareCast(Cast):
    """A run's cast with such patients."""

    def patient(self, case: Case, replicate: int) -> Patient:
        """See `Cast`."""
        config = self._config.patient
        model = self._model(config.model, config, "patient", dialogue_id(case, replicate))
        system = "You are a patient. " * 16
        return BarePatient(model, system, case.patient.opening, self.seed(case, replicate))
