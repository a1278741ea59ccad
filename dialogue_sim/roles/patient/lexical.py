"""What every selector without a model does: take a turn clause by clause, and the facts out of a topic."""

from __future__ import annotations

from abc import ABC, abstractmethod

from dialogue_sim.cases.views import PatientFact, PatientView
from dialogue_sim.roles.patient.lexicon import Hit, Lexicon, lexicon
from dialogue_sim.roles.patient.naming import Naming, without
from dialogue_sim.roles.patient.questions import DoctorTurn
from dialogue_sim.roles.patient.understanding import Known, Understanding, Viewpoint, intents_of
from dialogue_sim.roles.text import pieces

# A question with no more telling words than this leans on the one before.
SHORT = 3
# Topics of which an item that no fact names is not recorded, whatever else of the topic is.
_CLOSED = ("history.past", "history.family", "history.infection", "history.drug")
VIEWS: dict[str, Viewpoint] = {
    "view.ideas": "ideas", "view.concerns": "concerns", "view.expectations": "expectations",
}  # fmt: skip


class LexicalSelector(ABC):
    """Reads a turn clause by clause, by the words that name topics. Deterministic."""

    def __init__(self, view: PatientView) -> None:
        self._view = view
        self._words: Lexicon = lexicon(view.language)
        self._by_topic: dict[str, list[PatientFact]] = {}
        for fact in view.facts:
            self._by_topic.setdefault(fact.topic, []).append(fact)
        self._fact = {fact.id: fact for fact in view.facts}
        opening = self._words.read(view.opening)
        self._complaint = {
            hit.topic for hit in self._words.hits(opening) if hit.topic.startswith(("ros.", "general."))
        }
        self._naming = Naming(self._words, self._complaint, self._by_topic)

    async def understand(
        self, doctor: str, turn: DoctorTurn, known: Known, view: PatientView
    ) -> Understanding:
        """See `Selector`. Never raises."""
        return self.read(turn, known)

    def read(self, turn: DoctorTurn, known: Known) -> Understanding:
        """What the turn asks for."""
        found = Understanding(marks=set(turn.marks), questions=turn.questions)
        if not turn.marks & {"attack", "foreign"}:
            broad = False
            known = Known(known.said, list(known.last_topics), list(known.last_facts), known.last_clause)
            for place, clause in enumerate(turn.clauses):
                known.sentence = turn.sentence(place)
                goes_on = place > 0 and turn.sentence_of[place] == turn.sentence_of[place - 1]
                before, told = len(found.topics), set(found.facts)
                if not self._clause(clause, known, found, goes_on):
                    broad = broad or self._words.says("broad", clause)
                if len(found.topics) > before:
                    known.last_clause = found.last_clause = clause
                    known.last_topics, known.here = [found.topics[-1]], True
                    known.last_facts = [fact for fact in found.facts if fact not in told]
            if not found.anything and (broad or "greedy" in turn.marks):
                found.specificity = "broad"
            elif found.anything:
                found.specificity = "specific"
        found.intents = intents_of(found, turn)
        return found

    @abstractmethod
    def _clause(self, clause: str, known: Known, found: Understanding, goes_on: bool) -> bool:
        """Read one clause into `found`; whether anything was recognised in it.

        `goes_on` tells that it continues the sentence of the clause before.
        """

    @abstractmethod
    def _worded(self, facts: list[PatientFact], clause: str) -> list[PatientFact]:
        """Those of several facts that the question's own words fit, if it fits any."""

    def _on_a_symptom(self, known: Known) -> bool:
        """Whether the topic asked last is a matter of its own, not the complaint or anything told of it."""
        return bool(known.last_topics) and not any(
            topic.startswith("hpi.") or topic in self._complaint for topic in known.last_topics
        )

    def _leans(self, clause: str, hits: list[Hit], known: Known) -> bool:
        """Whether a clause that names only a feature ("for how long?") is about the matter asked just before."""
        if not hits or not all(self._naming.is_feature(hit) for hit in hits) or not self._on_a_symptom(known):
            return False
        return len(pieces(without(clause, hits), self._view.language)) <= SHORT and not self._words.says(
            "anew", clause
        )

    def _take(self, topic: str, found: Understanding) -> None:
        if topic not in found.topics:
            found.topics.append(topic)

    def _of_topic(
        self,
        topic: str,
        facts: list[PatientFact],
        hits: list[Hit],
        clause: str,
        known: Known,
    ) -> list[tuple[PatientFact, bool]]:
        """Those of a topic's facts that are asked for, each with whether just this one is meant."""
        mine = [hit for hit in hits if topic in hit.topics]
        items = [clause[hit.start : hit.end] for hit in mine if hit.how == "item"]
        if items and not self._words.says("class", clause):
            named = [fact for fact in facts if any(self._names(fact, item) for item in items)]
            if named:
                return [(fact, True) for fact in named]
            blanket = [fact for fact in facts if self._words.blanket.search(self._words.read(fact.say))]
            if blanket or topic in _CLOSED:
                return [(fact, False) for fact in blanket]
        if len(facts) > 1 and self._words.says("other", clause):
            rest = [fact for fact in facts if fact.id not in known.said]
            return [(fact, fact.disclosure == "on_probe") for fact in rest or facts]
        if len(facts) > 1 and not self._words.says("class", clause):
            worded = self._worded(facts, clause)
            if worded:
                return [(fact, True) for fact in worded]
        direct = len(facts) == 1 and not topic.startswith(self._words.delicate)
        return [(fact, direct) for fact in facts]

    def _names(self, fact: PatientFact, item: str) -> bool:
        """Whether a fact speaks of the item, in these or in equivalent words."""
        text = self._words.read(" ".join((fact.say, *fact.ask)))
        return any(self._words.in_text(word, text) for word in self._words.equivalents(item))

    def _kin(self, topic: str) -> list[PatientFact]:
        """Facts of near topics that name this one."""
        return [
            fact
            for near in self._words.kin.get(topic, ())
            for fact in self._by_topic.get(near, ())
            if self._words.topic_words(topic, fact.say)
        ]

    def _missing(self, alternatives: list[Hit], found: Understanding) -> list[str]:
        """The topics to report as not recorded; the complaint itself and what a registration desk knows are not."""
        topics = [hit.topic for hit in alternatives]
        if any(topic in VIEWS for topic in topics):
            return []
        if set(topics) & self._complaint:
            found.complaint = True
            return []
        if "social.occupation" in topics and self._view.demographics.occupation:
            found.about += ["occupation"] if "occupation" not in found.about else []
            self._take("social.occupation", found)
            return []
        return topics[:1]

    def _follow(self, clause: str, known: Known, found: Understanding) -> bool:
        """A question that leans on the one before: "and at night?", "anything else?"."""
        facts = [fact for topic in known.last_topics for fact in self._by_topic.get(topic, ())]
        more = self._words.says("more", clause)
        if more:
            rest = [fact for fact in facts if fact.id not in known.said]
            for fact in rest:
                found.facts[fact.id] = True
            found.topics += [topic for topic in known.last_topics if rest and topic not in found.topics]
            if not rest:
                found.specificity = "broad"
                found.marks.add("more")
            return True
        return self._go_on(clause, known, found)

    def _go_on(self, clause: str, known: Known, found: Understanding) -> bool:
        """Answer about what was asked just before."""
        facts = [fact for topic in known.last_topics for fact in self._by_topic.get(topic, ())]
        if not facts:
            found.unknown += [topic for topic in known.last_topics if topic not in found.unknown]
            return True
        lately = [fact for fact in facts if fact.id in known.last_facts]
        worded = self._worded(facts, clause) if len(facts) > 1 else []
        for fact in worded or lately or facts:
            found.facts[fact.id] = True
        found.topics += [topic for topic in known.last_topics if topic not in found.topics]
        return True
