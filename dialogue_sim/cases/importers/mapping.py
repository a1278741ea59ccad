"""Which topic an imported statement is about, by the words in it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FALLBACK = "hpi.associated"
_MODIFIERS = (
    "hpi.frequency", "hpi.severity", "hpi.course", "hpi.timing", "hpi.duration", "hpi.character", "hpi.site",
    "hpi.associated",
)  # fmt: skip
_OUTER_BAR = re.compile(r"\|(?![^()]*\))")


@cache
def wording(language: str) -> dict[str, str]:
    """How sources of one language put things: patterns and phrases."""
    loaded: dict[str, dict[str, str]] = _read("wording.yaml")
    return loaded[language]


@cache
def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(
        Path(__file__).with_name(name).read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
    )
    return loaded


class _Term(NamedTuple):
    """One word of a topic. `must` stands in every text that the pattern meets: a cheap test before the pattern."""

    topic: str
    weak: bool
    must: str
    pattern: re.Pattern[str]


@cache
def _terms(language: str) -> list[_Term]:
    rows = []
    for topic, words in _read("topics.yaml").items():
        for word in _OUTER_BAR.split(words[language]):
            weak = word.startswith("~") or topic in _MODIFIERS
            whole = word.removeprefix("~").startswith("=")
            bare = word.lstrip("~=")
            edge = r"(?<![a-z0-9])" if language == "en" else ""
            end = r"(?![a-z0-9])" if whole else ""
            must = bare.lower() if re.escape(bare).replace("\\ ", " ").replace("\\-", "-") == bare else ""
            rows.append(_Term(topic, weak, must, re.compile(f"{edge}(?:{bare}){end}", re.IGNORECASE)))
    return rows


@lru_cache(maxsize=4096)
def topic_of(text: str, language: str, *, prefer: tuple[str, ...] = ()) -> str | None:
    """The topic whose longest word a text holds; None when it holds none.

    Words of degree, time and course give way to any other: `drinks occasionally` is about drinking.

    Args:
        prefer: beginnings of topic ids (`history.`, `social.`) that win over all others, such as
            those of the section that the text stands in.
    """
    best: tuple[bool, bool, int] | None = None
    topic_found: str | None = None
    lowered = text.lower()
    for topic, weak, must, pattern in _terms(language):
        if must not in lowered:
            continue
        found = max((len(match[0]) for match in pattern.finditer(text)), default=0)
        rank = topic.startswith(prefer) if prefer else False, not weak, found
        if found and (best is None or rank > best):
            best, topic_found = rank, topic
    return topic_found
