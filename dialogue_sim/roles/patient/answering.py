"""The selector of a case that brings example questions: by what answered the like of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dialogue_sim.cases.views import PatientView
from dialogue_sim.roles.learned import sources
from dialogue_sim.roles.patient.answers import Answers, Labelled, Weights
from dialogue_sim.roles.patient.bank import NONE
from dialogue_sim.roles.patient.lexical import SHORT, VIEWS
from dialogue_sim.roles.patient.lexicon import Hit
from dialogue_sim.roles.patient.meaning import meaning
from dialogue_sim.roles.patient.naming import without
from dialogue_sim.roles.patient.questions import DoctorTurn
from dialogue_sim.roles.patient.understanding import Known, Understanding
from dialogue_sim.roles.patient.weighing import OPEN, WeighingSelector
from dialogue_sim.roles.text import fold, pieces

_UNRECORDED, _COMPLAINED = "-", "!"
# Examples of every topic that the case has nothing of, and of those that every doctor asks. A fact with enough of
# its own needs of its topic's only the plainest, which ask for all that the topic holds.
_ELSEWHERE, _OFTEN, _ENOUGH, _PLAINEST = 3, 8, 6, 2
# The share of the best answer's weight that another needs, the least that it needs, and the best one itself.
_SHARE, _LEAST, _FAINT = 0.55, 0.25, 0.2
_WARY = 0.03  # by how much a fact must be likelier than that nothing on record is asked for
_MEMBER = 0.75  # what a member of a list needs by itself
# What a turn may do and be a question all the same, if a sentence is so much like one.
_PERHAPS, _ASKING = {"jargon", "empathy", "private", "confirm", "consent"}, 0.5
_TOLD = 0.5  # from this weight on a clause is a question for a fact, however few its words
_DIRECT = 0.4  # from this weight on a question means just this fact
# How a symptom is shown, of which the patient knows no more than what was said of it.
_SHOWN = ("hpi.character", "hpi.site")
# The place of a complaint's name, with the words that belong to it.
_NAME_OF_IT = re.compile(
    r"(?:(?:your|his|her|the|this|these|that|those|any|such|a|an) )?(?:(?:lower|upper|left|right|severe|sudden|recent|current|bad) )*\0+"
)
_REMEMBERED = 32  # cases; the replicates of one follow one another


@lru_cache(maxsize=_REMEMBERED)
def selector_of(view: PatientView) -> WeighingSelector:
    """The selector of a case. It keeps nothing of a dialogue, so the replicates of a case share it."""
    return (AnsweringSelector if view.questions.facts or view.questions.unrecorded else WeighingSelector)(
        view
    )


class AnsweringSelector(WeighingSelector):
    """Reads a clause by what answered its like; that nothing on record does is one of the answers."""

    def __init__(self, view: PatientView) -> None:
        super().__init__(view)
        told = (
            repr((view.facts, sorted(self._complaint))).encode() + view.questions.model_dump_json().encode()
        )
        told += sources("patient/answering.py", "patient/lexical.py")
        self._answers = Answers.kept(told, self._examples, self._bank, meaning(view.language))
        self._place = self._answers.place
        self._unrecorded = self._place[_UNRECORDED]
        self._told_of = [place for name, place in self._place.items() if name in self._fact or name in VIEWS]

    def _examples(self) -> list[Labelled]:
        read = self._words.plain
        found = [
            Labelled(read(fold(question)), frozenset(names.split()))
            for names, asked in {
                **self._view.questions.facts,
                _UNRECORDED: self._view.questions.unrecorded,
            }.items()
            for question in asked
        ]
        found += [
            Labelled(read(fold(ask)), frozenset((fact.id,))) for fact in self._view.facts for ask in fact.ask
        ]
        told = Counter(name for example in found for name in example.answers)
        for topic, samples in self._bank.samples.items():
            facts = self._by_topic.get(topic, [])
            if topic == NONE:
                continue
            if facts and all(told[fact.id] >= _ENOUGH for fact in facts):
                samples = samples[:_PLAINEST]
            open_ones = [fact.id for fact in facts if fact.disclosure != "on_probe"]
            nothing = _COMPLAINED if topic in self._complaint else topic if topic in VIEWS else _UNRECORDED
            answers = open_ones or [fact.id for fact in facts] or [nothing]
            few = _OFTEN if topic.startswith(("hpi.", "general.")) else _ELSEWHERE
            own = bool(facts) or topic in VIEWS
            many = len(samples) if own or topic in self._complaint else few
            some = samples[:: max(1, len(samples) // many)][:many]
            found += [Labelled(question, frozenset(answers), own=own) for question in some]
        return found

    def read(self, turn: DoctorTurn, known: Known) -> Understanding:
        """What the turn asks for. One in which nothing marks a question asks all the same what its like asked."""
        if not turn.clauses and turn.marks <= _PERHAPS:
            asking = [sentence for sentence in turn.sentences if self._asks(sentence, turn, known)]
            turn = replace(turn, clauses=asking, sentence_of=list(range(len(asking))))
        return super().read(turn, known)

    def _tells(self, clause: str) -> bool:
        return bool(self._answers.alone(clause)[self._told_of].max() >= _TOLD)

    def _asks(self, sentence: str, turn: DoctorTurn, known: Known) -> bool:
        if self._words.says("intends", sentence):
            return False  # what the doctor is about to do
        best, weight = self._best(self._answers.alone(sentence))
        if "confirm" in turn.marks and best in known.said:
            return False  # what the patient said is summed up, not asked
        return best in self._fact and weight >= _ASKING

    def _best(self, weights: Weights) -> tuple[str, float]:
        place = int(weights.argmax())
        return self._answers.names[place], float(weights[place])

    def _weigh(self, clause: str, hits: list[Hit], known: Known, found: Understanding) -> bool:
        weights, scores = self._weights(clause, hits, known)
        best, weight = self._best(weights)
        if self._leans_on(best, weight, clause, hits, known):
            return self._go_on(clause, known, found)
        if best in VIEWS:
            self._tell_view(best, found)
            return True
        members = self._members(clause, weight if best == _UNRECORDED else _MEMBER)
        if best == _UNRECORDED and not members:
            topic = self._topic_elsewhere(scores)
            if topic in _SHOWN and known.last_facts and self._on_a_symptom(known):
                return self._go_on(clause, known, found)  # what was said of the symptom is its description
            self._tell_missing(topic, hits, clause, found)
            return True
        least = max(_SHARE * weight, min(_LEAST, max(weight, _FAINT)))
        asked = {self._answers.names[place] for place in np.flatnonzero(weights >= least)} | members
        if best == _COMPLAINED and asked.isdisjoint(self._fact):
            found.complaint = True
            return True
        if best in self._fact and self._fact[best].topic in OPEN and self._words.says("class", clause):
            asked |= {f.id for f in self._by_topic[self._fact[best].topic] if f.disclosure != "on_probe"}
        for fact in self._view.facts:
            if fact.id in asked:
                self._take(fact.topic, found)
                place = self._place.get(fact.id)
                direct = fact.id in members or (place is not None and bool(weights[place] >= _DIRECT))
                found.facts[fact.id] = found.facts.get(fact.id, False) or direct
        return True

    def _unnamed(self, clause: str) -> str:
        """A clause about the complaint without its name ("when did the shortness of breath start?"), which is no answer."""
        if self._view.language != "en":
            return clause
        hits = self._words.hits(clause)
        named = [hit for hit in hits if set(hit.topics) & self._complaint]
        bare = clause
        for hit in named:
            bare = bare[: hit.start] + "\0" * (hit.end - hit.start) + bare[hit.end :]
        bare = _NAME_OF_IT.sub("it", bare)
        beside = [
            hit for hit in hits if not any(one.start <= hit.start and hit.end <= one.end for one in named)
        ]
        return bare if named and beside else clause

    def _weights(self, clause: str, hits: list[Hit], known: Known) -> tuple[Weights, NDArray[np.float64]]:
        """How much each answer is asked for by a clause and by its sentence, and the bank's scores of the clause.

        That nothing on record is asked for weighs more, if nothing else does.
        """
        bare = self._unnamed(clause)
        scores = self._in_context(bare, known, self._read_with(clause, hits, known))
        weights = self._answers.of(bare, scores)
        whole = max(known.sentence, clause, key=len)
        if len(whole) > len(bare):
            weights = (weights + self._answers.alone(whole)) / 2
        weights[self._unrecorded] += _WARY
        return weights, scores

    def _leans_on(self, best: str, weight: float, clause: str, hits: list[Hit], known: Known) -> bool:
        """Whether a short clause asks on about the matter asked just before ("how long did it last?")."""
        if not known.last_topics or self._words.says("anew", clause):
            return False
        if len(pieces(without(clause, hits), self._view.language)) > SHORT:
            return False
        fact = self._fact.get(best)
        if fact and fact.topic.startswith("hpi."):
            return weight < _TOLD and self._on_a_symptom(known)
        return not hits and weight < _DIRECT and (known.here or bool(known.last_facts))

    def _members(self, clause: str, least: float) -> set[str]:
        """The facts that the members of a list ask for, each by itself ("a fever or a headache")."""
        found = set()
        for part in self._parts(clause):
            best, weight = self._best(self._answers.alone(part))
            if best in self._fact and weight >= max(_MEMBER, least):
                found.add(best)
        return found

    def _topic_elsewhere(self, scores: NDArray[np.float64]) -> str:
        """The likeliest topic of which the case has nothing."""
        topics = (self._bank.topics[int(place)] for place in np.argsort(-scores, kind="stable"))
        return next(
            topic for topic in topics if topic not in self._by_topic and topic not in VIEWS and topic != NONE
        )
