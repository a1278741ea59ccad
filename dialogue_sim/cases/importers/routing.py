"""To whom a sentence of a narrative belongs: patient, examination, test, vital signs, or the later course."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from dialogue_sim.cases.importers.vitals import vitals_in

Route = Literal["patient", "examination", "test", "vitals", "course"]

_HISTORY_CUE = re.compile(
    r"\b(?:he|she|patient|his|her)\b.*\b(?:years?|months?|weeks?|days?) (?:ago|earlier)\b|\bprevious(?:ly)?\b|\bin the past\b",
    re.IGNORECASE,
)


@cache
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    text = Path(__file__).with_name("routing.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.load(text, Loader=yaml.CBaseLoader)
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in loaded[language].items()}


def route_of(sentence: str, language: str) -> Route:
    """Where a sentence belongs."""
    patterns = _patterns(language)
    if patterns["vitals"].search(sentence) and vitals_in(sentence, language):
        return "vitals"
    told = is_told(sentence, language)
    if patterns["course"].search(sentence) and not (told and language == "zh"):
        return "course" if not _HISTORY_CUE.search(sentence) else "patient"
    if told and not re.match(
        r"\W*(?:on|upon|physical|exam|lab|skin exam|查体|体格)\b", sentence, re.IGNORECASE
    ):
        return "patient"
    if patterns["test"].search(sentence):
        return "test"
    if patterns["examination"].search(sentence):
        return "examination"
    return "patient"


def is_told(text: str, language: str) -> bool:
    """Whether a text names somebody who tells, or speaks of what was felt before."""
    return bool(_patterns(language)["told"].search(text))


def test_named(sentence: str, language: str) -> str:
    """The words by which a sentence names its test; empty when it names none but a unit."""
    found = [match[0] for match in _patterns(language)["test"].finditer(sentence)]
    return next((name for name in found if "/" not in name), "")
