"""The words by which doctors mean a topic, compiled from the data files beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.roles.patterns import compiled, each, within
from dialogue_sim.roles.screening import Screen
from dialogue_sim.roles.text import fold

# Marks of questions about who the patient is.
ABOUT = ("name", "age", "sex", "companion")

_REMEMBERED = 4096
_FOLDER = Path(__file__).with_name("lexicons")


@dataclass(frozen=True)
class Hit:
    """A place in a clause where a topic is named.

    `how` tells a word of the topic itself (`topic`) from a word for one item of an open topic
    (`item`) and from words that mean one of several topics (`first`, `several`).
    """

    topics: tuple[str, ...]
    start: int
    end: int
    how: str

    @property
    def topic(self) -> str:
        return self.topics[0]


def load(name: str) -> dict[str, Any]:
    """One data file of `lexicons/`."""
    loaded: dict[str, Any] = yaml.load(
        (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
    )
    return loaded


class Lexicon:
    """The lexicon of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        data, shared = load(language), load("topics")
        words: dict[str, str] = data["words"]
        named = [
            *(("topic", [topic], text) for topic, text in data["topics"].items()),
            *(("item", [topic], text) for topic, text in data["items"].items()),
            *((how, entry["topics"], entry["words"]) for how in ("first", "several") for entry in data[how]),
        ]
        patterns = [
            (how, tuple(topics), pattern)
            for how, topics, text in named
            for pattern in each(text, language, words)
        ]
        self._named = [(how, topics) for how, topics, _ in patterns]
        self._screen = Screen.kept([pattern for _, _, pattern in patterns])
        self._found = lru_cache(_REMEMBERED)(self._find)
        self.absorbs: dict[str, list[str]] = shared["absorbs"]
        self.kin: dict[str, list[str]] = shared["kin"]
        self.follows: dict[str, list[str]] = shared["follows"]
        self.features = frozenset(shared["features"])
        self.delicate = tuple(shared["delicate"])
        self.noticed = tuple(shared["noticed"])
        self.blanket = compiled(data["blanket"], language, words)
        self.same = [_alternatives(line) for line in data["same"]]
        self.broad, self.beside = (
            compiled(data["turns"][name], language, words) for name in ("broad", "beside")
        )
        marks = [
            (name, pattern) for name, text in data["turns"].items() for pattern in each(text, language, words)
        ]
        self._marks = [name for name, _ in marks]
        self._mark_screen = Screen.kept([pattern for _, pattern in marks])
        self._said = lru_cache(_REMEMBERED)(self._marks_of)
        forms: dict[str, str] = data.get("forms", {})
        self._forms = [(re.compile(form), plain) for form, plain in forms.items()]
        self._form_screen = Screen.kept([*forms])

    def plain(self, folded: str) -> str:
        """A folded text in standard words, where the lexicon knows its dialect forms (`forms:`)."""
        if self._form_screen.candidates(folded):
            for form, plain in self._forms:
                folded = form.sub(plain, folded)
        return folded

    def read(self, text: str) -> str:
        """A text folded and in standard words."""
        return self.plain(fold(text))

    def hits(self, clause: str) -> list[Hit]:
        """Every place in a folded clause where a topic is named."""
        return list(self._found(clause))

    def _find(self, clause: str) -> list[Hit]:
        found = {
            Hit(topics, match.start(), match.end(), how)
            for number, pattern in self._screen.matching(clause)
            for how, topics in [self._named[number]]
            for match in pattern.finditer(clause)
        }
        return sorted(
            (hit for hit in found if hit.end > hit.start),
            key=lambda hit: (hit.start, hit.end, hit.topics, hit.how),
        )

    def takes(self, frame: str, hit: Hit) -> bool:
        """Whether a frame takes a hit to itself."""
        return any(
            hit.topic.startswith(prefix.rstrip("*")) and (hit.how == "item" or not prefix.endswith("*"))
            for prefix in self.absorbs.get(frame, ())
        )

    def topic_words(self, topic: str, text: str) -> bool:
        """Whether a text names the topic by its own words."""
        return any(hit.how == "topic" and hit.topic == topic for hit in self._found(self.read(text)))

    def says(self, name: str, clause: str) -> bool:
        """Whether a folded clause holds one of the turns' marks (`turns:` in the lexicon)."""
        return name in self._said(clause)

    def found(self, name: str, clause: str) -> Iterator[re.Match[str]]:
        """Every place in a folded clause that bears one of the turns' marks."""
        for number, pattern in self._mark_screen.matching(clause):
            if self._marks[number] == name:
                yield from pattern.finditer(clause)

    def _marks_of(self, clause: str) -> frozenset[str]:
        possible = self._mark_screen.matching(clause)
        return frozenset(self._marks[number] for number, pattern in possible if pattern.search(clause))

    def equivalents(self, term: str) -> set[str]:
        """A folded term with every other word for the same thing."""
        found = {term}
        for group in self.same:
            if any(within(word, term, self.language) for word in group):
                found |= group
        return found

    def in_text(self, word: str, folded: str) -> bool:
        """Whether a word stands in a folded text (whole words in English)."""
        return within(word, folded, self.language)


def _alternatives(line: str) -> set[str]:
    return {fold(word) for word in line.split("|") if word.strip()}


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language, compiled once."""
    return Lexicon(language)
