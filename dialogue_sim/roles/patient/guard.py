"""The guard: reads every worded reply before the doctor does.

It compares the draft with what the patient decided to say, and with what has been heard in the
dialogue. It knows the names of the diagnosis, which no prompt does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from dialogue_sim.cases.views import PatientView
from dialogue_sim.roles.patient.disclosure import Plan
from dialogue_sim.roles.patient.lexicon import lexicon
from dialogue_sim.roles.patient.reply_words import language_drifts, negated, numbers, reply_words, role_drift
from dialogue_sim.roles.patterns import within
from dialogue_sim.roles.text import characters, fold, pieces, sentences
from dialogue_sim.transcript import GuardAction

# A draft that holds so much of a fact's own words tells that fact.
_TELLS = 0.6
_SAME = 0.5
# A draft that holds less of a selected fact's words leaves it out.
_SAYS = 0.3
_CLINICAL = ("ros.", "general.", "history.", "social.", "gyn.", "care.")


class Finding(NamedTuple):
    """One thing wrong with a draft. `detail` names the words or the fact."""

    action: GuardAction
    detail: str


@dataclass
class Allowed:
    """What a reply may hold.

    Attributes:
        lines: the patient's own lines that this reply may say.
        heard: the turns of the dialogue so far, the doctor's included.
    """

    lines: Sequence[str] = ()
    heard: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


class Guard:
    """Checks the drafts of one patient."""

    def __init__(self, view: PatientView, guarded_terms: Sequence[str]) -> None:
        self._view, self._language = view, view.language
        self._terms = [folded for term in guarded_terms if len(folded := fold(term)) > 1]
        self._words = reply_words(view.language)
        self._lexicon = lexicon(view.language)

    def check(self, draft: str, plan: Plan, allowed: Allowed) -> list[Finding]:
        """What is wrong with a draft, the gravest first; empty when it may be said."""
        folded = fold(draft)
        if language_drifts(draft, self._language):
            return [Finding("language_drift", draft[:40])]
        return [
            *self._diagnosis(folded, allowed),
            *(Finding("role_drift", words) for words in role_drift(folded, self._language)),
            *self._echo(folded, allowed),
            *self._numbers(draft, allowed),
            *self._facts(folded, plan, allowed),
            *self._negation(folded, plan),
            *self._omitted(folded, plan),
        ]

    def _diagnosis(self, folded: str, allowed: Allowed) -> list[Finding]:
        known = fold("\n".join((allowed.text, *allowed.heard)))
        named = [term for term in self._terms if self._within(term, folded) and not self._within(term, known)]
        return [Finding("diagnosis_named", term) for term in named]

    def _within(self, term: str, text: str) -> bool:
        return within(term, "".join(text.split()) if self._language == "zh" else text, self._language)

    def _echo(self, folded: str, allowed: Allowed) -> list[Finding]:
        """A question of the doctor's said back to them."""
        heard = _bare(fold("\n".join(allowed.heard)))
        own = _bare(fold(allowed.text))
        asked = [_bare(sentence) for sentence in sentences(folded) if sentence.endswith("?")]
        return [
            Finding("role_drift", words)
            for words in asked
            if len(words) > 3 and words in heard and words not in own
        ]

    def _omitted(self, folded: str, plan: Plan) -> list[Finding]:
        """Selected facts of which the draft says hardly a word: the trace would claim what was never said."""
        draft, named = self._content(folded), named_topics(folded, self._language)
        missing = []
        for fact in plan.facts:
            own = self._content(fold(fact.say))
            if own and len(own & draft) < _SAYS * len(own) and fact.topic not in named:
                missing.append(Finding("omitted_fact", fact.id))
        return missing

    def _content(self, folded: str) -> set[str]:
        return set(characters(folded)) if self._language == "zh" else set(pieces(folded, "en"))

    def _numbers(self, draft: str, allowed: Allowed) -> list[Finding]:
        known = numbers("\n".join((allowed.text, *allowed.heard)), self._language)
        return [
            Finding("unselected_number", number) for number in sorted(numbers(draft, self._language) - known)
        ]

    def _facts(self, folded: str, plan: Plan, allowed: Allowed) -> list[Finding]:
        said = {fact.id for fact in plan.facts}
        own = set(pieces(fold(allowed.text), self._language))
        draft = set(pieces(folded, self._language))
        found = []
        for fact in self._view.facts:
            telling = set(pieces(fold(fact.say), self._language)) - own
            if fact.id not in said and len(telling) > 1 and len(telling & draft) >= _TELLS * len(telling):
                found.append(Finding("unselected_fact", fact.id))
        lines = (*allowed.lines, *allowed.heard)
        topics = beyond(named_topics(folded, self._language), lines, named_topics, self._language)
        found += [Finding("unselected_fact", topic) for topic in sorted(topics)]
        if self._answers_unknown(folded, plan):
            found.append(Finding("unselected_fact", plan.selection.unknown[0]))
        return found

    def _answers_unknown(self, folded: str, plan: Plan) -> bool:
        """Whether a reply to a question that the record does not answer says yes, no or normal."""
        if not plan.selection.unknown or plan.facts or plan.selection.views or plan.understanding.about:
            return False
        return self._words["not_known"].search(folded) is None

    def _negation(self, folded: str, plan: Plan) -> list[Finding]:
        """Selected facts of which a clause is negated in the draft and not in the patient's line, or the reverse."""
        found = [
            Finding("flipped_negation", fact.id)
            for fact in plan.facts
            if flipped(folded, fact.say, self._language)
        ]
        return found or self._wrong_yes_or_no(folded, plan)

    def _wrong_yes_or_no(self, folded: str, plan: Plan) -> list[Finding]:
        """A draft that opens with yes where every selected fact is a denial, or with no where none is."""
        statuses = {fact.status for fact in plan.facts}
        if len(statuses) != 1 or plan.selection.unknown:
            return []
        denied = statuses == {"denied"}
        lines = fold(" ".join(fact.say for fact in plan.facts))
        opener = self._words["yes" if denied else "no"]
        if opener.search(folded) and not opener.search(lines) and negated(lines, self._language) == denied:
            return [Finding("flipped_negation", plan.facts[0].id)]
        return []


