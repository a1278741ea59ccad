"""Turns a record's statement into something the patient could say, without changing what it says.

The rules are few and literal: who speaks, the verb's ending, a word of denial in front. Where they do
not suffice the record's words stay, and the importer warns that the patient speaks like a record.
"""

from __future__ import annotations

import re
from functools import cache

from dialogue_sim.cases.importers.mapping import wording
from dialogue_sim.cases.lint.text import denies
from dialogue_sim.cases.model import Speaker, Status

_LONGEST = 300
_PRONOUNS = {"male": "he", "female": "she"}
_CLAUSE = re.compile(
    r"^(?:sometimes |recently |now |often )?(?:he|she|they|his|her|the patient|it|there|that|these|those|this)\b"
    r"|^(?:the |an? )?\w+(?: \w+)? (?:is|was|are|were|has|have|had|started|began|feels?|became)\b",
    re.IGNORECASE,
)
_VERB_FIRST = re.compile(
    r"^(?:(?:also|currently|occasionally|rarely|usually|never|only|still|recently|previously) )*"
    r"(?:works|lives|drinks|smokes|takes|uses|has|is|was|eats|sleeps|exercises|consumes|attends|enjoys|feels|"
    r"performs|travels|participates|runs|does|stopped|quit|admits|performs|hasn't|isn't|doesn't|wasn't)\b",
    re.IGNORECASE,
)
_SECOND_VERB = re.compile(
    r"\b(and|or|but) (has|is|does|consumes|drinks|smokes|plays|lives|takes|works|uses|eats|feels|sleeps|walks|denies|needs)\b"
)
_IRREGULAR = {
    "has": "have",
    "is": "am",
    "does": "do",
    "was": "was",
    "goes": "go",
    "this": "this",
    "always": "always",
}
_ADVERB = r"(?:also|currently|now|never|usually|often|occasionally|rarely|only|still|recently|"
_ADVERB += r"otherwise|previously|sometimes|typically|always|frequently|generally|regularly)"
_AFTER_I = re.compile(rf"\bI ((?:{_ADVERB} )*)([a-z]+s)\b")


class Spoken(str):
    """What the patient says; `plain` tells whether the rules gave everyday speech."""

    plain: bool = True

    @classmethod
    def of(cls, text: str, *, plain: bool) -> Spoken:
        """The text, marked."""
        spoken = cls(text)
        spoken.plain = plain
        return spoken


def said(text: str, status: Status, language: str, speaker: Speaker, sex: str = "not_recorded") -> Spoken:
    """The statement as the speaker would say it: one sentence, and a denial when it is denied."""
    own = speaker.who == "self"
    core = text.strip().rstrip(".。；;，,").replace("’", "'")
    words, plain = (
        _chinese(core, own) if language == "zh" else _english(core, own, _PRONOUNS.get(sex, "the child"))
    )
    words = words[:_LONGEST].strip()
    sentence = words[:1].upper() + words[1:] + ("." if language == "en" else "。")
    if status == "denied" and not denies(sentence, language):
        lowered = sentence if re.match(r"I\b|[A-Z]{2}", sentence) else sentence[:1].lower() + sentence[1:]
        sentence = wording(language)["no"].format(say=lowered)
    return Spoken.of(sentence, plain=plain)


@cache
def _pattern(language: str, name: str) -> re.Pattern[str]:
    return re.compile(wording(language)[name], re.IGNORECASE)


@cache
def _lead(language: str) -> re.Pattern[str]:
    words = wording(language)
    return re.compile(rf"^(?:{words['subject']})?\s*{words['report']}\s*:?\s*", re.IGNORECASE)


@cache
def _denied_lead() -> re.Pattern[str]:
    """`She also denies any …`, `does not report …`: everything before the thing denied."""
    verbs = "denie[sd]|denying|negative for|(?:do|does|did) not (?:report|mention|notice|endorse)"
    fillers = "(?:that )?(?:any |having |a |an |experiencing |the |other )*"
    return re.compile(rf"^(?:{wording('en')['subject']}\s+)?(?:also )?(?:{verbs})\s+{fillers}", re.IGNORECASE)


