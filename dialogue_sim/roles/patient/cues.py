"""Cues: what the patient says unasked, once, at its moment."""

from __future__ import annotations

from dialogue_sim.cases.model import Cue
from dialogue_sim.cases.views import PatientView
from dialogue_sim.roles.patient.disclosure import Plan
from dialogue_sim.roles.patient.memory import Memory

_WRAPPING_UP = {"invite", "goodbye", "diagnosis"}


def opening_cues(view: PatientView) -> list[Cue]:
    """The cues of the opening."""
    return [cue for cue in view.cues if cue.when == "opening"]


def due_cue(view: PatientView, plan: Plan, memory: Memory) -> Cue | None:
    """The cue that fires in this reply: at most one, the others wait for the next.

    A `turn:N` cue fires in the answer to the N-th doctor turn or the first one after it that has room,
    `topic:` and `fact:` cues once the topic was asked or the fact said, `closing` when the doctor gives
    a diagnosis, invites questions or says goodbye.
    """
    if plan.understanding.marks & {"attack", "foreign", "abuse"}:
        return None
    waiting = [cue for cue in view.cues if cue.id not in memory.cues and _reached(cue, plan, memory)]
    # What belongs to this very moment goes before what has been waiting.
    waiting.sort(key=lambda cue: cue.when.startswith("turn:"))
    return waiting[0] if waiting else None


def _reached(cue: Cue, plan: Plan, memory: Memory) -> bool:
    kind, _, what = cue.when.partition(":")
    selection = plan.selection
    if kind == "turn":
        return memory.turn >= int(what)
    if kind == "topic":
        return what in memory.asked_topics or what in selection.topics
    if kind == "fact":
        return what in memory.said or what in selection.disclosed or what in selection.volunteered
    return kind == "closing" and bool(plan.understanding.marks & _WRAPPING_UP)
