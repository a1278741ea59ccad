"""A rubric: dimensions, items and caps, read from a file in `judges/`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.scoring.shape import Shape

Method = Literal["program", "reference", "transcript"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wording(Part):
    """An item in one language: a positive statement of one behaviour, with an example of each side."""

    name: str
    statement: str
    met: str
    unmet: str


class Dimension(Part):
    id: str
    weight: Annotated[float, Field(gt=0, le=100)]
    zh: str
    en: str


class Item(Part):
    """One checkable behaviour.

    `methods` in order of preference: program (counted, named by `program`), reference (judge with
    the case's facts), transcript (judge from the dialogue alone). `lexicon` names the rule by which
    the lexicon judge answers it without a model. `languages`: where it applies by default.
    """

    id: str
    dimension: str
    weight: Annotated[float, Field(gt=0)]
    methods: Annotated[list[Method], Field(min_length=1)]
    program: str = ""
    lexicon: str = ""
    polarity: Literal["positive"] = "positive"
    languages: list[Literal["zh", "en"]] = Field(default_factory=lambda: ["zh", "en"])
    zh: Wording
    en: Wording
    source: str


class Cap(Part):
    """A grave failing that limits the case score to `limit`, whatever else was done well. Needs agreement."""

    id: str
    limit: Annotated[float, Field(ge=0, le=100)]
    lexicon: str = ""
    zh: Wording
    en: Wording
    source: str


class Rubric(Part):
    """See `judges/clinical-dialogue.yaml` for a complete one."""

    schema_: Literal["dialogue-sim/rubric/1"] = Field(alias="schema")
    id: str
    version: str
    kind: Literal["items", "medflow"] = "items"
    zh: str
    en: str
    dimensions: list[Dimension]
    items: list[Item]
    caps: list[Cap] = Field(default_factory=list)

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def shape(self) -> Shape:
        """The rubric's weights, as scoring takes them."""
        return Shape(
            dimensions={d.id: d.weight for d in self.dimensions},
            items={i.id: (i.dimension, i.weight) for i in self.items},
            caps={c.id: c.limit for c in self.caps},
        )
