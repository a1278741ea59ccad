"""What a rubric must keep to so that two readers of an item decide alike.

Conditional and double-negative wording gets inverted by judges (scoring.md, 4.1), so every
statement is positive, holds one behaviour, and is short; and no point may be out of reach.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dialogue_sim.judging.rubric import Cap, Dimension, Item, Rubric, Wording
    from dialogue_sim.yamlio import Document, Location

MAX_WORDS_EN = 35
MAX_CHARACTERS_ZH = 60

_NEGATIVE = {
    "en": re.compile(
        r"\b(?:not|no|never|without|avoid(?:s|ing)?|unless|except|fails?|lacks?|neither|nor|cannot|refrains?)\b|n['’]t\b",
        re.I,
    ),
    "zh": re.compile(r"不(?!同|适|舒服|安|良|久)|没|未(?!来)|无(?!论)|勿|避免|禁止|除非|杜绝|拒绝"),
}
_SECOND = {
    "en": re.compile(
        r";|\b(?:as well as|in addition|and also|and then|furthermore|moreover)\b|[.!?]\s+\S", re.I
    ),
    "zh": re.compile(r"[；;]|同时|此外|另外|而且|并且|以及其|。\s*\S"),
}


class Finding(NamedTuple):
    """One thing to mend in a rubric file."""

    what: str
    where: str
    mend: str


def findings(
    rubric: Rubric, document: Document, *, programs: Collection[str], rules: Collection[str]
) -> list[Finding]:
    """Everything that is wrong with a rubric, in file order.

    Args:
        document: the file the rubric was read from, for line numbers.
        programs: names of the known program-scored items.
        rules: names of the known rules of the lexicon judge.
    """
    found: list[tuple[int, Finding]] = []

    def add(location: Location, what: str, mend: str) -> None:
        known = location
        while known and known not in document.lines:
            known = known[:-1]
        found.append((document.lines.get(known, 1), Finding(what, document.where(location), mend)))

    for location, what, mend in (
        *_dimensions(rubric),
        *_identities(rubric),
        *_kind(rubric),
        *(row for n, item in enumerate(rubric.items) for row in _item(item, ("items", n), programs, rules)),
        *(row for n, cap in enumerate(rubric.caps) for row in _cap(cap, ("caps", n), rules)),
        *_twins(rubric),
    ):
        add(location, what, mend)
    return [finding for _, finding in sorted(found, key=lambda pair: pair[0])]


Row = tuple["Location", str, str]


def _dimensions(rubric: Rubric) -> list[Row]:
    rows: list[Row] = []
    known = {dimension.id for dimension in rubric.dimensions}
    total = sum(dimension.weight for dimension in rubric.dimensions)
    if rubric.dimensions and abs(total - 100) > 1e-6:
        rows.append((("dimensions",), f"the dimension weights sum to {total:g}", "make them sum to 100"))
    if not rubric.dimensions:
        rows.append((("dimensions",), "there is no dimension", "add at least one dimension"))
    used = {item.dimension for item in rubric.items}
    for n, dimension in enumerate(rubric.dimensions):
        if rubric.kind == "items" and rubric.items and dimension.id not in used:
            rows.append(
                (
                    ("dimensions", n),
                    f"the dimension {dimension.id!r} has no item, so its {dimension.weight:g} points are out of reach",
                    "give it an item, or remove it",
                )
            )
    for n, item in enumerate(rubric.items):
        if item.dimension not in known:
            rows.append(
                (
                    ("items", n, "dimension"),
                    f"there is no dimension {item.dimension!r}",
                    _near(item.dimension, known),
                )
            )
    return rows


def _identities(rubric: Rubric) -> list[Row]:
    rows: list[Row] = []
    seen: set[str] = set()
    groups: list[tuple[str, Sequence[Dimension | Item | Cap]]] = [
        ("dimensions", rubric.dimensions),
        ("items", rubric.items),
        ("caps", rubric.caps),
    ]
    for kind, parts in groups:
        if kind == "items":
            seen = set()
        for n, part in enumerate(parts):
            if part.id in seen:
                rows.append(((kind, n, "id"), f"the id {part.id!r} stands twice", "give each its own id"))
            seen.add(part.id)
    return rows


def _kind(rubric: Rubric) -> list[Row]:
    if rubric.kind == "items" and not rubric.items:
        return [(("items",), "the rubric has no items", "add at least one item")]
    if rubric.kind == "medflow" and rubric.medflow is None:
        return [
            (
                ("kind",),
                "a rubric of kind 'medflow' needs its numbers",
                "add `medflow:` as in judges/medflow-2025.yaml",
            )
        ]
    if rubric.kind == "medflow" and (rubric.items or rubric.caps):
        return [
            (
                ("items",),
                "a rubric of kind 'medflow' is judged by turns and takes no items or caps",
                "remove them",
            )
        ]
    return []


def _item(item: Item, at: Location, programs: Collection[str], rules: Collection[str]) -> list[Row]:
    rows: list[Row] = []
    if "program" in item.methods and not item.program:
        rows.append(((*at, "methods"), f"{item.id} is scored by program but names none", "add `program:`"))
    if item.program and "program" not in item.methods:
        rows.append(
            (
                (*at, "program"),
                f"{item.id} names a program its methods leave out",
                "add `program` to `methods`",
            )
        )
    if item.program and item.program not in programs:
        rows.append(
            ((*at, "program"), f"there is no program {item.program!r}", _near(item.program, programs))
        )
    if item.lexicon and item.lexicon not in rules:
        rows.append(
            ((*at, "lexicon"), f"there is no lexicon rule {item.lexicon!r}", _near(item.lexicon, rules))
        )
    if len(set(item.methods)) < len(item.methods):
        rows.append(((*at, "methods"), f"{item.id} names a method twice", "keep one of them"))
    return (
        rows + _wording(item.id, item.zh, (*at, "zh"), "zh") + _wording(item.id, item.en, (*at, "en"), "en")
    )


def _cap(cap: Cap, at: Location, rules: Collection[str]) -> list[Row]:
    rows: list[Row] = []
    if cap.lexicon and cap.lexicon not in rules:
        rows.append(
            ((*at, "lexicon"), f"there is no lexicon rule {cap.lexicon!r}", _near(cap.lexicon, rules))
        )
    return rows + _wording(cap.id, cap.zh, (*at, "zh"), "zh") + _wording(cap.id, cap.en, (*at, "en"), "en")


def _wording(owner: str, wording: Wording, at: Location, language: str) -> list[Row]:
    rows: list[Row] = []
    place = (*at, "statement")
    text = wording.statement.strip()
    size = len(text.split()) if language == "en" else len(re.sub(r"\s", "", text))
    limit, unit = (MAX_WORDS_EN, "words") if language == "en" else (MAX_CHARACTERS_ZH, "characters")
    if not text:
        rows.append((place, f"the statement of {owner} is empty", "say in one sentence what is to be seen"))
    if size > limit:
        rows.append((place, f"the statement of {owner} has {size} {unit}, more than {limit}", "shorten it"))
    if negative := _NEGATIVE[language].search(text):
        rows.append(
            (
                place,
                f"the statement of {owner} is worded negatively ({negative[0]!r})",
                "say what the doctor does, so that met is always good (in a cap: what is done wrong)",
            )
        )
    if second := _SECOND[language].search(text.rstrip("。.!?！？")):
        rows.append(
            (
                place,
                f"the statement of {owner} seems to hold two behaviours ({second[0].strip()!r})",
                "keep one behaviour and make an item of the other",
            )
        )
    for field in ("name", "met", "unmet"):
        if not getattr(wording, field).strip():
            rows.append(
                ((*at, field), f"{owner} has no {field!r} text", "give a short one: readers decide by it")
            )
    if wording.met.strip() and wording.met.strip() == wording.unmet.strip():
        rows.append(((*at, "unmet"), f"the two examples of {owner} are the same", "show one of each side"))
    return rows


def _twins(rubric: Rubric) -> list[Row]:
    rows: list[Row] = []
    for language in ("zh", "en"):
        seen: dict[str, str] = {}
        groups: list[tuple[str, Sequence[Item | Cap]]] = [("items", rubric.items), ("caps", rubric.caps)]
        for kind, parts in groups:
            for n, part in enumerate(parts):
                key = re.sub(r"\W+", "", part.wording(language).statement).casefold()
                if key and key in seen:
                    rows.append(
                        (
                            (kind, n, language, "statement"),
                            f"{part.id} says the same as {seen[key]}",
                            "remove one of them",
                        )
                    )
                seen.setdefault(key, part.id)
    return rows


def _near(word: str, words: Collection[str]) -> str:
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(sorted(words))}"
