"""Text as it is compared: by the quote check, the lexicons and the programs.

Full and half width, traditional and simplified characters, case, zero-width and control
characters must not decide a verdict.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import yaml

_CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_SENTENCE = re.compile(r"[^。！？!?；;\n.…]+(?:\.(?=\d)[^。！？!?；;\n.…]+)*[。！？!?；;.…]*[”’\"')）]*")
# Letters used instead of look-alike Latin ones would split a word in two.
_LOOK_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-"})


@cache
def _simplifier() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text with compatible forms unified: NFKC, simplified characters, lower case, single spaces.

    Zero-width, format and control characters are dropped; line breaks become spaces.
    """
    text = unicodedata.normalize("NFKC", text)
    if not text.isprintable():
        text = "".join(
            " " if char.isspace() else char
            for char in text
            if char.isspace() or unicodedata.category(char) not in {"Cf", "Cc", "Co", "Cn"}
        )
    if _CJK.search(text):
        text = _simplifier()(text)
    return " ".join(text.translate(_LOOK_ALIKE).casefold().split())


@lru_cache(maxsize=4096)
def squash(text: str) -> str:
    """The folded text without spaces and punctuation: letters, digits and characters only."""
    return "".join(char for char in fold(text) if char.isalnum())


def is_chinese(text: str) -> bool:
    """Whether the text holds a Chinese character."""
    return _CJK.search(text) is not None


def size(text: str, language: str) -> int:
    """Length as a reader feels it: characters without spaces in Chinese, words in English."""
    return len(re.sub(r"\s", "", text)) if language == "zh" else len(text.split())


@lru_cache(maxsize=2048)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, verbatim and in order, with their closing marks."""
    return tuple(found.strip() for found in _SENTENCE.findall(text) if squash(found))


@lru_cache(maxsize=2048)
def _phrase(phrase: str) -> re.Pattern[str]:
    folded = fold(phrase)
    if is_chinese(folded):
        # Spaces may stand anywhere between Chinese characters.
        body = r"\s*".join(re.escape(char) for char in folded if not char.isspace())
        return re.compile(body)
    body = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", folded) if word)
    plural = r"(?:'s|e?s)?" if folded[-1:].isalpha() and len(folded) > 3 else ""
    guard = r"(?![a-z0-9])" if not folded[-1:].isdigit() else r"(?![a-z0-9]|[./]\d)"
    return re.compile(rf"(?<![a-z0-9])(?<!\d[./]){body}{plural}{guard}")


def find(text: str, phrase: str) -> re.Match[str] | None:
    """Where a phrase stands in a text (both are folded). Latin phrases match whole words, with plural."""
    return _phrase(phrase).search(fold(text))


def contains(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text; see `find`."""
    return bool(phrase.strip()) and find(text, phrase) is not None


@cache
def _stop_words() -> tuple[frozenset[str], frozenset[str]]:
    path = Path(__file__).with_name("lexicons") / "stop_words.yaml"
    lists = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    return frozenset(lists["zh"]), frozenset(lists["en"])


@lru_cache(maxsize=2048)
def grams(text: str) -> frozenset[str]:
    """The content of a text as a set: character pairs in Chinese, words without function words in English."""
    folded = fold(text)
    idle, function_words = _stop_words()
    pairs: set[str] = set()
    for run in re.findall(r"[㐀-鿿]+", folded):
        pairs |= {run[i : i + 2] for i in range(len(run) - 1) if not (run[i] in idle and run[i + 1] in idle)}
    words = {_stem(word) for word in re.findall(r"[a-z][a-z']*|\d+(?:\.\d+)?", folded.replace("'", ""))}
    return frozenset(pairs | (words - function_words))


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def share(part: str, whole: str) -> float:
    """Share of the content of `part` that also stands in `whole`, 0–1; 0 where `part` has no content."""
    wanted = grams(part)
    return len(wanted & grams(whole)) / len(wanted) if wanted else 0.0


def likeness(one: str, other: str) -> float:
    """Overlap of two texts' content (Jaccard), 0–1."""
    first, second = grams(one), grams(other)
    return len(first & second) / len(first | second) if first | second else 0.0
