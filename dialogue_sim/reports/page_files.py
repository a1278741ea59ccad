"""Writing a report where the user wants it; the name's ending says in what form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.messages import LANGUAGES, Language
from dialogue_sim.reports.pages import Page, csv_text, html, markdown
from dialogue_sim.runs.directory import replace_file

FORMS = (".md", ".csv", ".json", ".html")

Paging = Callable[[Language], Page]
"""Makes the page of a report in one language."""


def check_forms(files: list[Path]) -> None:
    """Make sure, before any work, that every file's ending names a form.

    Raises:
        ConfigError: one does not.
    """
    for file in files:
        if file.suffix.lower() not in FORMS:
            raise ConfigError(
                f"{file.name!r} has no known ending",
                where="--write",
                mend=f"end the name in {', '.join(FORMS)}",
            )


def json_text(content: BaseModel) -> str:
    """The figures behind a report, as `--json` prints them."""
    plain = content.model_dump(mode="json", by_alias=True)
    return json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False)


def write_report(file: Path, content: BaseModel, paging: Paging, language: Language) -> Path:
    """Write a report in the form that the file's ending names.

    HTML holds both languages, `language` first; Markdown and CSV hold `language`. Raises ConfigError.
    """
    ending = file.suffix.lower()
    if ending == ".json":
        text = json_text(content) + "\n"
    elif ending == ".html":
        order: list[Language] = [language, *(other for other in LANGUAGES if other != language)]
        text = html({each: paging(each) for each in order})
    else:
        text = {".md": markdown, ".csv": csv_text}[ending](paging(language))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigError(f"cannot be made: {problem.strerror}", where=str(file.parent)) from None
    return replace_file(file, text)
