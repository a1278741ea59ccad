"""How the word lists of the data files become regular expressions.

Patterns are separated by semicolons. `<name>` stands for a word list, `~` for a short gap within
one clause (eight Chinese characters, four English words). English patterns match whole words, with a
plural or possessive s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_GAP = {"zh": r"[^,。?!;、或\n]{0,8}?", "en": r"(?:[\s,/-]+[\w'-]+){0,4}?[\s,/-]*"}


def each(patterns: str, language: str, words: Mapping[str, str] | None = None) -> list[str]:
    """Every pattern of a list as an expression of its own, so that the longest match of all can be found."""
    return [_bounded(p.strip(), language, words or {}) for p in patterns.split(";") if p.strip()]


def compiled(patterns: str, language: str, words: Mapping[str, str] | None = None) -> re.Pattern[str]:
    """One expression out of a list of patterns, ready to search with."""
    return re.compile(together(patterns, language, words))


def together(patterns: str, language: str, words: Mapping[str, str] | None = None) -> str:
    """One expression out of a list of patterns; the longer ones are tried first."""
    # An alternation takes the first that fits, so the longer patterns stand first.
    ordered = sorted((p.strip() for p in patterns.split(";") if p.strip()), key=len, reverse=True)
    return "|".join(_bounded(pattern, language, words or {}) for pattern in ordered)


def within(word: str, text: str, language: str) -> bool:
    """Whether a folded word stands in a folded text (whole words in English)."""
    if language == "zh":
        return word in text
    return word in text and _whole(word).search(text) is not None


@lru_cache(maxsize=2048)
def _whole(word: str) -> re.Pattern[str]:
    # The cache of `re` itself holds 512, fewer than the words of the cases.
    return re.compile(rf"(?<!\w){re.escape(word)}(?:'?s|es)?(?!\w)")


def _bounded(pattern: str, language: str, words: Mapping[str, str]) -> str:
    pattern = pattern.casefold().replace("(?p", "(?P").replace("~?", "~")
    for _ in range(3):
        pattern = re.sub(
            r"(?<!P)<(\w+)>", lambda found: f"({words.get(found[1], found[0]).casefold()})", pattern
        )
    pattern = re.sub(r"\(([^()?][^()]*)\)", lambda found: f"({_longest_first(found[1])})", pattern)
    pattern = re.sub(r"\((?!\?)", "(?:", pattern)
    if language == "zh":
        return pattern.replace(" ", "").replace("~", _GAP["zh"])
    pattern = re.sub(r"\s*~\s*", "~", pattern)
    pattern = re.sub(r"\[[^]]*\]| ", lambda found: r"[\s-]+" if found[0] == " " else found[0], pattern)
    return rf"(?<![\w'])(?:{pattern.replace('~', _GAP['en'])})(?:'?s|es)?(?!\w)"


def _longest_first(alternatives: str) -> str:
    return "|".join(sorted(alternatives.split("|"), key=len, reverse=True))
