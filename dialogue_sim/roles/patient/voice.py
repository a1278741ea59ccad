"""The template voice: the case's own lines, joined as a person would, and fixed wordings for the rest."""

from __future__ import annotations

from dialogue_sim.cases.views import PatientView
from dialogue_sim.roles.patient.contract import UnknownPolicy
from dialogue_sim.roles.patient.disclosure import Plan
from dialogue_sim.roles.patient.lexicon import lexicon
from dialogue_sim.roles.patient.memory import Memory, Wording, after

# What a turn may do beside asking, in the order in which it is answered when nothing was asked.
_ACKNOWLEDGED = (
    "request",
    "teach_back",
    "invite",
    "goodbye",
    "consent",
    "confirm",
    "advice",
    "diagnosis",
    "empathy",
    "private",
)
_WORDING_OF = {"diagnosis": "advice", "empathy": "emotion"}


class TemplateVoice:
    """Words a plan without a model."""

    def __init__(self, view: PatientView, wording: Wording, unknown: UnknownPolicy) -> None:
        self._view, self._wording, self._policy = view, wording, unknown
        self._noticed = lexicon(view.language).noticed

    def word(self, plan: Plan, memory: Memory) -> str:
        """The reply to one turn, without cues."""
        return self._wording.joiner.join(self.parts(plan, memory))

    def parts(self, plan: Plan, memory: Memory) -> list[str]:
        """The sentences of the reply to one turn, without cues."""
        marks, say = plan.understanding.marks, self._wording.one_of
        for mark in ("attack", "foreign", "abuse"):
            if mark in marks:
                return [say(mark, memory.turn)]
        parts = self._answers(plan, memory)
        if not parts and plan.selection.specificity == "broad":
            name = "one_by_one" if "greedy" in marks else "more_done" if "more" in marks else "broad_done"
            parts = [say(name, memory.turn)]
        if not parts:
            mark = next(
                (mark for mark in _ACKNOWLEDGED if mark in marks),
                "small_talk" if memory.turn == 1 else "fallback",
            )
            parts = [say(_WORDING_OF.get(mark, mark), memory.turn)]
        return parts

    def _answers(self, plan: Plan, memory: Memory) -> list[str]:
        selection, say, key = plan.selection, self._wording.one_of, memory.turn
        parts = [fact.say for fact in plan.facts]
        if (
            parts
            and not (selection.disclosed or selection.volunteered)
            and set(selection.repeated) <= memory.told
        ):
            parts[0] = after(say("repeated", key), parts[0], self._view.language)
        parts += [
            getattr(self._view, name) or self._unknown(f"view.{name}", memory) for name in selection.views
        ]
        parts += [self._wording.about(name) for name in plan.understanding.about]
        if plan.understanding.complaint and not plan.facts:
            parts.append(say("complaint", key))
        if plan.held:
            parts.append(say("evasive", key))
        if selection.unknown:
            parts.append(self._not_recorded(plan, memory, bool(parts)))
        if plan.dropped:
            parts.append(say("too_many", key))
        return parts

    def _not_recorded(self, plan: Plan, memory: Memory, among: bool) -> str:
        topics, language = plan.selection.unknown, self._view.language
        if not among:
            return self._unknown(topics[0], memory)
        terms = [plan.understanding.terms.get(topic, "") for topic in topics]
        if len(terms) <= 2 and all(_names_a_thing(term, language) for term in terms):
            joint = "、" if language == "zh" else " or "
            return self._wording.one_of("unknown_among", topics[0], what=joint.join(terms))
        return self._wording.one_of("unknown_rest", topics[0])

    def _unknown(self, topic: str, memory: Memory) -> str:
        """Not knowing or not having noticed; the same when asked again. Never yes, no or normal."""
        if topic in memory.unknown:
            return self._wording.one_of("unknown_again", topic)
        policy = self._policy
        if policy == "mixed":
            policy = "not_noticed" if topic.startswith(self._noticed) else "dont_know"
        return self._wording.one_of(policy, topic)


def _names_a_thing(term: str, language: str) -> bool:
    """Whether the doctor's words for a topic can stand as a name in the patient's sentence."""
    if language == "zh":
        return 1 < len(term) < 5 and not lexicon(language).says("question", term)
    return 0 < len(term.split()) < 3 and not lexicon(language).says("question", term)
