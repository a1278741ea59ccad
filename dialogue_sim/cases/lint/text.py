"""Looking for words in the text of a case."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CJK = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")


@cache
def words(kind: str, language: str) -> list[str]:
    """A word list of the linter."""
    text = Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CBaseLoader)
    found: list[str] = loaded[kind][language]
    return found


@cache
def _pattern(name: str) -> re.Pattern[str]:
    # A Latin name counts as a whole word only: ALI does not stand in "alive".
    edge = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
    left = edge[0] if _LATIN.match(name[0]) else ""
    right = edge[1] if _LATIN.match(name[-1]) else ""
    return re.compile(left + re.escape(name) + right, re.IGNORECASE)


def mentions(text: str, name: str) -> bool:
    """Whether a name stands in a text."""
    return bool(_pattern(name).search(text))


def denies(text: str, language: str) -> bool:
    """Whether a sentence holds a word of denial."""
    if language == "zh":
        return any(word in text for word in words("denial", "zh"))
    return any(mentions(text, word) for word in words("denial", "en")) or "n't" in text.casefold()


def likeness(one: str, other: str) -> float:
    """Dice's share of common character pairs, 0–1."""
    first, second = _pairs(one), _pairs(other)
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else float(one == other)


def _pairs(text: str) -> set[str]:
    bare = "".join(c for c in text.casefold() if c.isalnum())
    return {bare[i : i + 2] for i in range(len(bare) - 1)}
