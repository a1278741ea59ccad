"""What a doctor's turn was understood to ask, before anything is decided or said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from dialogue_sim.cases.views import PatientView
from dialogue_sim.models.base import Usage
from dialogue_sim.roles.patient.questions import DoctorTurn
from dialogue_sim.transcript import Intent

Viewpoint = Literal["ideas", "concerns", "expectations"]


@dataclass
class Understanding:
    """What one doctor's turn asks for.

    Attributes:
        facts: the facts asked for, in order; True where the question means just this fact.
        unknown: topics (or the question's own words) that the record does not answer.
        terms: the doctor's own word for an unknown topic.
        views: which of the patient's ideas, concerns and expectations are asked for.
        about: name, age, sex, occupation or companion, answered from who the patient is.
        last_clause: the last clause that asked for something.
        complaint: the turn asks whether the complaint, already told, is there.
        marks: what else the turn does; see `questions.DoctorTurn`.
    """

    intents: list[Intent] = field(default_factory=list)
    specificity: Literal["specific", "broad", "none"] = "none"
    facts: dict[str, bool] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    terms: dict[str, str] = field(default_factory=dict)
    views: list[Viewpoint] = field(default_factory=list)
    about: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    last_clause: str = ""
    complaint: bool = False
    marks: set[str] = field(default_factory=set)
    questions: int = 0
    selector: str = "lexical"
    calls: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    @property
    def anything(self) -> bool:
        """Whether any question was recognised."""
        return bool(
            self.facts
            or self.unknown
            or self.views
            or self.about
            or self.complaint
            or self.specificity == "broad"
        )


@dataclass
class Known:
    """What the selector may know of the dialogue so far.

    Facts said, topics and facts asked last, in which clause, and the last turns. `here` tells that what
    was asked last stands in the turn that is being read; `sentence` is all that asks in the sentence being read.
    """

    said: set[str] = field(default_factory=set)
    last_topics: list[str] = field(default_factory=list)
    last_facts: list[str] = field(default_factory=list)
    last_clause: str = ""
    recent: list[str] = field(default_factory=list)
    here: bool = False
    sentence: str = ""


class Selector(Protocol):
    """Decides which facts a turn asks for."""

    async def understand(
        self, doctor: str, turn: DoctorTurn, known: Known, view: PatientView
    ) -> Understanding:
        """Read one doctor's turn, already taken apart.

        Raises:
            ModelError: the model behind the selector failed.
        """
        ...


def intents_of(found: Understanding, turn: DoctorTurn) -> list[Intent]:
    """The intents of a turn, the most telling first."""
    if "attack" in turn.marks:
        return ["attack"]
    intents: list[Intent] = []
    if found.anything or "greedy" in turn.marks or "foreign" in turn.marks:
        intents.append("inquiry")
    for mark, intent in _INTENTS:
        if mark in turn.marks and intent not in intents:
            intents.append(intent)
    return intents or ["small_talk"]


_INTENTS: tuple[tuple[str, Intent], ...] = (
    ("request", "request"), ("advice", "advice"), ("diagnosis", "advice"), ("consent", "advice"), ("teach_back", "advice"),
    ("confirm", "advice"), ("empathy", "emotion"), ("private", "emotion"), ("invite", "closing"), ("goodbye", "closing"),
    ("small_talk", "small_talk"),
)  # fmt: skip
