"""What a validation finds: one row a claim, with what was found and whether it holds."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.reports.messages import LANGUAGES, Language, say

Words = dict[Language, str]
"""The same words for readers of each language."""
Part = Literal["groups", "perturbations", "attacks", "repeat", "statistics", "patient"]


def told(key: str, /, **values: object) -> Words:
    """A message in every language; values that are themselves `Words` take the language of the message."""
    return {
        language: say(
            key,
            language,
            **{name: value[language] if isinstance(value, dict) else value for name, value in values.items()},
        )
        for language in LANGUAGES
    }


class Check(BaseModel):
    """One claim about the instrument.

    `found` and `claim` are in words and figures for a reader; `holds` decides the exit code.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Part
    name: Words
    claim: Words
    found: Words
    holds: bool


def plain(text: str) -> Words:
    """A figure or an identifier, which reads the same in every language."""
    return dict.fromkeys(LANGUAGES, text)


class Effect(BaseModel):
    """What one perturbation did: mean change in points per dimension, per target item, and the cap's rate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    cases: int
    dimensions: dict[str, float]
    total: float
    items: dict[str, tuple[float, float]] = Field(description="target item → mean mark before and after")
    cap_rate: float | None = None


class Group(BaseModel):
    """One scripted doctor: mean score with its interval by case, and the dimensions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    doctor: str
    score: float
    ci95: tuple[float, float] | None
    dimensions: dict[str, float]


class Validation(BaseModel):
    """Protocol A (scoring.md, 6.2): everything that can be checked without people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: str = Field(default="dialogue-sim/validation/1", serialization_alias="schema")
    judges: list[str]
    rubric: str
    cases: int
    groups: list[Group]
    effects: list[Effect]
    checks: list[Check]

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(check.holds for check in self.checks)
