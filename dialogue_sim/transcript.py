"""What is written down of a consultation. Every later step (judging, reports, exports) reads only this."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.models.base import Usage

SCHEMA = "dialogue-sim/transcript/1"

Speaker = Literal["doctor", "patient", "examiner"]
Intent = Literal["inquiry", "request", "advice", "emotion", "small_talk", "closing", "attack"]
StopReason = Literal["closed", "turn_cap", "patient_left", "loop", "empty", "failure"]
ProtocolFailure = Literal["no_closing_block", "loop", "empty", "role_broken", "language_switched"]
GuardAction = Literal[
    "diagnosis_named",
    "unselected_fact",
    "unselected_number",
    "flipped_negation",
    "omitted_fact",
    "role_drift",
    "language_drift",
]


class Record(BaseModel):
    """Base of what stands in a transcript."""

    model_config = ConfigDict(extra="forbid")


class Selection(Record):
    """What a doctor's turn asked of the patient, and what the patient decided to say.

    Fact ids, in the order they are said:
        asked: facts of the case that the turn asked for (whether or not they were said).
        disclosed: facts said now because they were asked for.
        volunteered: facts said now without having been asked for (opening, broad question, slip).
        withheld: facts asked for and held back (`on_probe`, persona).
        repeated: facts asked for that had been said before.
    `unknown` are topic ids (or the question's words) that the record does not answer;
    `specificity` tells a broad "tell me everything" from a specific question.
    """

    intents: list[Intent] = Field(default_factory=list)
    specificity: Literal["specific", "broad", "none"] = "none"
    asked: list[str] = Field(default_factory=list)
    disclosed: list[str] = Field(default_factory=list)
    volunteered: list[str] = Field(default_factory=list)
    withheld: list[str] = Field(default_factory=list)
    repeated: list[str] = Field(default_factory=list)
    unknown: list[str] = Field(default_factory=list)
    views: list[Literal["ideas", "concerns", "expectations"]] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    cues: list[str] = Field(default_factory=list, description="ids of the cues that fired in this reply")
    selector: str = ""


class Guarded(Record):
    """One thing the guard did to a voiced reply before the doctor saw it."""

    action: GuardAction
    detail: str
    draft: str = Field(description="the reply that was not let through")
    resolution: Literal["regenerated", "template", "kept"]


class FindingGiven(Record):
    """One answer of the examiner. `finding` is the id in the case, empty where nothing is on record."""

    request: str
    finding: str = ""
    status: Literal["normal", "abnormal", "unstated", "not_available", "unspecific", "default_normal"]
    text: str


class Turn(Record):
    """One utterance. Turns are numbered from 0 (the patient's opening) through the whole dialogue."""

    number: int
    speaker: Speaker
    text: str
    selection: Selection | None = Field(default=None, description="patient turns")
    guard: list[Guarded] = Field(default_factory=list, description="patient turns")
    findings: list[FindingGiven] = Field(default_factory=list, description="examiner turns")
    calls: list[str] = Field(default_factory=list, description="ids of the journaled calls behind this turn")
    usage: Usage = Usage()
    latency_s: float = 0.0


class ClosingBlock(Record):
    """The doctor's conclusion, asked of every doctor in the same form."""

    diagnosis: str = ""
    differential: list[str] = Field(default_factory=list, description="most likely first, up to five")
    tests: list[str] = Field(default_factory=list)
    plan: list[str] = Field(default_factory=list)
    text: str = Field(default="", description="the block as the doctor wrote it")


class Failure(Record):
    """Infrastructure that failed: recorded, counted, retried; never a score."""

    stage: Literal["simulate", "judge"]
    kind: str
    message: str
    where: str = ""


class Transcript(Record):
    """One finished consultation.

    `dialogue_id` is `<case id>/<replicate number>`. `protocol_failures` are the doctor's own
    (behaviour, scored and flagged); infrastructure failures never end up in a transcript.
    """

    schema_: Literal["dialogue-sim/transcript/1"] = Field(default="dialogue-sim/transcript/1", alias="schema")
    dialogue_id: str
    case_id: str
    case_sha256: str = ""
    language: Literal["zh", "en"]
    replicate: int = 0
    seed: int = 0
    doctor: str = ""
    patient: str = ""
    persona: dict[str, str] = Field(default_factory=dict)
    turns: list[Turn] = Field(default_factory=list)
    closing: ClosingBlock | None = None
    stop: StopReason = "closed"
    protocol_failures: list[ProtocolFailure] = Field(default_factory=list)

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    def of(self, speaker: Speaker) -> list[Turn]:
        """The turns of one speaker, in order."""
        return [turn for turn in self.turns if turn.speaker == speaker]
