"""Writing a report where the user wants it; the name's ending says in what form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import BaseModel

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.markup import Document
from dialogue_sim.reports.messages import LANGUAGES, Language
from dialogue_sim.reports.pages import Page, csv_text, markdown
from dialogue_sim.runs.directory import replace_file

FORMS = (".md", ".csv", ".json", ".html")

Paging = Callable[[Language], Page]
"""Makes the page of a report in one language."""

Documenting = Callable[[Mapping[Language, Page], str], Document]
"""Makes the HTML file from the page in both languages; the second is the folder for what is too much for it."""


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


def write_report(
    file: Path, content: BaseModel, paging: Paging, language: Language, documenting: Documenting | None = None
) -> Path:
    """Write a report in the form that the file's ending names.

    HTML holds both languages, `language` first; Markdown and CSV hold `language`. Raises ConfigError.

    Args:
        documenting: makes the HTML file, where that holds more than the page.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigError(f"cannot be made: {problem.strerror}", where=str(file.parent)) from None
    ending = file.suffix.lower()
    if ending == ".html":
        from dialogue_sim.reports.page_html import page_html  # it draws, and only HTML holds drawings

        order: list[Language] = [language, *(other for other in LANGUAGES if other != language)]
        make = documenting or (lambda pages, folder: page_html(pages))
        return write_document(file, lambda folder: make({each: paging(each) for each in order}, folder))
    if ending == ".json":
        return replace_file(file, json_text(content) + "\n")
    return replace_file(file, {".md": markdown, ".csv": csv_text}[ending](paging(language)))


def write_document(file: Path, make: Callable[[str], Document]) -> Path:
    """Write a page, and beside it the folder of what is too much for one file, if it is; returns the page's path.

    Args:
        make: makes the page, given the name of that folder: `report.html` has `report.files`.

    Raises:
        ConfigError: it cannot be written.
    """
    folder = file.with_suffix(".files")
    made = make(folder.name)
    try:
        if made.beside:
            folder.mkdir(exist_ok=True)
        for name, text in made.beside.items():
            replace_file(file.parent / name, text)
        replace_file(file, made.text)
        if folder.is_dir():
            for old in folder.glob("[0-9][0-9][0-9]-*.js"):
                if f"{folder.name}/{old.name}" not in made.beside:
                    old.unlink()
            if not made.beside and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as problem:
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(folder)) from None
    return file
