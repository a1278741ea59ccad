"""The selector that needs no model: topic lexicons first, retrieval over the facts where they are silent."""

from __future__ import annotations

from dialogue_sim.cases.views import PatientFact, PatientView
from dialogue_sim.roles.patient.evidence import ENOUGH, OUTRIGHT, Evidence, Meant
from dialogue_sim.roles.patient.lexicon import Hit, Lexicon, lexicon
from dialogue_sim.roles.patient.naming import Naming, topics_of, without
from dialogue_sim.roles.patient.questions import DoctorTurn
from dialogue_sim.roles.patient.retrieval import Index, Phrase
from dialogue_sim.roles.patient.understanding import Known, Understanding, Viewpoint, intents_of
from dialogue_sim.roles.text import pieces

_RETRIEVED = 0.5
_RIVAL = 0.75
_WHOLE, _WHOLE_RIVAL = 0.3, 0.5
# A question with no more telling words than this leans on the one before.
SHORT = 3
# Topics of which an item that no fact names is not recorded, whatever else of the topic is.
_CLOSED = ("history.past", "history.family", "history.infection", "history.drug")
# What was taken or done for the complaint, and what a person takes or has all the time.
_CARE = frozenset({"care.treatment", "care.tests"})
_KEPT = ("history.drug", "history.past", "history.infection")
VIEWS: dict[str, Viewpoint] = {
    "view.ideas": "ideas", "view.concerns": "concerns", "view.expectations": "expectations",
}  # fmt: skip
ABOUT = ("name", "age", "sex", "companion")


