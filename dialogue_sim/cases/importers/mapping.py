"""Which topic an imported statement is about, by the words in it."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

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


@cache
def _terms(language: str) -> list[tuple[str, bool, re.Pattern[str]]]:
    rows = []
    for topic, words in _read("topics.yaml").items():
        for word in _OUTER_BAR.split(words[language]):
            weak = word.startswith("~") or topic in _MODIFIERS
            word = word.removeprefix("~")
            whole = word.startswith("=")
            edge = r"(?<![a-z0-9])" if language == "en" else ""
            end = r"(?![a-z0-9])" if whole else ""
            rows.append(
                (topic, weak, re.compile(edge + f"(?:{word.removeprefix('=')})" + end, re.IGNORECASE))
            )
    return rows


def topic_of(text: str, language: str, *, prefer: Collection[str] = ()) -> str | None:
    """The topic whose longest word a text holds; None when it holds none.

    Words of degree, time and course give way to any other: `drinks occasionally` is about drinking.

    Args:
        prefer: beginnings of topic ids (`history.`, `social.`) that win over all others, such as
            those of the section that the text stands in.
    """
    best: tuple[bool, bool, int] | None = None
    topic_found: str | None = None
    for topic, weak, pattern in _terms(language):
        found = max((len(match[0]) for match in pattern.finditer(text)), default=0)
        if not found:
            continue
        preferred = topic.startswith(tuple(prefer)) if prefer else False
        rank = preferred, not weak, found
        if best is None or rank > best:
            best, topic_found = rank, topic
    return topic_found
