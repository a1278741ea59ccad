"""The controlled words that cases, selectors and rubrics share, with labels in both languages."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("vocabulary.yaml")


@cache
def _vocabulary() -> dict[str, dict[str, dict[str, str]]]:
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.load(
        _FILE.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
    )
    return loaded


TOPICS: Collection[str] = _vocabulary()["topics"].keys()
SPECIALTIES: Collection[str] = _vocabulary()["specialties"].keys()
SHAPES: Collection[str] = _vocabulary()["shapes"].keys()
COMPLEXITIES: Collection[str] = _vocabulary()["complexities"].keys()


def label(kind: str, word: str, language: str) -> str:
    """The label of a word in `language`.

    Kinds are topics, specialties, shapes, urgencies, complexities, ages and sexes.

    Raises:
        KeyError: no such kind or word.
    """
    return _vocabulary()[kind][word][language]


def known(word: str, words: Collection[str], kind: str) -> None:
    """Raise ValueError unless `word` is one of `words`, naming the nearest."""
    if word in words:
        return
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known are: {', '.join(sorted(words)[:12])} …"
    raise ValueError(f"there is no {kind} {word!r}{hint}")
