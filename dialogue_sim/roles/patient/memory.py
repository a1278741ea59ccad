"""What a patient remembers of the consultation, and the lines they have for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.cases.views import PatientFact, PatientView


@dataclass
class Memory:
    """The state of one dialogue.

    Attributes:
        turn: number of the doctor's turn being answered, from 1.
        said: facts said so far.
        told: facts said in answer to a question (the opening is not one).
        held: facts asked for and held back so far.
        unknown: topics answered with not knowing so far.
        views: ideas, concerns and expectations said so far.
        cues: ids of the cues fired.
        gentle: whether the doctor's turn before this one was empathic.
        broad: broad questions that were given an extra fact.
        asked_topics: topics asked for so far.
    """

    turn: int = 0
    said: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    views: set[str] = field(default_factory=set)
    cues: set[str] = field(default_factory=set)
    gentle: bool = False
    broad: int = 0
    asked_topics: set[str] = field(default_factory=set)
    last_topics: list[str] = field(default_factory=list)
    last_facts: list[str] = field(default_factory=list)
    last_clause: str = ""


@cache
def stock_lines(language: str) -> re.Pattern[str]:
    """The fixed lines of every patient of a language ("I couldn't say either way"): they tell nothing of the case."""
    data = _wordings(language)
    kinds = [*data.values(), *data["self"].values(), *data["companion"].values()]
    lines = {line.strip() for kind in kinds if isinstance(kind, list) for line in kind}
    longest_first = sorted((re.escape(line) for line in lines if line), key=len, reverse=True)
    return re.compile(
        "|".join(re.sub(r"\\\{\w+\\\}", r"\\S+", line) for line in longest_first), re.IGNORECASE
    )


_VOWEL = re.compile(r"(?!uni|us|eu|one)[aeiou]", re.IGNORECASE)


class Wording:
    """The fixed wordings of a patient, in their language, chosen by the seed."""

    def __init__(self, view: PatientView, seed: int) -> None:
        self._data = _wordings(view.language)
        self._own: dict[str, Any] = self._data["self" if view.speaker.who == "self" else "companion"]
        self._view, self._seed = view, seed
        self.joiner: str = self._data["joiner"]

    def one_of(self, name: str, key: object, **values: str) -> str:
        """One wording of a kind: the same for the same key, another for another."""
        choices: Sequence[str] = self._own[name] if name in self._own else self._data[name]
        digest = hashlib.sha256(f"{self._seed}/{name}/{key}".encode()).digest()
        return self._filled(choices[int.from_bytes(digest[:4]) % len(choices)], **values)

    def about(self, name: str) -> str:
        """An answer out of who the patient is: name, age, sex, occupation, companion."""
        who = self._view.demographics
        if name == "sex":
            return str(self._own["sex"].get(who.sex, self._own["no_name"]))
        if name == "name":
            return self._filled(self._own["name"], name=who.name) if who.name else str(self._own["no_name"])
        if name == "age" and who.age is None:
            return str(self._own["no_name"])
        age = self._data["ages"][who.age_unit].replace("{n}", str(who.age))
        an = "an" if _VOWEL.match(who.occupation) else "a"
        return self._filled(
            self._own[name], age=age, an=an, occupation=who.occupation, relation=self._view.speaker.relation
        )

    def has(self, name: str) -> bool:
        """Whether there are wordings of a kind."""
        return name in self._own or name in self._data

    def draw(self, name: str, key: object, sides: int) -> int:
        """A number from 0 to `sides` - 1 by the seed: the same for the same name and key."""
        digest = hashlib.sha256(f"{self._seed}/draw/{name}/{key}".encode()).digest()
        return int.from_bytes(digest[:4]) % sides

    def replacements(self, speech: str) -> list[tuple[re.Pattern[str], str]]:
        """What a register puts in place of standard words."""
        return [(re.compile(pattern), word) for pattern, word in self._data["speech"].get(speech, {}).items()]

    def _filled(self, text: str, **values: str) -> str:
        who = self._view.demographics
        child = who.age_unit != "year" or (who.age is not None and who.age < 14)
        voices = self._data["voices"]
        filled = {
            "who": voices["child"] if child and self._view.language == "zh" else voices[who.sex],
            "whom": voices["child"] if child else voices[who.sex],
            "Who": self._data.get("subjects", voices).get(who.sex, ""),
            **values,
        }
        for name, value in filled.items():
            text = text.replace("{" + name + "}", value)
        return text


@cache
def _wordings(language: str) -> dict[str, Any]:
    path = Path(__file__).with_name("wording") / f"{language}.yaml"
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    return loaded


def after(lead: str, line: str, language: str) -> str:
    """A line after a lead. After a comma English goes on in lower case, but for I and names."""
    if language == "zh":
        return lead + line
    if not lead.rstrip().endswith(",") or line[:2] in {"I ", "I'"} or not line[1:2].islower():
        return f"{lead.rstrip()} {line}"
    return f"{lead.rstrip()} {line[0].lower()}{line[1:]}"


def opening_facts(view: PatientView) -> list[PatientFact]:
    """The facts that the first words express."""
    return [fact for fact in view.facts if fact.disclosure == "opening"]
