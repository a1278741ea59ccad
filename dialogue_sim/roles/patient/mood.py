"""How a patient feels about the way the doctor talks to them. It colours the words, never the facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialogue_sim.cases.model import Persona
from dialogue_sim.roles.patient.disclosure import Plan

Temper = Literal["calm", "uneasy", "irritated"]

MANY_QUESTIONS = 4
ABUSE_ALLOWED = 1
LOOPS_ALLOWED = 5

_UNEASY, _IRRITATED = 0.35, 0.7
_SETTLES = 0.08
_SWAY = {"impatient": 1.5, "distrustful": 1.5, "anxious": 1.2, "pleasing": 0.5}
_MOVES = {"empathy": -0.3, "private": -0.1, "curt": 0.3, "abuse": 0.6, "attack": 0.2}
_JARGON = {"low": 0.15, "average": 0.05, "high": 0.0}


@dataclass
class Mood:
    """The feeling of one patient in one consultation.

    Attributes:
        irritation: from 0 (calm) to 1.
        abuse: doctor turns so far that insulted the patient.
        loops: doctor turns in a row that asked only for what had been told.
    """

    irritation: float = 0.0
    abuse: int = 0
    loops: int = 0

    @property
    def temper(self) -> Temper:
        """The feeling in one word."""
        return (
            "irritated"
            if self.irritation >= _IRRITATED
            else "uneasy"
            if self.irritation >= _UNEASY
            else "calm"
        )

    def feel(self, plan: Plan, persona: Persona) -> None:
        """React to one doctor turn: empathy calms; insults, jargon, haste, repeats and many questions at once irritate."""
        marks, selection = plan.understanding.marks, plan.selection
        again = bool(selection.repeated) and not selection.disclosed and not selection.volunteered
        self.abuse += "abuse" in marks
        self.loops = self.loops + 1 if again else 0
        move = sum(weight for mark, weight in _MOVES.items() if mark in marks) - _SETTLES
        move += _JARGON[persona.literacy] * ("jargon" in marks) + 0.1 * (self.loops > 1)
        move += 0.1 * max(plan.understanding.questions - MANY_QUESTIONS + 1, 0)
        if move > 0:
            move *= _SWAY.get(persona.personality, 1.0)
        self.irritation = min(max(self.irritation + move, 0.0), 1.0)

    def leaves(self, persona: Persona) -> Literal["abuse", "loop"] | None:
        """Why the patient walks out now; None while they stay. Only the impatient and distrustful ever do."""
        if persona.personality not in {"impatient", "distrustful"}:
            return None
        if self.abuse > ABUSE_ALLOWED:
            return "abuse"
        return "loop" if self.loops > LOOPS_ALLOWED else None
