"""External columns of a leaderboard: figures that others published, with their source.

They ship as files in `reference/`; any file of the same form can be named instead. A run's model is
found in them by its name, whatever the case, the punctuation or the owner's prefix.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialogue_sim import yamlio
from dialogue_sim.errors import ConfigError

_BUNDLED = Path(__file__).with_name("reference")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(_Part):
    """An id with its name in both languages."""

    id: str
    zh: str
    en: str


class Source(_Part):
    """Where the figures come from."""

    title: str
    url: str
    licence: str


class Remark(_Part):
    """What a reader must know about the figures."""

    zh: str
    en: str


class ReferenceModel(_Part):
    """One model's figures. `also`: other names under which it may be served."""

    name: str
    also: list[str] = Field(default_factory=list)
    size_class: str = ""
    values: dict[str, float]


class Reference(_Part):
    """One published table."""

    schema_: Literal["dialogue-sim/reference/1"] = Field(alias="schema")
    id: str
    zh: str
    en: str
    source: Source
    remark: Remark
    size_classes: list[Named] = Field(default_factory=list)
    columns: Annotated[list[Named], Field(min_length=1)]
    models: list[ReferenceModel]

    @model_validator(mode="after")
    def _ids_are_known(self) -> Reference:
        columns, classes = {c.id for c in self.columns}, {c.id for c in self.size_classes}
        for model in self.models:
            if unknown := sorted(model.values.keys() - columns):
                raise ValueError(f"{model.name} has a value for the unknown column {unknown[0]!r}")
            if model.size_class and model.size_class not in classes:
                raise ValueError(f"{model.name} is in the unknown size class {model.size_class!r}")
        return self

    def find(self, names: Iterable[str]) -> ReferenceModel | None:
        """The model that goes by one of these names; earlier names count first."""
        known = {plain(alias): model for model in self.models for alias in (model.name, *model.also)}
        return next((known[plain(name)] for name in names if plain(name) in known), None)


def plain(name: str) -> str:
    """A model's name without scheme, owner, case and punctuation: `openai:Qwen/Qwen3-32B` → `qwen332b`."""
    last = name.rpartition(":")[2].rstrip("/").rpartition("/")[2]
    return "".join(char for char in last.casefold() if char.isalnum())


def load_reference(wanted: str) -> Reference:
    """A bundled table by its name, or a file.

    Raises:
        ConfigError: there is none of that name, or the file breaks its form (with line).
    """
    names = {file.stem: file for file in sorted(_BUNDLED.glob("*.yaml"))}
    path = Path(wanted) if Path(wanted).is_file() else names.get(wanted)
    if path is None:
        near = difflib.get_close_matches(wanted, names, n=1)
        mend = f"did you mean {near[0]!r}?" if near else f"name a file, or one of {', '.join(names)}"
        raise ConfigError(f"there is no table of reference figures {wanted!r}", mend=mend)
    return yamlio.validate(yamlio.read(path, ConfigError), Reference, ConfigError)
