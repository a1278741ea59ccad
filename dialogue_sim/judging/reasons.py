"""What programs and rules say of a mark, in the language of whoever reads it.

A verdict keeps the sentence as it was written, in English; those of programs and rules are made from
a fixed set (`reasons.yaml`), so that they are known again and can be put in Chinese, also in a run
that was judged before. A model's reasons stay as the model wrote them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.judging.verdict import Verdict

_FILE = Path(__file__).with_name("reasons.yaml")
_COUNTED = ("program", "lexicon")


def told(verdict: Verdict, language: str) -> str:
    """A verdict's reason in a language; as it stands where there is no wording of it."""
    if language != "zh" or verdict.judge not in _COUNTED:
        return verdict.why
    sentences, words = _wordings()
    for form, chinese in sentences:
        if found := form.fullmatch(verdict.why):
            return chinese.format(**{name: _word(value, words) for name, value in found.groupdict().items()})
    return verdict.why


def _word(value: str, words: dict[str, str]) -> str:
    parts = value.split(", ")
    return "、".join(words[part] for part in parts) if all(part in words for part in parts) else value


@cache
def _wordings() -> tuple[list[tuple[re.Pattern[str], str]], dict[str, str]]:
    loaded: dict[str, Any] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    # The longer sentence first: `3 of 4 red flags asked about` also fits `{n} asked about`.
    ordered = sorted(loaded["sentences"].items(), key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[0])))
    return [(_form(english), chinese) for english, chinese in ordered], loaded["words"]


def _form(english: str) -> re.Pattern[str]:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(english))
    return re.compile(pattern, re.DOTALL)