class LexicalSelector:
    """Reads a turn by lexicon and retrieval. Deterministic."""

    def __init__(self, view: PatientView) -> None:
        self._view = view
        self._words: Lexicon = lexicon(view.language)
        self._index = Index(view, self._words)
        self._by_topic: dict[str, list[PatientFact]] = {}
        for fact in view.facts:
            self._by_topic.setdefault(fact.topic, []).append(fact)
        self._fact = {fact.id: fact for fact in view.facts}
        self._evidence = Evidence(self._by_topic, self._words, self._index)
        opening = self._words.read(view.opening)
        self._complaint = {
            hit.topic for hit in self._words.hits(opening) if hit.topic.startswith(("ros.", "general."))
        }
        self._naming = Naming(self._words, self._evidence, self._complaint, self._by_topic)

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
            known = Known(known.said, list(known.last_topics), list(known.last_facts))
            for place, clause in enumerate(turn.clauses):
                goes_on = place > 0 and turn.sentence_of[place] == turn.sentence_of[place - 1]
                before = len(found.topics)
                if not self._clause(clause, known, found, goes_on):
                    broad = broad or self._words.says("broad", clause)
                if len(found.topics) > before:
                    known.last_topics = [found.topics[-1]]
            if not found.anything and (broad or "greedy" in turn.marks):
                found.specificity = "broad"
            elif found.anything:
                found.specificity = "specific"
        found.intents = intents_of(found, turn)
        return found

    def _clause(self, clause: str, known: Known, found: Understanding, goes_on: bool) -> bool:
        """Read one clause into `found`; whether anything was recognised in it.

        `goes_on` tells that it continues the sentence of the clause before.
        """
        clause, hits = self._naming.to_the_point(clause)
        asked = self._index.asked_by(clause)
        if not asked and self._leans(clause, hits, known):
            return (
                goes_on
                or self._tell(self._evidence.meant(clause, but=self._words.features), found)
                or self._go_on(clause, known, found)
            )
        if hits and not asked and all(self._naming.is_feature(hit) for hit in hits):
            named = topics_of(hits)
            other = self._evidence.meant(without(clause, hits), OUTRIGHT, named=named, whole=clause)
            if other and all(other.topic not in hit.topics for hit in hits) and self._tell(other, found):
                return True
        if (
            hits
            and not asked
            and self._tell(self._evidence.besides(clause, without(clause, hits), topics_of(hits)), found)
        ):
            return True
        about = [name for name in ABOUT if self._words.says(name, clause)]
        found.about += [name for name in about if name not in found.about]
        if hits or asked:
            self._answer(clause, hits, asked, known, found)
        if hits or asked or about:
            return True
        if self._words.says("more", clause) or (known.last_topics and self._words.says("follow", clause)):
            return self._follow(clause, known, found)
        if self._words.says("broad", clause):
            return False
        return self._retrieve(clause, known, found, goes_on)

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

    def _answer(
        self, clause: str, hits: list[Hit], asked: list[Phrase], known: Known, found: Understanding
    ) -> None:  # fmt: skip
        topics = topics_of(hits)
        pointed = [phrase for phrase in asked if self._points(phrase, hits, topics, clause)]
        if topics <= _CARE and any(phrase.fact.topic not in topics for phrase in pointed):
            hits, topics = [], set()  # what was taken or done is named by a fact's own phrase
        spans: dict[tuple[int, int], list[Hit]] = {}
        for hit in hits:
            spans.setdefault((hit.start, hit.end), []).append(hit)
        missing: list[str] = []
        answered = False
        for alternatives in spans.values():
            results = [(hit, self._facts(hit, hits, clause, pointed, known, found)) for hit in alternatives]
            good = [(hit, result) for hit, result in results if result]
            good = [(hit, result) for hit, result in good if self._item_named(hit, result, clause)] or good
            answered = answered or bool(good)
            for hit, result in good or results[:0]:
                self._take(hit.topic, found)
                for fact, specific in result:
                    found.facts[fact.id] = found.facts.get(fact.id, False) or specific
            if not good:
                lacking = self._missing(alternatives, found)
                missing += lacking
                found.terms.update(
                    dict.fromkeys(lacking, clause[alternatives[0].start : alternatives[0].end])
                )
        for phrase in pointed:
            if phrase.fact.topic not in topics:
                answered = True
                self._take(phrase.fact.topic, found)
                found.facts[phrase.fact.id] = True
        stray = any(phrase.fact.topic not in topics for phrase in pointed)
        if missing and not answered and not stray:
            weak = all(topic in self._words.features for topic in missing)
            beside = without(clause, hits)
            stray = self._tell(
                self._evidence.meant(beside, ENOUGH if weak else OUTRIGHT, but=topics, whole=clause), found
            )
        for topic in missing:
            if topic not in found.unknown and not stray:
                found.unknown.append(topic)
                self._take(topic, found)

    def _item_named(self, hit: Hit, result: list[tuple[PatientFact, bool]], clause: str) -> bool:
        return hit.how == "item" and any(self._names(fact, clause[hit.start : hit.end]) for fact, _ in result)

    def _take(self, topic: str, found: Understanding) -> None:
        if topic not in found.topics:
            found.topics.append(topic)

    def _points(self, phrase: Phrase, hits: list[Hit], topics: set[str], clause: str) -> bool:
        """Whether an `ask` phrase found in the clause means its fact, given the topics the clause names."""
        if not topics or phrase.fact.topic in topics:
            return True
        if any(self._naming.frames(hit) for hit in hits) and not (
            topics <= _CARE and phrase.fact.topic in _KEPT
        ):
            return False
        start = clause.find(phrase.folded)
        end = start + len(phrase.folded)
        if start >= 0 and any(
            hit.start < end and start < hit.end and not start <= hit.start <= hit.end <= end for hit in hits
        ):
            return False
        enough = 3 if self._view.language == "zh" else 9
        return len(phrase.folded) >= enough and not any(self._by_topic.get(topic) for topic in topics)

    def _facts(
        self, hit: Hit, hits: list[Hit], clause: str, pointed: list[Phrase], known: Known, found: Understanding
    ) -> list[tuple[PatientFact, bool]]:  # fmt: skip
        """The facts that a hit asks for, each with whether it is meant in particular."""
        if hit.topic in VIEWS:
            view = VIEWS[hit.topic]
            if view not in found.views:
                found.views.append(view)
            self._take(hit.topic, found)
            return []
        if hit.how == "several":
            return [(fact, False) for topic in hit.topics for fact in self._by_topic.get(topic, ())]
        for topic in hit.topics:
            facts = self._by_topic.get(topic)
            if facts:
                return self._of_topic(topic, facts, hits, clause, pointed, known)
        return [(fact, True) for topic in hit.topics for fact in self._kin(topic)]

    def _of_topic(
        self,
        topic: str,
        facts: list[PatientFact],
        hits: list[Hit],
        clause: str,
        pointed: list[Phrase],
        known: Known,
    ) -> list[tuple[PatientFact, bool]]:
        # "Illnesses" may be one fact's own phrase, and is the whole topic's word all the same.
        meant = [
            fact
            for fact in facts
            if any(phrase.fact is fact and not self._words.says("class", phrase.folded) for phrase in pointed)
        ]
        if meant:
            return [(fact, True) for fact in meant]
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
            worded = self._worded(facts, clause, mine)
            if worded:
                return [(fact, True) for fact in worded]
        direct = len(facts) == 1 and not topic.startswith(self._words.delicate)
        return [(fact, direct) for fact in facts]

    def _names(self, fact: PatientFact, item: str) -> bool:
        """Whether a fact speaks of the item, in these or in equivalent words."""
        text = self._words.read(" ".join((fact.say, *fact.ask)))
        return any(self._words.in_text(word, text) for word in self._words.equivalents(item))

    def _worded(self, facts: list[PatientFact], clause: str, mine: list[Hit]) -> list[PatientFact]:
        """The one fact of several whose own words the question uses, best beside the topic's."""
        for part, enough, rival in (
            (without(clause, mine), _RETRIEVED, _RIVAL),
            (clause, _WHOLE, _WHOLE_RIVAL),
        ):
            own = dict(self._index.best(part))
            told = sorted(facts, key=lambda fact: -own.get(fact.id, 0.0))
            first, second = own.get(told[0].id, 0.0), own.get(told[1].id, 0.0)
            if first >= enough and second <= rival * first:
                return told[:1]
        return []

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
            found.about.append("occupation")
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
        worded = self._worded(facts, clause, []) if len(facts) > 1 else []
        for fact in worded or facts:
            found.facts[fact.id] = True
        found.topics += [topic for topic in known.last_topics if topic not in found.topics]
        return True

    def _tell(self, meant: Meant | None, found: Understanding) -> bool:
        """Take the facts that the evidence points to; whether there are any."""
        if meant is None:
            return False
        self._take(meant.topic, found)
        for fact in meant.facts:
            found.facts[fact.id] = found.facts.get(fact.id, False) or meant.one
        return True

    def _retrieve(self, clause: str, known: Known, found: Understanding, goes_on: bool) -> bool:
        """A clause in which no topic is named: the fact whose words it uses, or else not recorded."""
        if self._tell(self._evidence.meant(clause, going_on=known.last_topics), found):
            return True
        if any(
            self._words.says(name, clause)
            for name in ("private", "consent", "confirm", "small_talk", "empathy")
        ):
            return True
        content = len(pieces(clause, self._view.language))
        if content <= SHORT and known.last_facts and self._on_a_symptom(known):
            return self._go_on(clause, known, found)
        if content and not (goes_on and (content < 2 or not self._words.says("question", clause))):
            found.unknown.append(clause[:60])
            return True
        return False
