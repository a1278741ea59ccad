"""Reads vital signs out of a source's text, each with the unit it gives."""

from __future__ import annotations

import re

_NUMBER = r"(\d+(?:\.\d+)?)"
_GAP = r"[\s:：,，]*(?:is|was|of|are|were|at|为|约)?[\s:：]*"
_DEGREES = r"(?:°\s*[CF]|℃|度|deg(?:rees)?\.? ?[CF])"
_RATE = r"(?:/\s*min(?:ute)?|bpm|(?:beats?|breaths?)(?:/| per )min(?:ute)?|次\s*[/／]?\s*分钟?|次)?"
_PATTERNS: dict[str, re.Pattern[str]] = {
    "temperature": re.compile(
        rf"(?:temperature|\btemp\b|体温|(?<![A-Za-z])B?T(?![A-Za-z])){_GAP}({_NUMBER}\s*{_DEGREES}(?:\s*\({_NUMBER}\s*{_DEGREES}\))?)",
        re.IGNORECASE,
    ),
    "blood_pressure": re.compile(
        r"(?:blood pressure|血压|(?<![A-Za-z])BP(?![A-Za-z]))"
        + _GAP
        + r"(\d{2,3}\s*/\s*\d{2,3}(?:\s*mm\s*Hg)?)",
        re.IGNORECASE,
    ),
    "pulse": re.compile(
        rf"(?:heart rate|pulse(?: rate)?|脉搏|心率|(?<![A-Za-z])(?:PR?|HR)(?![A-Za-z])){_GAP}({_NUMBER}\s*{_RATE})",
        re.IGNORECASE,
    ),
    "respiration": re.compile(
        rf"(?:respiratory rate|respirations?|呼吸频率|呼吸|(?<![A-Za-z])RR?(?![A-Za-z])){_GAP}({_NUMBER}\s*{_RATE})",
        re.IGNORECASE,
    ),
    "oxygen_saturation": re.compile(
        rf"(?:oxygen saturation|o2 sat(?:uration)?|\bSpO2\b|\bSaO2\b|血氧饱和度|血氧){_GAP}({_NUMBER}\s*%[^,.;，。；]{{0,25}})",
        re.IGNORECASE,
    ),
    "weight": re.compile(
        rf"(?:(?<!birth)\bweight|\bweighs|体重){_GAP}({_NUMBER}\s*(?:kg|lb|千克|公斤))", re.IGNORECASE
    ),
    "height": re.compile(rf"(?:\bheight|身高){_GAP}({_NUMBER}\s*(?:cm|m\b|厘米|米))", re.IGNORECASE),
}
_REST = {"en": 12, "zh": 4}
"""Letters that may stand beside the values in a sentence that states nothing but vital signs."""
_UNITS = {"pulse": {"en": "/min", "zh": " 次/分"}, "respiration": {"en": "/min", "zh": " 次/分"}}


def vitals_in(text: str, language: str) -> dict[str, str]:
    """The vital signs that a text states, by field of `Vitals`; a bare rate gets its unit."""
    found: dict[str, str] = {}
    for name, pattern in _PATTERNS.items():
        if match := pattern.search(text):
            value = re.sub(r"deg(?:rees)?\.? ?(?=[CF])", "°", match[1].strip())
            bare = re.fullmatch(r"\d+(?:\.\d+)?", value)
            found[name] = value + _UNITS[name][language] if bare and name in _UNITS else value
    return found


def is_vitals(sentence: str, language: str) -> bool:
    """Whether a sentence states vital signs and little else."""
    found = vitals_in(sentence, language)
    rest = sentence
    for pattern in (_PATTERNS[name] for name in found):
        rest = pattern.sub("", rest)
    bare = re.sub(
        r"[^A-Za-z\u3400-\u9fff]|\b(?:and|his|her|the|a|vital|signs|patient's)\b|结果|体温|生命体征",
        "",
        rest,
        flags=re.IGNORECASE,
    )
    return bool(found) and len(bare) <= _REST[language]
