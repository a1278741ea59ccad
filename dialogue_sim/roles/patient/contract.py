"""What a patient is to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases.model import Persona
from dialogue_sim.models.base import Usage
from dialogue_sim.transcript import Guarded, Selection, Turn

UnknownPolicy = Literal["dont_know", "not_noticed", "mixed"]


class PatientSettings(BaseModel):
    """How a patient is simulated.

    `model` is a model's name, or `record` for the patient that needs none. Left open, `selector`
    and `voice` follow it: lexical and template for `record`, lexical and model for `embedded` (a small
    model words well enough, but cannot tell which facts a question means), model and model otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "record"
    selector: Literal["lexical", "model"] | None = Field(
        default=None, description="who decides which facts a turn asks for"
    )
    voice: Literal["template", "model", "one_call"] | None = Field(
        default=None,
        description="who words the reply; one_call: one prompt with everything the patient knows, a baseline",
    )
    guard: bool = Field(default=True, description="check every worded reply before the doctor sees it")
    unknown: UnknownPolicy = Field(
        default="mixed",
        description="how the patient answers what is not recorded: dont_know, not_noticed, or whichever fits (mixed); never yes, no or normal",
    )
    persona: str = Field(
        default="case",
        description="case, sample (drawn by the seed), or traits such as anxious,low,poor,dialect",
    )


class PatientReply(NamedTuple):
    """What the patient said, why, and whether they walk out."""

    text: str
    selection: Selection
    guard: list[Guarded]
    calls: list[str]
    usage: Usage
    left: bool


class Patient(Protocol):
    """One patient in one consultation: remembers what was said, which cues were given, and the mood.

    Attributes:
        spec: the one string that names the patient, such as `record` or `openai:qwen3-32b`.
        persona: how this patient speaks.
    """

    spec: str
    persona: Persona

    def open(self) -> PatientReply:
        """The patient's first words."""
        ...

    async def reply(self, doctor: str, turns: Sequence[Turn]) -> PatientReply:
        """Answer the doctor's turn. `turns` is the consultation so far.

        Raises:
            ModelError: the model behind the patient brought no usable reply.
        """
        ...
