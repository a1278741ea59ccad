"""The sentences of the interview, in the language of the case."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.cases.model import Language


@cache
def table() -> dict[str, Any]:
    """Everything the interview says."""
    text = Path(__file__).with_name("questions.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CBaseLoader)
    return loaded


def phrase(key: str, language: Language, /, **values: object) -> str:
    """One sentence. Raises KeyError when there is none of that name."""
    found: str = table()[key][language]
    return found.format(**values).rstrip()


def question(step: str, language: Language) -> tuple[str, str]:
    """What a step asks, and the help under it."""
    words = table()["steps"][step][language]
    return words["ask"], words["help"]
