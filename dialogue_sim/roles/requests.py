"""Requests for examinations and tests in a doctor's turn, as against talk about them.

Both the examiner, who answers them, and the patient, who agrees to them, read a turn here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.roles.patterns import each, within
from dialogue_sim.roles.screening import Screen
from dialogue_sim.roles.text import fold, sentences

_REMEMBERED = 2048
_FOLDER = Path(__file__).with_name("examinations")
_ASIDE = re.compile(r"\([^()]{0,60}\)")
_PIECES = {
    "zh": re.compile(r"[,:;，；：]"),
    "en": re.compile(r"[,;:]|\b(?:and|but)\b(?= (?:let|i|can|could|please|we|then)\b)"),
}


@dataclass(frozen=True)
class Named:
    """An examination or test named in a text: the words used, and the kinds of the catalogue they mean."""

    words: str
    kinds: frozenset[str]
    start: int


class _Catalogue:
    """The examinations and tests of a language by name, and the marks by which an order differs from mere talk."""

    def __init__(self, language: str) -> None:
        data: dict[str, Any] = yaml.load(
            (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
        )
        self.texts: dict[str, str] = data["texts"]
        self.vitals: dict[str, str] = data["vitals"]
        self.knowable = frozenset(data["knowable"])
        self.filler = re.compile(data["marks"].pop("filler"))
        self._kinds, self._names = _filed(data["kinds"], language)
        self._marks, self._signs = _filed(data["marks"], language)
        self.marks_of = lru_cache(_REMEMBERED)(self._marks_of)

    def places(self, text: str) -> list[tuple[int, int, str]]:
        """Where a kind of examination is named: start, end and kind."""
        return [
            (found.start(), found.end(), self._kinds[number])
            for number, pattern in self._names.matching(text)
            for found in pattern.finditer(text)
        ]

    def _marks_of(self, text: str) -> frozenset[str]:
        """The marks (`marks:` in the data) that a folded text bears."""
        possible = self._signs.matching(text)
        return frozenset(self._marks[number] for number, pattern in possible if pattern.search(text))


def _filed(lists: dict[str, str], language: str) -> tuple[list[str], Screen]:
    """The name of the list that each pattern of several lists belongs to, and the patterns."""
    patterns = [(name, pattern) for name, text in lists.items() for pattern in each(text, language)]
    return [name for name, _ in patterns], Screen.kept([pattern for _, pattern in patterns])


@cache
def _catalogue(language: str) -> _Catalogue:
    return _Catalogue(language)


def texts(language: str) -> dict[str, str]:
    """The examiner's wordings in a language."""
    return _catalogue(language).texts


def vital_names(language: str) -> dict[str, str]:
    """The label of each vital sign, by its field in the case."""
    return _catalogue(language).vitals


@lru_cache(_REMEMBERED)
def named(text: str, language: str) -> tuple[Named, ...]:
    """The examinations and tests of the catalogue that a folded text names, in order; the longest name wins."""
    found = _catalogue(language).places(text)
    kept: list[Named] = []
    for start, end in sorted({(s, e) for s, e, _ in found}, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= k.start or start >= k.start + len(k.words) for k in kept):
            kept.append(
                Named(text[start:end], frozenset(k for s, e, k in found if (s, e) == (start, end)), start)
            )
    return tuple(sorted(kept, key=lambda name: name.start))


def kinds_of(text: str, language: str) -> frozenset[str]:
    """The kinds of the catalogue that a name means, judged by its longest part."""
    found = named(fold(text), language)
    return max(found, key=lambda name: len(name.words)).kinds if found else frozenset()


def orders(clause: str, language: str, also: Collection[str] = ()) -> bool:
    """Whether a folded clause asks for an examination or test to be done, or for its result.

    `also` are further names that count as examinations, folded: those of a case.
    """
    names = named(clause, language)
    own = [name for name in also if within(name, clause, language)]
    catalogue = _catalogue(language)
    marks = catalogue.marks_of(clause)
    if not (names or own or "all_results" in marks) or marks & {"past", "unwanted"}:
        return False
    if "result" in marks and (names or own):
        return True
    if "explains" in marks:
        return False
    if not (names or own) or "all_results" in marks:
        return True
    if "order" in marks:
        knowable = not own and all(name.kinds <= catalogue.knowable for name in names)
        return not knowable or "measured" in marks
    rest = clause
    for word in sorted([*own, *(name.words for name in names)], key=len, reverse=True):
        rest = rest.replace(word, " ")
    return not catalogue.filler.sub("", rest)


def _blocked(clause: str, language: str) -> bool:
    """Talk about an examination that is no request: done before, not wanted, or explained."""
    marks = _catalogue(language).marks_of(clause)
    return bool(marks & {"past", "unwanted"}) or ("explains" in marks and "result" not in marks)


def wants_everything(clause: str, language: str) -> bool:
    """Whether a clause asks for all results, or for tests without naming any."""
    return "all_results" in _catalogue(language).marks_of(clause) and not named(clause, language)


def ordered_clauses(text: str, language: str, also: Collection[str] = ()) -> list[str]:
    """The sentences of a turn that order something, folded, without their parts that only talk about it."""
    found: list[str] = []
    marks_of = _catalogue(language).marks_of
    for sentence in sentences(_ASIDE.sub("", fold(text))):
        if "conditional" in marks_of(sentence):
            continue
        bare = "".join(sentence.split()) if language == "zh" else sentence
        pieces = [
            piece.strip()
            for piece in _PIECES[language].split(bare.rstrip("?!.。; "))
            if piece and piece.strip()
        ]
        rest = ", ".join(piece for piece in pieces if not _blocked(piece, language))
        if rest and orders(rest, language, also):
            found.append(rest)
    return found
