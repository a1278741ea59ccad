"""From the one string that names a model to the model: `open_model("openai:qwen3-32b")`.

A spec is `scheme:name`, or a scheme alone where there is nothing to name (`human`, `embedded`).
Third parties add a scheme by an entry point in the group `dialogue_sim.models`, named like the
scheme, that loads a function `(name, settings) -> ChatModel`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import NamedTuple

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import ChatModel, Role
from dialogue_sim.models.settings import ModelSettings

GROUP = "dialogue_sim.models"

Opener = Callable[[str, ModelSettings], ChatModel]


class Spec(NamedTuple):
    """A model's name taken apart: `openai:a/b:free` is the scheme `openai` and the name `a/b:free`."""

    scheme: str
    name: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}" if self.name else self.scheme


class Scheme(NamedTuple):
    """One way to name a model. `name` says what stands after the colon, "" where nothing may."""

    module: str
    name: str
    optional: bool = False


SCHEMES: dict[str, Scheme] = {
    "openai": Scheme("openai_api", "MODEL"),
    "vllm": Scheme("vllm_engine", "MODEL"),
    "vllm-serve": Scheme("vllm_serve", "MODEL"),
    "embedded": Scheme("embedded", "NAME or FILE.gguf", optional=True),
    "python": Scheme("python_function", "module:object"),
    "replay": Scheme("replay", "RUN"),
    "human": Scheme("human", ""),
}

ONE_ROLE: dict[str, Role] = {"scripted": "doctor", "record": "patient", "lexicon": "judge"}
"""Names that stand where a model may stand, in one role only, and are no chat models."""


def parse_spec(spec: str) -> Spec:
    """Take a spec apart.

    Raises:
        ConfigError: unknown scheme (with the nearest known one), or a name that is missing or superfluous.
    """
    scheme, colon, name = (part.strip() for part in spec.strip().partition(":"))
    known = {*SCHEMES, *ONE_ROLE}
    if scheme not in known and scheme not in _plugins():
        raise _unknown(spec, scheme, bool(colon), sorted(known | _plugins()))
    if scheme in SCHEMES:
        form = SCHEMES[scheme]
        if form.name and not form.optional and not name:
            raise ConfigError(f"{spec!r} names no model", mend=f"write `{scheme}:{form.name}`")
        if not form.name and name:
            raise ConfigError(f"{scheme!r} takes no name, but {name!r} follows it", mend=f"write `{scheme}`")
    if scheme == "scripted" and not name:
        raise ConfigError(
            f"{spec!r} names no scripted doctor", mend="write `scripted:NAME`, such as `scripted:thorough`"
        )
    return Spec(scheme, name)


def open_model(spec: str, settings: ModelSettings | None = None, *, role: Role = "doctor") -> ChatModel:
    """Open the model that `spec` names. Engines and servers start on the first call, not here.

    Raises:
        ConfigError: the spec is wrong, does not fit the role, or needs something not installed or not set.
    """
    scheme, name = parse_spec(spec)
    if scheme in ONE_ROLE:
        right = ONE_ROLE[scheme]
        if right != role:
            raise ConfigError(f"{spec!r} is a {right}, it cannot be the {role}", mend=f"use it as --{right}")
        raise ConfigError(f"{spec!r} is a {right} without a model behind it, so there is no model to open")
    settings = settings or ModelSettings()
    if scheme == "replay":  # the only one to which the role is part of the name
        from dialogue_sim.models.replay import open_model as open_replay

        return open_replay(name, settings, role)
    return _opener(scheme)(name, settings)


def _opener(scheme: str) -> Opener:
    if scheme in SCHEMES:
        opener: Opener = import_module(f"dialogue_sim.models.{SCHEMES[scheme].module}").open_model
        return opener
    point = next(iter(entry_points(group=GROUP, name=scheme)))
    try:
        loaded: Opener = point.load()
    except Exception as problem:
        raise ConfigError(
            f"the plugin for the scheme {scheme!r} cannot be loaded: {problem}",
            where=point.value,
            mend="mend or uninstall it",
        ) from problem
    return loaded


def _plugins() -> set[str]:
    return set(entry_points(group=GROUP).names)


def _unknown(spec: str, scheme: str, has_colon: bool, known: list[str]) -> ConfigError:
    near = difflib.get_close_matches(scheme.lower(), known, n=1, cutoff=0.6)
    if near:
        right = spec.strip().replace(scheme, near[0], 1)
        return ConfigError(
            f"there is no model scheme {scheme!r}", where=spec, mend=f"did you mean `{right}`?"
        )
    if not has_colon:
        return ConfigError(
            f"{spec!r} names no model scheme",
            mend=f"write `openai:{spec.strip()}` for a model behind an OpenAI-compatible server; "
            f"other schemes: {', '.join(known)}",
        )
    return ConfigError(
        f"there is no model scheme {scheme!r}", where=spec, mend=f"use one of: {', '.join(known)}"
    )
