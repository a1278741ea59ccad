"""The selector that needs no model: the topic likeliest by example questions, by name and by the facts' own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.cases.views import PatientFact, PatientView
from dialogue_sim.roles.patient.bank import NONE, Bank, bank, spelling
from dialogue_sim.roles.patient.lexical import SHORT, VIEWS, LexicalSelector
from dialogue_sim.roles.patient.lexicon import ABOUT, Hit
from dialogue_sim.roles.patient.matching import Matching
from dialogue_sim.roles.patient.naming import topics_of, without
from dialogue_sim.roles.patient.spelling import words_of
from dialogue_sim.roles.patient.understanding import Known, Understanding
from dialogue_sim.roles.text import pieces

_FAMILY = "history.family"
# What a fact's own words, a name and going on with a topic count beside the examples; what speaks against the complaint.
_FIT, _NAMED, _GOING_ON, _NEXT, _BEFORE, _COMPLAINT = 1.0, 2.0, 1.0, 2.0, 0.4, 3.0
# A fact that the question's words tell of, how alike two are told of, how close one of a near topic must be.
_TOLD, _ALIKE, _CLOSE = 2.0, 0.6, 2.5
# How far behind the likeliest topic one that is named, or named in a list, may be; when a list's member is clear.
_BESIDE, _LISTED, _CLEAR, _STRONG = 1.5, 5.0, 5.0, 8.0
# Too little to go by, unless the topic's examples hold so much of the words; enough without; the least with a fact's.
_FAINT, _GROUND, _SURE, _FLOOR = 2.0, 0.2, 6.0, -3.0
# Topics that a word for the whole class ("conditions") asks for entirely.
OPEN = ("history.past", "history.family")
_LIST = {
    "en": re.compile(r"\s*,\s*(?:or |and )?|\s+(?:or|and)\s+"),
    "zh": re.compile(r"、|(?<=[一-龥])(?:或者?|和|以及)(?=[一-龥])"),
}
_CIRCUMSTANCE = re.compile(
    r"(?:with|without|for|by|on|at|in|when|if|like|after|before|during|from|since|than)\b"
)


class Ranked(NamedTuple):
    """A topic with how strongly a question points to it, and the fact of it that fits the question best."""

    score: float
    topic: str
    fact: PatientFact | None
    fit: float


class Ranking:
    """Every topic with how strongly a question points to it."""

    def __init__(
        self, bank: Bank, scores: NDArray[np.float64], told: Mapping[str, tuple[PatientFact, float]]
    ) -> None:
        self._bank, self._scores, self._told = bank, scores, told
        self._order = np.argsort(-scores, kind="stable")

    def of(self, topic: str) -> Ranked:
        """One topic."""
        return self._at(self._bank.place[topic])

    def first(self, but: str = "") -> Ranked:
        """The likeliest topic, but for one."""
        place = self._bank.place.get(but)
        return self._at(next(int(at) for at in self._order if at != place))

    def _at(self, place: int) -> Ranked:
        topic = self._bank.topics[place]
        fact, fit = self._told.get(topic, (None, 0.0))
        return Ranked(float(self._scores[place]), topic, fact, fit)


class WeighingSelector(LexicalSelector):
    """Reads a clause by the evidence for every topic of the vocabulary, recorded or not."""

    def __init__(self, view: PatientView) -> None:
        super().__init__(view)
        self._bank = bank(view.language)
        # A short question after one about a feature of the illness mostly asks for another feature.
        self._matters = np.array([not topic.startswith("hpi.") for topic in self._bank.topics])

    @cached_property
    def _own_words(self) -> frozenset[str]:
        """Words that are known for this patient."""
        own = (text for fact in self._view.facts for text in (fact.say, *fact.ask))
        asked = (*self._view.questions.facts.values(), self._view.questions.unrecorded)
        return words_of((*own, *(question for every in asked for question in every)))

    @cached_property
    def _matching(self) -> Matching:
        return Matching(self._view.facts, self._bank.thesaurus)

    def _tells(self, clause: str) -> bool:
        """Whether a clause's own words tell which fact is meant."""
        return max(self._matching.fits(clause).values(), default=0.0) >= _TOLD

    def _clause(self, clause: str, known: Known, found: Understanding, goes_on: bool) -> bool:
        if self._view.language == "en":
            clause = spelling().mended(clause, lambda: self._own_words)
        hits = self._naming.hits(clause)
        told = self._tells(clause)
        if not told and self._after_it(clause, known, found):
            return True
        if not told and self._leans(clause, hits, known):
            return goes_on or self._go_on(clause, known, found)
        about = [name for name in ABOUT if self._words.says(name, clause)]
        if "age" in about and _FAMILY in known.last_topics:
            return self._go_on(clause, known, found)  # "how old was he?" is about the relative
        found.about += [name for name in about if name not in found.about]
        if not hits and not told and self._words.says("broad", clause):
            return False
        if not hits and not told:
            if about:
                return True
            if self._words.says("more", clause) or (known.last_topics and self._words.says("follow", clause)):
                return self._follow(clause, known, found)
            if self._leans_back(clause, known, found, goes_on):
                return True
        return self._weigh(clause, hits, known, found)

    def _after_it(self, clause: str, known: Known, found: Understanding) -> bool:
        """Whether a clause asks what came of the treatment asked for just before ("any good?")."""
        if not known.last_topics or not self._words.says("effect", clause):
            return False
        topics = [after for topic in known.last_topics for after in self._words.follows.get(topic, ())]
        for topic in topics:
            if facts := self._by_topic.get(topic):
                self._take(topic, found)
                found.facts.update((fact.id, True) for fact in self._worded(facts, clause) or facts)
                return True
        return False

    def _leans_back(self, clause: str, known: Known, found: Understanding, goes_on: bool) -> bool:
        """Whether a clause with hardly a telling word asks nothing, or on about what was asked before."""
        if any(
            self._words.says(name, clause)
            for name in ("private", "consent", "confirm", "small_talk", "empathy")
        ):
            return True
        content = len(pieces(clause, self._view.language))
        if content <= 1 and known.last_facts and self._on_a_symptom(known):
            return self._go_on(clause, known, found)
        return not content or (goes_on and (content < SHORT - 1 or not self._words.says("question", clause)))

    def _weigh(self, clause: str, hits: list[Hit], known: Known, found: Understanding) -> bool:
        ranking = self._ranked(clause, hits, known, self._read_with(clause, hits, known))
        best = ranking.first()
        if not hits and best.fit < 1.0 and self._groundless(clause, best):
            found.unknown.append(clause[:60])
            return True
        if self._of_the_last(best, clause, hits, known):
            return self._go_on(clause, known, found)
        best = ranking.first(NONE)
        chosen = self._chosen(best, clause, hits, ranking, known)
        self._spread(best, hits, chosen, ranking)
        for ranked in chosen.values():
            self._tell_of(ranked, clause, hits, known, found)
        return True

    def _chosen(
        self, best: Ranked, clause: str, hits: list[Hit], ranking: Ranking, known: Known
    ) -> dict[str, Ranked]:
        """The likeliest topic, with those that are named beside it and those of the members of a list."""
        chosen, parts = {best.topic: best}, self._parts(clause)
        recorded = best.topic in self._by_topic
        for hit in hits:
            topic = next((topic for topic in hit.topics if topic in self._by_topic), hit.topic)
            if (
                not self._naming.is_feature(hit)
                and topic in self._bank.place
                and self._beside(ranking.of(topic), best, listed=bool(parts))
            ):
                chosen.setdefault(topic, ranking.of(topic))
        for part in parts:
            named = [hit for hit in self._naming.hits(part) if not self._naming.is_feature(hit)]
            of_part = self._ranked(part, named, known)
            first = of_part.first()
            second = of_part.first(first.topic)
            if (
                (first.topic in topics_of(named) or (first.fit >= _TOLD and recorded))
                and first.score - second.score >= _CLEAR
                and ranking.of(first.topic).score > 0
                and not self._framed(best.topic, first.topic)
            ):
                chosen.setdefault(first.topic, first)
        return chosen

    def _groundless(self, clause: str, best: Ranked) -> bool:
        """Whether next to nothing speaks for a topic."""
        if best.topic == NONE or best.score < _FAINT:
            return True
        return best.score < _SURE and self._bank.grounded(clause, best.topic) < _GROUND

    @staticmethod
    def _beside(named: Ranked, best: Ranked, *, listed: bool) -> bool:
        """Whether a topic that is named is asked for along with the likeliest one."""
        listed = listed or named.score > _STRONG
        return named.score > best.score - (_LISTED if listed else _BESIDE)

    def _framed(self, frame: str, topic: str) -> bool:
        """Whether a topic that is asked for takes another to itself ("in your family", "make it worse")."""
        return self._words.takes(frame, Hit((topic,), 0, 0, "topic"))

    def _of_the_last(self, best: Ranked, clause: str, hits: list[Hit], known: Known) -> bool:
        """Whether a short clause asks on about the matter asked just before ("how long did it last?")."""
        if best.fit >= _TOLD or not known.last_topics or self._words.says("anew", clause):
            return False
        if len(pieces(without(clause, hits), self._view.language)) > SHORT:
            return False
        if best.topic.startswith("hpi."):
            return self._on_a_symptom(known)
        if hits or best.fit >= 1.0:
            return False
        return known.here or (
            bool(known.last_facts) and best.topic not in self._by_topic and best.score < _CLEAR
        )

    def _parts(self, clause: str) -> list[str]:
        """The members of a list of things asked for at once."""
        parts = [part for part in _LIST[self._view.language].split(clause) if self._asks_of_its_own(part)]
        return parts if len(parts) > 1 else []

    def _asks_of_its_own(self, part: str) -> bool:
        """Whether a part of a clause is more than a name or a circumstance of the question ("with a cough")."""
        return not _CIRCUMSTANCE.match(part) and any(
            self._bank.knows(word) for word in self._bank.thesaurus.content(part)
        )

    def _spread(self, best: Ranked, hits: list[Hit], chosen: dict[str, Ranked], ranking: Ranking) -> None:
        """Take every topic that a word for several means, where the question names none in particular."""
        for hit in hits:
            if hit.how == "several" and best.topic in hit.topics and best.fit < _TOLD:
                chosen.update({topic: ranking.of(topic) for topic in hit.topics if topic in self._by_topic})

    def _read_with(self, clause: str, hits: list[Hit], known: Known) -> str:
        """The clause before, where this one is too short to be read without it ("any blood in it?")."""
        if not known.last_clause or self._words.says("anew", clause):
            return ""
        short = len(pieces(without(clause, hits), self._view.language)) <= SHORT
        return known.last_clause if short else ""

    def _in_context(self, clause: str, known: Known, before: str) -> NDArray[np.float64]:
        """The bank's scores of a clause, with what was asked before it."""
        scores = self._bank.scores(clause)
        if before:
            scores += _BEFORE * self._bank.scores(before) * self._matters
        place = self._bank.place
        after = [topic for last in known.last_topics for topic in self._words.follows.get(last, ())]
        for topics, more in ((known.last_topics, _GOING_ON), (after, _NEXT)):
            for topic in set(topics) & place.keys():
                scores[place[topic]] += more
        return scores

    def _ranked(self, clause: str, hits: list[Hit], known: Known, before: str = "") -> Ranking:
        """How strongly a clause points to each topic."""
        place, scores, fits = (
            self._bank.place,
            self._in_context(clause, known, before),
            self._matching.fits(clause),
        )
        told: dict[str, tuple[PatientFact, float]] = {}
        for topic, facts in self._by_topic.items():
            fact = max(facts, key=lambda fact: fits.get(fact.id, 0.0))
            fit = fits.get(fact.id, 0.0)
            told[topic] = fact, fit
            if fit and topic in place:
                at = place[topic]
                scores[at] = (max(scores[at], _FLOOR) if fit >= _TOLD else scores[at]) + _FIT * fit
        for topics, more in (
            (topics_of(hits), _NAMED),
            (self._complaint - self._by_topic.keys(), -_COMPLAINT),
        ):
            for topic in set(topics) & place.keys():
                scores[place[topic]] += more
        return Ranking(self._bank, scores, told)

    def _tell_of(
        self,
        ranked: Ranked,
        clause: str,
        hits: list[Hit],
        known: Known,
        found: Understanding,
    ) -> None:
        """Take what the record holds of one topic, or that it holds nothing."""
        topic = ranked.topic
        if topic in VIEWS:
            self._tell_view(topic, found)
            return
        facts = self._by_topic.get(topic, [])
        result = self._of_topic(topic, facts, hits, clause, known) if facts else []
        result = result or [(fact, True) for fact in self._kin(topic)] or self._near(topic, clause)
        if not result and ranked.fit >= _TOLD and ranked.fact:
            result = [(ranked.fact, True)]
        if result:
            self._take(topic, found)
            if any(fact.id in found.facts for fact, _ in result) and not any(one for _, one in result):
                return  # said again without naming one
            for fact, one in result:
                found.facts[fact.id] = (
                    found.facts.get(fact.id, False) or one or (fact is ranked.fact and ranked.fit >= _TOLD)
                )
            return
        self._tell_missing(topic, hits, clause, found)

    def _tell_view(self, topic: str, found: Understanding) -> None:
        """Take what the patient thinks, fears or wishes."""
        if VIEWS[topic] not in found.views:
            found.views.append(VIEWS[topic])
        self._take(topic, found)

    def _tell_missing(self, topic: str, hits: list[Hit], clause: str, found: Understanding) -> None:
        """Take that the record holds nothing of a topic."""
        named = [hit for hit in hits if topic in hit.topics]
        for lacking in self._missing(named or [Hit((topic,), 0, 0, "topic")], found):
            if lacking not in found.unknown:
                found.unknown.append(lacking)
                self._take(lacking, found)
                if named:
                    found.terms[lacking] = clause[named[0].start : named[0].end]

    def _near(self, topic: str, clause: str) -> list[tuple[PatientFact, bool]]:
        """The fact of a near topic that the question's own words fit best."""
        fits = self._matching.fits(clause)
        near = [*self._bank.near.get(topic, ()), *(self._complaint if topic.startswith("hpi.") else ())]
        facts = [fact for other in near for fact in self._by_topic.get(other, ())]
        best = max(facts, key=lambda fact: fits.get(fact.id, 0.0), default=None)
        return [(best, True)] if best and fits.get(best.id, 0.0) >= _CLOSE else []

    def _of_topic(
        self,
        topic: str,
        facts: list[PatientFact],
        hits: list[Hit],
        clause: str,
        known: Known,
    ) -> list[tuple[PatientFact, bool]]:
        fitting = self._worded(facts, clause) if len(facts) > 1 else []
        every = topic in OPEN and self._words.says("class", clause)
        if fitting and len(fitting) < len(facts) and not every:
            return [(fact, True) for fact in fitting]
        return super()._of_topic(topic, facts, hits, clause, known)

    def _worded(self, facts: list[PatientFact], clause: str) -> list[PatientFact]:
        """Those of several facts that the question's own words fit, if it fits any."""
        fits = self._matching.fits(clause)
        most = max((fits.get(fact.id, 0.0) for fact in facts), default=0.0)
        return [fact for fact in facts if most >= _TOLD and fits.get(fact.id, 0.0) >= _ALIKE * most]
