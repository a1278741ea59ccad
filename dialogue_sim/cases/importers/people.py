"""Who the patient is and who speaks, as far as a source's text tells."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

from dialogue_sim.cases.importers.mapping import wording
from dialogue_sim.cases.model import Demographics, Speaker

Sex = Literal["male", "female", "other", "not_recorded"]
Unit = Literal["year", "month", "day"]

_AGE = {
    "en": re.compile(
        r"\b(\d{1,3})(?:\s*[-–]\s*|\s+)?(year|yr|month|week|day)s?[-– ]?old\b|\b(\d{1,3})[- ]?(yo|y/o)\b|\baged? (\d{1,3})\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:[男女][性婴孩童]?|患儿|病儿|新生儿|婴儿)[，,、：:\s]*(\d{1,3})\s*周?(岁|个月|月|天|日龄)|(\d{1,3})\s*周?(岁|个月龄|月龄|月大|日龄)"
    ),
}
_UNITS: dict[str, Unit] = {
    "个月龄": "month", "月": "month",
    "y": "year", "m": "month", "d": "day", "岁": "year", "个月": "month", "月龄": "month", "月大": "month", "天": "day", "日龄": "day",
}  # fmt: skip
_AGE_ALONE = re.compile(r"^\W*(\d{1,3})\s*(year|yr|month|week|day)?s?(?: old)?\W*$", re.IGNORECASE)
_NEWBORN = re.compile(r"\bnewborn\b|\bneonate\b|新生儿", re.IGNORECASE)
_MALE = re.compile(r"\b(?:male|man|boy|gentleman|mr)\b|男", re.IGNORECASE)
_FEMALE = re.compile(r"\b(?:female|woman|girl|lady|mrs|ms)\b|女(?!儿)", re.IGNORECASE)
_HE = re.compile(r"\b(?:he|his|him)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|her|hers)\b", re.IGNORECASE)
_SPEAKS_FROM = 6
_GROWN_UP = 14


class Person(NamedTuple):
    """Age, sex and speaker, each as far as it is told. `speaker_told`: the source names who speaks."""

    age: int | None
    unit: Unit
    sex: Sex
    speaker: Speaker
    speaker_told: bool

    @property
    def demographics(self) -> Demographics:
        """As a case holds it."""
        return Demographics(age=self.age, age_unit=self.unit, sex=self.sex)


def person_in(text: str, language: str, *, age: str = "") -> Person:
    """Who the patient is, by the first age and the first word of sex in a text.

    Args:
        age: a field of the source that holds the age alone, where there is one.
    """
    years, unit = _age(age or text, language)
    return _person(text, language, years, unit)


def _person(text: str, language: str, age: int | None, unit: Unit) -> Person:
    speaker, told = _speaker(text, language, age, unit)
    return Person(age, unit, _sex(text), speaker, told)


def _age(text: str, language: str) -> tuple[int | None, Unit]:
    found = _AGE[language].search(text) or _AGE_ALONE.match(text)
    if found is None:
        return (0, "day") if _NEWBORN.search(text) else (None, "year")
    groups = [group for group in found.groups() if group]
    number, word = int(groups[0]), groups[1] if len(groups) > 1 else "y"
    if word.lower().startswith("w"):
        return (number * 7, "day") if number <= 17 else (round(number * 12 / 52), "month")
    unit = _UNITS.get(word) or _UNITS[word[0].lower()]
    return (number, unit) if number <= 120 else (None, "year")


def _sex(text: str) -> Sex:
    male, female = _MALE.search(text), _FEMALE.search(text)
    if male and female:
        return "male" if male.start() < female.start() else "female"
    if male or female:
        return "male" if male else "female"
    he, she = _HE.search(text), _SHE.search(text)
    if bool(he) != bool(she):
        return "male" if he else "female"
    return "not_recorded"


def _speaker(text: str, language: str, age: int | None, unit: Unit) -> tuple[Speaker, bool]:
    """A child's companion where the text names one; a small child cannot speak in any case."""
    years = None if age is None else age if unit == "year" else 0
    words = wording(language)
    named = re.search(words["companion"], text, re.IGNORECASE) or re.search(
        words["says_relative"], text, re.IGNORECASE
    )
    if named and years is not None and years < _GROWN_UP:
        return Speaker(who="companion", relation=named[1].lower()), True
    if years is not None and years < _SPEAKS_FROM:
        return Speaker(who="companion"), False
    return Speaker(), True


@cache
def bare_person(language: str) -> re.Pattern[str]:
    """Matches a text that says no more than who the patient is and that they came."""
    return re.compile(wording(language)["bare_person"], re.IGNORECASE)
