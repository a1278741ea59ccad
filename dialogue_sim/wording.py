"""Sentences that stand in the code in English, told in Chinese.

Errors, findings of the linter and the reasons of counted marks are written where they arise, in
English, and are kept so in files. Their Chinese stands in a YAML file of that room, under the English
sentence with its values as `{names}`; so a sentence is known again wherever it comes from, also out of
a file that was written before. A value called `{what…}` is a sentence itself. What nobody has worded
stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import yaml

_VALUE = re.compile(r"\{(\w+)\}")


class Wording:
    """The Chinese of one room's sentences.

    Args:
        sentences: Chinese by English sentence, both with `{names}` for what changes.
        words: Chinese of what may stand in a value, alone or in a list with commas.
    """

    def __init__(self, sentences: Mapping[str, str], words: Mapping[str, str]) -> None:
        self._whole, self._words = sentences, words
        changing = [pair for pair in sentences.items() if _VALUE.search(pair[0])]
        # The sentence that says most first: `3 of 4 red flags asked about` also fits `{n} asked about`.
        changing.sort(key=lambda pair: -len(_VALUE.sub("", pair[0])))
        self._forms = [(_form(english), chinese) for english, chinese in changing]

    def told(self, sentence: str, language: str) -> str:
        """A sentence in a language; as it stands where there is no wording of it."""
        if language != "zh":
            return sentence
        if whole := self._whole.get(sentence):
            return whole
        for form, chinese in self._forms:
            if found := form.fullmatch(sentence):
                values = found.groupdict().items()
                return _filled(chinese, {name: self._value(name, value) for name, value in values})
        return sentence

    def _value(self, name: str, value: str) -> str:
        if name.startswith("what") and (told := self.told(value, "zh")) != value:
            return told
        parts = value.split(", ")
        return (
            "、".join(self._words[part] for part in parts) if all(p in self._words for p in parts) else value
        )


@cache
def wording(*files: Path) -> Wording:
    """The wording in YAML files with `sentences` and, where there are any, `words`."""
    return Wording(_merged(files, "sentences"), _merged(files, "words"))


def _merged(files: Iterable[Path], part: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for file in files:
        merged |= yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader).get(part) or {}
    return merged


def _form(english: str) -> re.Pattern[str]:
    # A value that stands twice in a sentence is the same both times.
    seen: set[str] = set()

    def group(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.*?)"

    literal = re.escape(english).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(_VALUE.sub(group, literal), re.DOTALL)


def _filled(chinese: str, values: Mapping[str, str]) -> str:
    """Not `str.format`: a value is put in as it is, and braces that name none stay."""
    return _VALUE.sub(lambda found: values.get(found[1], found[0]), chinese)
