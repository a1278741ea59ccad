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

from dialogue_sim.roles.patterns import compiled, together, within
from dialogue_sim.roles.screening import Screen
from dialogue_sim.roles.text import fold, sentences

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


@cache
def _marks(language: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(
        (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
    )
    filler = data["marks"].pop("filler")
    marks = {name: compiled(text, language) for name, text in data["marks"].items()}
    marks["filler"] = re.compile(filler)
    screen = Screen.kept([together(text, language) for text in data["kinds"].values()])
    return {
        "marks": marks, "kinds": list(data["kinds"]), "screen": screen,
        "texts": data["texts"], "vitals": data["vitals"], "knowable": frozenset(data["knowable"]),
    }  # fmt: skip


def texts(language: str) -> dict[str, Any]:
    """The examiner's wordings in a language."""
    found: dict[str, Any] = _marks(language)["texts"]
    return found


def vital_names(language: str) -> dict[str, str]:
    """The label of each vital sign, by its field in the case."""
    found: dict[str, str] = _marks(language)["vitals"]
    return found


@lru_cache(maxsize=2048)
def named(text: str, language: str) -> tuple[Named, ...]:
    """The examinations and tests of the catalogue that a folded text names, in order; the longest name wins."""
    marks = _marks(language)
    found = [
        (m.start(), m.end(), marks["kinds"][number])
        for number, pattern in marks["screen"].matching(text)
        for m in pattern.finditer(text)
    ]
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
    marks = _marks(language)["marks"]
    names = named(clause, language)
    own = [name for name in also if within(name, clause, language)]
    if not (names or own or marks["all_results"].search(clause)):
        return False  # so with most clauses, which is why it comes first
    if marks["past"].search(clause) or marks["unwanted"].search(clause):
        return False
    if marks["result"].search(clause) and (names or own):
        return True
    if marks["explains"].search(clause):
        return False
    if not (names or own) or marks["all_results"].search(clause):
        return True
    if marks["order"].search(clause):
        knowable = not own and all(name.kinds <= _marks(language)["knowable"] for name in names)
        return not knowable or marks["measured"].search(clause) is not None
    rest = clause
    for word in sorted([*own, *(name.words for name in names)], key=len, reverse=True):
        rest = rest.replace(word, " ")
    return not marks["filler"].sub("", rest)


def _blocked(clause: str, language: str) -> bool:
    """Talk about an examination that is no request: done before, not wanted, or explained."""
    marks = _marks(language)["marks"]
    asked = marks["result"].search(clause) is not None
    return any(marks[name].search(clause) for name in ("past", "unwanted")) or (
        marks["explains"].search(clause) is not None and not asked
    )


def wants_everything(clause: str, language: str) -> bool:
    """Whether a clause asks for all results, or for tests without naming any."""
    return _marks(language)["marks"]["all_results"].search(clause) is not None and not named(clause, language)


def ordered_clauses(text: str, language: str, also: Collection[str] = ()) -> list[str]:
    """The sentences of a turn that order something, folded, without their parts that only talk about it."""
    found: list[str] = []
    conditional = _marks(language)["marks"]["conditional"]
    for sentence in sentences(_ASIDE.sub("", fold(text))):
        if conditional.search(sentence):
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