def _english(text: str, own: bool, pronoun: str) -> tuple[str, bool]:
    denied = _denied_lead().sub("", text)
    if denied != text:
        if re.match(
            r"(?:taking|feeling|having|using|smoking|drinking|being|experiencing|getting|seeing|hearing)\b",
            denied,
        ):
            return (f"I'm not {_possessive(denied, own)}" if own else f"{pronoun} isn't {denied}"), True
        return (text, False) if _CLAUSE.match(denied) else (f"no {_possessive(denied, own)}", True)
    core = _lead("en").sub("", text)
    if core != text and core:
        if _CLAUSE.match(core):
            return _first_person(core, own)
        if re.match(r"[a-z]+ing\b", core):
            return ("I've been " if own else f"{pronoun} has been ") + _possessive(core, own), True
        return ("I've had " if own else "There's been ") + _lowered(_possessive(core, own)), True
    if _VERB_FIRST.match(text):
        return _first_person(f"{'he' if own else pronoun} " + _lowered(text), own)
    return _first_person(text, own)


def _first_person(text: str, own: bool) -> tuple[str, bool]:
    """Third person turned into first; left alone where a relative stands before a pronoun that might be theirs."""
    relative = _pattern("en", "relatives").search(text)
    if not own:
        return re.sub(r"^(?:the )?patient\b", "the patient", text, flags=re.IGNORECASE), True
    if relative and re.search(r"\b(?:he|she|his|her|him)\b", text[relative.end() :], re.IGNORECASE):
        return text, False
    spoken = re.sub(rf"^{wording('en')['subject']}(?='s| |$)", "I", text, count=1, flags=re.IGNORECASE)
    spoken = re.sub(r"^I's\b", "my", spoken)
    spoken = re.sub(r"\b(?:the )?patient's\b", "my", spoken, flags=re.IGNORECASE)
    spoken = re.sub(r"\bthe patient\b", "I", spoken, flags=re.IGNORECASE)
    spoken = re.sub(r"\b(?:[Hh]e|[Ss]he)\b", "I", spoken)
    spoken = re.sub(r"\bhimself\b|\bherself\b", "myself", spoken)
    spoken = _possessive(spoken, own)
    spoken = re.sub(r"\bI were\b", "I was", spoken)
    if spoken.startswith("I "):
        spoken = _SECOND_VERB.sub(lambda match: f"{match[1]} {_verb(match[2])}", spoken)
        for third, first in (("hasn't", "haven't"), ("doesn't", "don't"), ("isn't", "am not")):
            spoken = spoken.replace(f"I {third}", f"I {first}")
    spoken = _AFTER_I.sub(lambda match: f"I {match[1]}{_verb(match[2])}", spoken)
    return spoken, not re.match(r"^(?:the|a|an) (?:patient|man|woman)", spoken, re.IGNORECASE)


def _possessive(text: str, own: bool) -> str:
    if not own:
        return text
    text = re.sub(r"\b[Hh]im\b", "me", text)
    text = re.sub(
        r"\b[Hh]er\b(?=\s+(?!that\b|to\b|about\b|and\b|if\b|when\b|with\b|in\b|on\b|from\b)\w)", "my", text
    )
    return re.sub(r"\b[Hh]is\b", "my", re.sub(r"\b[Hh]er\b", "me", text))


def _verb(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]


def _lowered(text: str) -> str:
    return text if re.match(r"[A-Z]{2}|I\b", text) else text[:1].lower() + text[1:]


def _chinese(text: str, own: bool) -> tuple[str, bool]:
    core = _lead("zh").sub("", text)
    core = re.sub(f"^{wording('zh')['subject']}", "", core)
    core = re.sub(
        wording("zh")["subject"],
        "我" if own else "孩子" if "患儿" in text or "病儿" in text else "病人",
        core,
    )
    core = (
        re.sub(r"^否认(?:无)?(.+?)(?:病)?史$", r"没有得过\1", core)
        if "过敏" not in core and "接触" not in core
        else core
    )
    core = re.sub(r"^否认(?:无)?", "没有", core)
    core = re.sub(r"^(?:无|未诉|未见)(?!明显诱因|力|法)", "没有", core)
    core = re.sub(r"^(?:伴有|并伴有|伴随|伴)", "还有", core)
    return core, bool(core)
