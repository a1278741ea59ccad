"""Finding the fact that a question's own words point to, where no topic word does."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from dialogue_sim.cases.views import PatientFact, PatientView
from dialogue_sim.roles.patient.lexicon import Lexicon, lexicon
from dialogue_sim.roles.text import characters, pieces

_K1, _B = 1.2, 0.6
_CHARACTER = 0.4


@dataclass(frozen=True)
class Phrase:
    """One of a fact's `ask` phrases, as it is looked for."""

    fact: PatientFact
    folded: str
    pieces: frozenset[str]


class Index:
    """The facts of one patient, by the pieces of what they say and are asked by (BM25)."""

    def __init__(self, view: PatientView, words: Lexicon) -> None:
        self._language, self._words = view.language, words
        self.phrases = [
            Phrase(
                fact, tight(words.read(ask), view.language), frozenset(pieces(words.read(ask), view.language))
            )
            for fact in view.facts
            for ask in fact.ask
        ]
        self._texts = {
            fact.id: Counter(self._pieces(words.read(" ".join((fact.say, *fact.ask, *fact.ask)))))
            for fact in view.facts
        }
        self._mean = sum(sum(c.values()) for c in self._texts.values()) / max(len(self._texts), 1)
        holders = Counter(piece for counted in self._texts.values() for piece in counted)
        n = len(self._texts)
        self._weight = {
            piece: math.log(1 + (n - held + 0.5) / (held + 0.5)) * _share(piece)
            for piece, held in holders.items()
        }
        self._unseen = math.log(1 + (n + 0.5) / 0.5)

    def _pieces(self, text: str) -> tuple[str, ...]:
        """The pieces of a folded text, related words made one; in Chinese its characters too."""
        return _compared(text, self._language)

    def asked_by(self, clause: str) -> list[Phrase]:
        """The `ask` phrases that stand in a folded clause, the longest first."""
        present = set(pieces(clause, self._language))
        bare = tight(clause, self._language)
        found = [
            phrase
            for phrase in self.phrases
            if (phrase.folded in bare if self._language == "zh" else _worded(phrase, bare, present))
        ]
        return sorted(found, key=lambda phrase: -len(phrase.folded))

    def best(self, clause: str, whole: str = "") -> list[tuple[str, float]]:
        """Facts by how well they fit a folded clause: the share of its weight that they hold, 0 to about 1.

        The share is taken of `whole` where the clause is only part of what was asked.
        """
        wanted = set(self._pieces(clause))
        total = sum(
            self._weight.get(piece, self._unseen * _share(piece))
            for piece in (set(self._pieces(whole)) if whole else wanted)
        )
        if not total:
            return []
        scores = []
        for fact_id, counted in self._texts.items():
            shared = wanted & counted.keys()
            if not shared or (len(shared) == 1 and (len(wanted) > 1 or whole)):
                continue  # one word of several says little
            length = sum(counted.values())
            score = 0.0
            for piece in shared:
                tf = counted[piece]
                score += (
                    self._weight[piece] * tf * (_K1 + 1) / (tf + _K1 * (1 - _B + _B * length / self._mean))
                )
            if score:
                scores.append((fact_id, score / total))
        return sorted(scores, key=lambda pair: -pair[1])


@lru_cache(maxsize=16384)
def _compared(text: str, language: str) -> tuple[str, ...]:
    # Every replicate of a case opens a patient with the same facts.
    text = lexicon(language).common(text)
    return pieces(text, language) + (characters(text) if language == "zh" else ())


def _share(piece: str) -> float:
    """What a piece counts: a lone Chinese character says less than a word."""
    return _CHARACTER if len(piece) == 1 and not piece.isascii() else 1.0


def tight(folded: str, language: str) -> str:
    """Chinese without spaces."""
    return "".join(folded.split()) if language == "zh" else folded


def _worded(phrase: Phrase, clause: str, present: set[str]) -> bool:
    whole = rf"(?<!\w){re.escape(phrase.folded)}s?(?!\w)"
    if phrase.folded in clause and re.search(whole, clause):
        return True
    # One content word alone ("bring it on") would fit half of all questions.
    return len(phrase.pieces) > 1 and phrase.pieces <= present
