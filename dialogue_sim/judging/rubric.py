"""A rubric: dimensions, items and caps, read from a file in `judges/`.

Whether an item applies is a property of the case and its language, never of the transcript:
otherwise a doctor would gain by keeping away from what is hard.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim import yamlio
from dialogue_sim.cases.model import Case, Language
from dialogue_sim.errors import UserError
from dialogue_sim.perobject import once_per_object
from dialogue_sim.resources import bundled
from dialogue_sim.scoring.shape import Shape

Method = Literal["program", "reference", "transcript"]
Requirement = Literal["red_flag", "cue", "emotion_cue", "question_cue"]

DEFAULT = "clinical-dialogue"


class RubricError(UserError):
    """A rubric file that cannot be used."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wording(Part):
    """An item in one language: a positive statement of one behaviour, with an example of each side.

    `partly` says what earns half marks; empty where there is nothing between met and unmet.
    """

    name: str
    statement: str
    met: str
    partly: str = ""
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
    `requires`: what a case must hold for the item to apply to it.
    """

    id: str
    dimension: str
    weight: Annotated[float, Field(gt=0)]
    methods: Annotated[list[Method], Field(min_length=1)]
    program: str = ""
    lexicon: str = ""
    requires: list[Requirement] = Field(default_factory=list)
    polarity: Literal["positive"] = "positive"
    languages: Annotated[list[Language], Field(min_length=1)] = ["zh", "en"]
    zh: Wording
    en: Wording
    source: str

    def wording(self, language: str) -> Wording:
        """The item as it is put in `language`."""
        return self.zh if language == "zh" else self.en


class Cap(Part):
    """A grave failing that limits the case score to `limit`, whatever else was done well. Needs agreement."""

    id: str
    limit: Annotated[float, Field(ge=0, lt=100)]
    lexicon: str = ""
    zh: Wording
    en: Wording
    source: str

    def wording(self, language: str) -> Wording:
        """The cap as it is put in `language`."""
        return self.zh if language == "zh" else self.en


class MedflowSettings(Part):
    """The numbers of the per-turn profile `medflow-2025` (scoring.md, section 9)."""

    base_share: Annotated[float, Field(ge=0, le=1)] = Field(
        description="share of the base score; the rest is the bonus"
    )
    minimum_rounds: Annotated[int, Field(ge=1)]
    suggested_rounds: dict[int, int] = Field(description="complexity 1, 2 or 3 → rounds for the full bonus")
    half_bonus: float = Field(description="bonus from the minimum number of rounds on, 0–100")
    full_bonus: float = Field(description="bonus from the suggested number of rounds on, 0–100")
    stop_words: list[str] = Field(description="scoring stops before the first reply that holds one of them")
    record_rows: Annotated[int, Field(ge=0)] = Field(description="last rows of a sheet that are not scored")
    temperature: Annotated[float, Field(ge=0, le=2)]


class Rubric(Part):
    """See `judges/clinical-dialogue.yaml` for a complete one."""

    schema_: Literal["dialogue-sim/rubric/1"] = Field(alias="schema")
    id: str
    version: str
    kind: Literal["items", "medflow"] = "items"
    zh: str
    en: str
    dimensions: list[Dimension]
    items: list[Item] = Field(default_factory=list)
    caps: list[Cap] = Field(default_factory=list)
    medflow: MedflowSettings | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def shape(self) -> Shape:
        """The rubric's weights, as scoring takes them."""
        return Shape(
            dimensions={d.id: d.weight for d in self.dimensions},
            items={i.id: (i.dimension, i.weight) for i in self.items},
            caps={c.id: c.limit for c in self.caps},
        )

    def item(self, item_id: str) -> Item:
        """The item with this id. Raises KeyError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)


@once_per_object
def content_hash(rubric: Rubric) -> str:
    """SHA-256 of a rubric's content (64 hex digits); comments and layout of the file do not count."""
    plain = rubric.model_dump(mode="json", by_alias=True)
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def load_rubric(wanted: str | Path | None = None) -> Rubric:
    """Load and lint a rubric.

    Args:
        wanted: a file, or the name of a bundled rubric; None means `clinical-dialogue`.

    Raises:
        RubricError: there is no such rubric, or the file has findings: the first in file order,
            with file, line and how to mend it; further ones are counted.
    """
    from dialogue_sim.judging import lint
    from dialogue_sim.judging.programs import PROGRAMS
    from dialogue_sim.judging.rules import RULES

    document = yamlio.read(_path(wanted or DEFAULT), RubricError)
    rubric = yamlio.validate(document, Rubric, RubricError)
    found = lint.findings(rubric, document, programs=PROGRAMS, rules=RULES)
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more findings in this file)" if len(found) > 1 else ""
        raise RubricError(first.what + more, where=first.where, mend=first.mend)
    return rubric


def _path(wanted: str | Path) -> Path:
    path = Path(wanted)
    if path.is_file():
        return path
    names = {found.stem: found for found in sorted(bundled("judges").glob("*.yaml"))}
    if str(wanted) in names:
        return names[str(wanted)]
    near = difflib.get_close_matches(str(wanted), names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"name a file, or one of {', '.join(names)}"
    raise RubricError(f"there is no rubric or file {str(wanted)!r}", mend=hint)


_HOLDS: Mapping[Requirement, Callable[[Case], bool]] = {
    "red_flag": lambda case: bool(case.judge.red_flags),
    "cue": lambda case: bool(case.patient.cues),
    "emotion_cue": lambda case: any(cue.kind == "emotion" for cue in case.patient.cues),
    "question_cue": lambda case: any(cue.kind in {"question", "concern"} for cue in case.patient.cues),
}


def applicable(rubric: Rubric, case: Case) -> list[Item]:
    """The items that apply to a case, in the rubric's order.

    An item is left out when it is not meant for the case's language, when the case file says
    `not_applicable`, or when the case holds nothing of what the item `requires`.
    """
    return [
        item
        for item in rubric.items
        if case.language in item.languages
        and item.id not in case.judge.not_applicable
        and all(_HOLDS[need](case) for need in item.requires)
    ]


def applicable_without_case(rubric: Rubric, language: str) -> list[Item]:
    """The items that can be answered of a foreign transcript for which there is no case file."""
    from dialogue_sim.judging.programs import TEXT_ONLY

    return [
        item
        for item in rubric.items
        if language in item.languages and ("transcript" in item.methods or item.program in TEXT_ONLY)
    ]
