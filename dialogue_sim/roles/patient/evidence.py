"""Weighing a question's words against a patient's facts, where no topic of the record is named outright."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from dialogue_sim.cases.views import PatientFact
from dialogue_sim.roles.patient.lexicon import Hit, Lexicon
from dialogue_sim.roles.patient.retrieval import Index

NONE = "none"
"""What talk that asks nothing hints at."""
ENOUGH = 0.84
"""Evidence that settles a question in which no topic is named: about one telling word."""
OUTRIGHT = 1.6
"""Evidence that outweighs a topic named outright of which the case records nothing."""
_OWN = 2.0
_OWN_MOST = 0.65
_GOING_ON = 0.4
_RIVAL = 0.75
_DISTINCT = 0.3
_WORDY = 0.4


SURE = {"zh": 1.1, "en": 0.7}
"""How much more a clause must hint at another topic than at one it names, for the name to be in passing."""


class Meant(NamedTuple):
    """What a question's words point to: one topic, and the facts of it that are asked for."""

    topic: str
    facts: list[PatientFact]
    one: bool


class Evidence:
    """Adds up the words that hint at a fact's topic and those the fact itself uses."""

    def __init__(self, by_topic: Mapping[str, list[PatientFact]], words: Lexicon, index: Index) -> None:
        self._by_topic, self._words, self._index = by_topic, words, index

    def standing(self, hits: Sequence[Hit], clause: str) -> list[Hit]:
        """The hits but those that name something in passing, where the clause as a whole hints at another topic."""
        hints = self._words.hints(clause)
        best = max((hint for topic, hint in hints.items() if topic != NONE), default=0.0)
        return [
            hit
            for hit in hits
            if hit.how == "several"
            or best
            < SURE[self._words.language]
            + _WORDY * clause.count(" ", hit.start, hit.end)
            + max(hints.get(topic, 0.0) for topic in hit.topics)
        ]

    def meant(
        self, clause: str, enough: float = ENOUGH, *, but: Collection[str] = (), going_on: Collection[str] = (), named: Collection[str] = (),
        whole: str = "",
    ) -> Meant | None:  # fmt: skip
        """The facts that a folded clause points to with `enough` evidence and no rival; None where it is not clear.

        The topics of `but` are out of the question; those of `going_on`, asked just before, are likelier
        than others; those of `named` stand in the clause by name. `whole` is what the clause is part of.
        """
        hints = self._words.hints(clause)
        hints |= {topic: max(hints.get(topic, 0.0), 1.0) for topic in named}
        own = {fact_id: min(fit, _OWN_MOST) for fact_id, fit in self._index.best(clause, whole)}
        scores = {
            topic: hints.get(topic, 0.0)
            + _OWN * max(own.get(fact.id, 0.0) for fact in facts)
            + (_GOING_ON if topic in going_on else 0.0)
            for topic, facts in self._by_topic.items()
            if topic not in but
        }
        ranked = sorted(scores, key=lambda topic: -scores[topic])
        best = scores[ranked[0]] if ranked else 0.0
        rivals = [scores[topic] for topic in ranked[1:2]] + [
            hint for topic, hint in hints.items() if topic not in self._by_topic
        ]
        if best < enough or max(rivals, default=0.0) > _RIVAL * best:
            return None
        facts = self._by_topic[ranked[0]]
        told = sorted(facts, key=lambda fact: -own.get(fact.id, 0.0))
        first, second = own.get(told[0].id, 0.0), own.get(told[1].id, 0.0) if len(told) > 1 else 0.0
        if first >= _DISTINCT and second <= _RIVAL * first:
            return Meant(ranked[0], told[:1], True)
        return Meant(ranked[0], facts, len(facts) == 1)
