"""The sentences shown to people, in the language they read."""

from __future__ import annotations

import locale
import os
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, Language] = ("zh", "en")


@cache
def _messages() -> dict[str, dict[str, str]]:
    sentences: dict[str, dict[str, str]] = {}
    for file in sorted(Path(__file__).parent.glob("messages*.yaml")):
        loaded: dict[str, dict[str, str]] = yaml.load(
            file.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
        )
        if twice := sorted(sentences.keys() & loaded.keys()):
            raise ValueError(f"{file.name} gives a second wording of: {', '.join(twice)}")
        sentences |= loaded
    return sentences


def say(key: str, language: Language, /, **values: object) -> str:
    """One sentence in one language. Raises KeyError when there is none of that name."""
    return _messages()[key][language].format(**values)


def both(language: Language) -> dict[str, str]:
    """All sentences of one language, unfilled, for templates."""
    return {key: sentence[language] for key, sentence in _messages().items()}


def reader_language() -> Language:
    """The language of whoever sits at the terminal: DIALOGUE_SIM_LANG, else the locale, else English."""
    wanted = os.environ.get("DIALOGUE_SIM_LANG") or next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)),
        locale.getlocale()[0] or "",
    )
    return "zh" if wanted.lower().startswith(("zh", "chinese")) else "en"
