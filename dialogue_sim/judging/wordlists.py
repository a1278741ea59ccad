"""The bilingual word lists behind the programs and the lexicon judge (`lexicons/zh.yaml`, `en.yaml`).

A list holds regular expressions; they are matched against folded text (see `normalise.fold`):
simplified characters, lower case, half-width punctuation except the Chinese full stop.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.judging.normalise import fold

_FOLDER = Path(__file__).with_name("lexicons")


class Wordlists:
    """The word lists of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        path = _FOLDER / f"{language}.yaml"
        self._data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
        self._compiled: dict[str, re.Pattern[str]] = {}

    def pattern(self, name: str) -> re.Pattern[str]:
        """The list as one pattern. A dot descends: `topics.onset`. Raises KeyError."""
        if name not in self._compiled:
            self._compiled[name] = re.compile("|".join(f"(?:{entry})" for entry in self._entries(name)))
        return self._compiled[name]

    def has(self, name: str, text: str) -> bool:
        """Whether an entry of the list stands in the text."""
        return self.pattern(name).search(fold(text)) is not None

    def doses(self) -> dict[str, float]:
        """Drug → largest single dose in mg that an adult is ever given by mouth."""
        return {name: float(limit) for name, limit in self._data["doses"].items()}

    def _entries(self, name: str) -> list[str]:
        found: Any = self._data
        for part in name.split("."):
            found = found[part]
        if not isinstance(found, list):
            raise KeyError(f"{name} is no word list")
        return found


@cache
def wordlists(language: str) -> Wordlists:
    """The word lists of `zh` or `en`."""
    return Wordlists(language)
