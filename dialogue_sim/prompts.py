"""Prompts are files: `prompts/<language>/<name>.j2`, rendered in Jinja2's sandbox.

Values are inserted as data and never rendered again, so template syntax inside a case or a
doctor's turn stays text.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateNotFound, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dialogue_sim.errors import ConfigError
from dialogue_sim.resources import bundled


class Prompts:
    """The prompts of a run: the bundled ones, or a folder laid out like them."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or bundled("prompts")
        if not self.folder.is_dir():
            raise ConfigError("there is no such prompts folder", where=str(self.folder))

    @cached_property
    def _environment(self) -> ImmutableSandboxedEnvironment:
        return ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.folder),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # A run names the hash of the prompts that it began with; what is edited meanwhile is for the next one.
            auto_reload=False,
        )

    def render(self, name: str, language: str, /, **values: Any) -> str:
        """Render `<language>/<name>.j2`.

        Raises:
            ConfigError: the prompt is missing or asks for a value it is not given.
        """
        place = f"{language}/{name}.j2"
        try:
            return self._environment.get_template(place).render(**values).strip()
        except TemplateNotFound as problem:
            raise ConfigError(f"the prompt {problem.name!r} is missing", where=str(self.folder)) from None
        except UndefinedError as problem:
            raise ConfigError(
                f"asks for a value it is not given: {problem.message}", where=str(self.folder / place)
            ) from None

    @cached_property
    def sha256(self) -> str:
        """Hash of every prompt file, by name and content."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                digest.update(
                    path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
                )
        return digest.hexdigest()