@lru_cache(maxsize=2048)
def named_topics(text: str, language: str) -> frozenset[str]:
    """The symptoms, illnesses and habits that a text names, as topic ids."""
    words = lexicon(language)
    folded = words.read(text)
    hits = words.hits("".join(folded.split()) if language == "zh" else folded)
    return frozenset(hit.topic for hit in hits if hit.topic.startswith(_CLINICAL) and hit.end - hit.start > 1)


def beyond(
    claimed: frozenset[str],
    lines: Iterable[str],
    read: Callable[[str, str], frozenset[str]],
    language: str,
) -> frozenset[str]:
    """What is claimed that no line holds. Lines are read until all is found, which the first ones mostly do."""
    for line in lines:
        if not claimed:
            break
        claimed -= read(line, language)
    return claimed


def flipped(reply: str, say: str, language: str) -> bool:
    """Whether a clause of a patient's line is negated in a reply where the line is not, or the reverse."""
    told = [(set(pieces(clause, language)), clause) for clause in _clauses(fold(reply))]
    for clause in _clauses(fold(say)):
        own = set(pieces(clause, language))
        near = max(told, key=lambda pair: len(pair[0] & own), default=None)
        if near is None or not own or len(near[0] & own) < _SAME * len(own):
            continue
        if negated(near[1], language) != negated(clause, language):
            return True
    return False


def _clauses(folded: str) -> list[str]:
    return [clause for clause in re.split(r"[,;:。!?]|\.(?!\d)", folded) if clause.strip()]


def _bare(folded: str) -> str:
    return "".join(character for character in folded if character.isalnum())
