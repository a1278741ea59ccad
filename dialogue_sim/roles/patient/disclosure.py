"""Deciding what is said: which of the facts asked for come out now, and which the patient adds or holds back."""

from __future__ import annotations

from dataclasses import dataclass, field

from dialogue_sim.cases.views import PatientFact, PatientView
from dialogue_sim.roles.patient.memory import Memory
from dialogue_sim.roles.patient.understanding import Understanding
from dialogue_sim.transcript import Selection

PER_TOPIC = 3
PER_TURN = 6
BROAD_EXTRAS = 2


@dataclass
class Plan:
    """What the reply will say, before it is worded.

    Attributes:
        facts: the facts to say, in order.
        held: the reply must step aside from a question without denying anything.
        dropped: more was asked at once than a person keeps in mind.
    """

    selection: Selection
    understanding: Understanding
    facts: list[PatientFact] = field(default_factory=list)
    held: bool = False
    dropped: bool = False


def decide(found: Understanding, memory: Memory, view: PatientView) -> Plan:
    """Decide what is said in answer to what was understood. Changes nothing in `memory`."""
    selection = Selection(
        intents=found.intents, specificity=found.specificity, topics=found.topics, views=found.views,
        unknown=found.unknown, asked=list(found.facts), selector=found.selector,
    )  # fmt: skip
    plan = Plan(selection, found)
    if "attack" in found.marks or "foreign" in found.marks:
        return plan
    by_id = {fact.id: fact for fact in view.facts}
    gentle = memory.gentle or bool(found.marks & {"empathy", "private"})
    told: list[PatientFact] = []
    for topic in dict.fromkeys(by_id[fact_id].topic for fact_id in found.facts):
        facts = [by_id[fact_id] for fact_id in found.facts if by_id[fact_id].topic == topic]
        open_ones = [fact for fact in facts if _comes_out(fact, found.facts[fact.id], gentle, memory)]
        new = sorted(open_ones, key=lambda fact: (fact.id in memory.said, fact.status == "denied"))
        told += new[:PER_TOPIC]
        selection.withheld += [fact.id for fact in facts if fact not in new[:PER_TOPIC]]
        plan.held = plan.held or not open_ones
    plan.dropped = len(told) > PER_TURN
    selection.withheld += [fact.id for fact in told[PER_TURN:]]
    plan.facts = told[:PER_TURN]
    selection.disclosed = [fact.id for fact in plan.facts if fact.id not in memory.said]
    selection.repeated = [fact.id for fact in plan.facts if fact.id in memory.said]
    if _invites_more(found) and "greedy" not in found.marks:
        extra = _unasked(found, memory, view)
        selection.volunteered = [fact.id for fact in extra]
        plan.facts += extra
        if "hpi.associated" in selection.unknown:
            selection.unknown = [topic for topic in selection.unknown if topic != "hpi.associated"]
            selection.specificity = "broad" if not plan.selection.asked else selection.specificity
    return plan


def _comes_out(fact: PatientFact, specific: bool, gentle: bool, memory: Memory) -> bool:
    """`on_probe` facts come out when meant in particular, when asked gently, or when asked for again."""
    return (
        fact.disclosure != "on_probe"
        or specific
        or gentle
        or fact.id in memory.said
        or fact.id in memory.held
    )


def _invites_more(found: Understanding) -> bool:
    return found.specificity == "broad" or "hpi.associated" in found.unknown


def _unasked(found: Understanding, memory: Memory, view: PatientView) -> list[PatientFact]:
    """What a real patient adds to a broad question: what they would volunteer, and at most one thing more."""
    unsaid = [fact for fact in view.facts if fact.id not in memory.said and fact.id not in found.facts]
    added = [fact for fact in unsaid if fact.disclosure == "volunteer"][:PER_TOPIC]
    if memory.broad >= BROAD_EXTRAS or len(added) == PER_TOPIC:
        return added
    accompanying = "hpi.associated" in found.unknown or "more" in found.marks
    kind = ("ros.", "hpi.associated") if accompanying else ("hpi.",)
    more = [
        fact
        for fact in unsaid
        if fact.disclosure == "on_ask" and fact.status == "affirmed" and fact.topic.startswith(kind)
    ]
    return added + more[:1]


def remember(plan: Plan, memory: Memory) -> None:
    """Note in `memory` what a plan says, once it has been said."""
    selection, found = plan.selection, plan.understanding
    memory.said |= {*selection.disclosed, *selection.volunteered}
    memory.told |= {*selection.disclosed, *selection.repeated}
    memory.held |= set(selection.withheld)
    memory.unknown |= set(selection.unknown)
    memory.views |= set(selection.views)
    memory.gentle = bool(found.marks & {"empathy", "private"})
    memory.broad += bool(selection.volunteered)
    memory.asked_topics |= set(found.topics)
    if found.topics:
        memory.last_topics = found.topics[-1:]
        memory.last_facts = list(found.facts)
        memory.last_clause = found.last_clause
