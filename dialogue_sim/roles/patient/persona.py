"""Personas: choosing them, naming them, and stating how much of the space a sample covers."""

from __future__ import annotations

import difflib
import hashlib
import itertools
from collections.abc import Iterable
from typing import get_args

from pydantic import BaseModel, ConfigDict

from dialogue_sim.cases.model import Persona
from dialogue_sim.errors import ConfigError

AXES = ("personality", "literacy", "recall", "speech")
VALUES: dict[str, tuple[str, ...]] = {axis: get_args(Persona.model_fields[axis].annotation) for axis in AXES}
SPACE: tuple[Persona, ...] = tuple(
    Persona.model_validate(dict(zip(AXES, combination, strict=True)))
    for combination in itertools.product(*(VALUES[axis] for axis in AXES))
)


def choose_persona(wanted: str, own: Persona, seed: int) -> Persona:
    """The persona that a setting names: `case`, `sample`, or traits separated by commas.

    Traits not named keep their ordinary value.

    Raises:
        ConfigError: a trait that there is not, or two of one kind.
    """
    if wanted == "case":
        return own
    if wanted == "sample":
        return sample_persona(seed)
    chosen: dict[str, str] = {}
    for trait in (part.strip() for part in wanted.replace("，", ",").split(",")):
        axis = next((axis for axis in AXES if trait in VALUES[axis]), None)
        if axis is None:
            everything = [value for values in VALUES.values() for value in values]
            near = difflib.get_close_matches(trait, everything, n=1)
            mend = f"did you mean {near[0]!r}?" if near else f"traits are: {', '.join(everything)}"
            raise ConfigError(f"there is no persona trait {trait!r}", where=f"persona: {wanted}", mend=mend)
        if axis in chosen:
            raise ConfigError(
                f"{chosen[axis]!r} and {trait!r} are both a {axis}",
                where=f"persona: {wanted}",
                mend="name one of them",
            )
        chosen[axis] = trait
    return Persona.model_validate(chosen)


def sample_persona(seed: int) -> Persona:
    """One of all personas, every one equally likely, by the seed."""
    digest = hashlib.sha256(f"persona/{seed}".encode()).digest()
    return SPACE[int.from_bytes(digest[:8]) % len(SPACE)]


class PersonaCoverage(BaseModel):
    """How much of the persona space a set of consultations covers.

    Attributes:
        distinct: different personas, of `space` possible ones.
        pairs: combinations of two traits of different kinds that occur, of `pairs_possible`.
        counts: consultations by kind of trait and trait.
    """

    model_config = ConfigDict(frozen=True)

    distinct: int
    space: int
    pairs: int
    pairs_possible: int
    counts: dict[str, dict[str, int]]


def persona_coverage(personas: Iterable[Persona]) -> PersonaCoverage:
    """How much of the persona space these cover."""
    sample = list(personas)
    seen = {tuple(getattr(persona, axis) for axis in AXES) for persona in sample}
    pairs = {
        (a, one[i], b, one[j])
        for one in seen
        for (i, a), (j, b) in itertools.combinations(enumerate(AXES), 2)
    }  # fmt: skip
    return PersonaCoverage(
        distinct=len(seen),
        space=len(SPACE),
        pairs=len(pairs),
        pairs_possible=sum(len(VALUES[a]) * len(VALUES[b]) for a, b in itertools.combinations(AXES, 2)),
        counts={
            axis: {value: sum(getattr(p, axis) == value for p in sample) for value in VALUES[axis]}
            for axis in AXES
        },
    )
