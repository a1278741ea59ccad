"""What a patient's reply is looked through for: negation, not knowing, numbers, drift out of role or language.

Both the guard (before the doctor sees a reply) and the fidelity counts (afterwards) read replies here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.roles.patterns import compiled
from dialogue_sim.roles.text import fold

_ROLES = ("advice", "as_doctor", "as_machine", "of_the_case")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_UNITS = {"十": 10, "百": 100, "千": 1000}


@cache
def reply_words(language: str) -> dict[str, re.Pattern[str]]:
    """The patterns of one language, by name."""
    return {
        name: compiled(text, language)
        for name, text in _data(language).items()
        if name not in {"numerals", "measures"}
    }


@cache
def _data(language: str) -> dict[str, Any]:
    path = Path(__file__).with_name("reply_words") / f"{language}.yaml"
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    return loaded


def negated(folded: str, language: str) -> bool:
    """Whether a folded text negates something."""
    words = reply_words(language)
    return words["negation"].search(words["not_negation"].sub(" ", folded)) is not None


def role_drift(folded: str, language: str) -> Iterable[str]:
    """The words by which a folded reply leaves the patient's role: advising, speaking as doctor or machine, of the case."""
    words = reply_words(language)
    return [found[0].strip() for name in _ROLES if (found := words[name].search(folded))]


def language_drifts(reply: str, language: str) -> bool:
    """Whether a reply is not in the patient's language; names of drugs and tests do not count."""
    chinese = len(re.findall(r"[㐀-鿿]", reply))
    latin = len(re.findall(r"[A-Za-z]{2,}", reply))
    if language == "en":
        return chinese > 0
    return latin > 6 or (chinese == 0 and latin > 0)


@lru_cache(maxsize=2048)
def numbers(text: str, language: str) -> frozenset[str]:
    """The numbers that a text states, as digits; vague counts ("a few", "一下") are none."""
    loose, words = _patterns(language)
    folded = loose.sub(" ", fold(text))
    found = {_plain(number) for number in _DIGITS.findall(folded)}
    counted = {value for match in words.finditer(folded) if (value := _value(match[1], language))}
    return frozenset(found | counted)


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = _data(language)
    if language == "en":
        return compiled(data["loose"], "en"), re.compile(
            r"(?<![\w-])(" + "|".join(data["numerals"].split()) + r")(?!\w)"
        )
    measures = "|".join(sorted((m.strip() for m in data["measures"].split(";")), key=len, reverse=True))
    return compiled(data["loose"], "zh"), re.compile(
        rf"(?<![几多])([{data['numerals']}]+)(?:来|多)?(?:{measures})"
    )


def _value(word: str, language: str) -> str:
    if language == "en":
        return str(_english()[word]) if word in _english() else word
    if word == "半":
        return "0.5"
    total, digit = 0, 0
    for character in word.replace("两", "二").replace("半", ""):
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = "零一二三四五六七八九".index(character)
    return str(total + digit)


@cache
def _english() -> dict[str, int]:
    ones = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    tens = "twenty thirty forty fifty sixty seventy eighty ninety"
    return {
        **{word: i + 1 for i, word in enumerate(ones.split())},
        **{word: 10 * (i + 2) for i, word in enumerate(tens.split())},
        "hundred": 100, "thousand": 1000, "dozen": 12, "couple": 2,
    }  # fmt: skip


def _plain(number: str) -> str:
    return str(float(number)).removesuffix(".0")
