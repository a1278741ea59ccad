"""Models in the terminal: what there is, and what one of them can do."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from dialogue_sim.models.catalogue import catalogue
from dialogue_sim.models.check import ModelCheck
from dialogue_sim.models.registry import ONE_ROLE, SCHEMES
from dialogue_sim.reports.messages import Language, reader_language, say


def show_models(*, as_json: bool) -> None:
    """Print the schemes and the catalogue of embedded models."""
    entries = catalogue().models
    if as_json:
        schemes = [{"scheme": name, "name": scheme.name} for name, scheme in SCHEMES.items()]
        content = {
            "schemes": schemes,
            "one_role": ONE_ROLE,
            "embedded": [entry.model_dump(mode="json") for entry in entries],
        }
        typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
        return
    language = reader_language()
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for name, scheme in SCHEMES.items():
        table.add_row(f"{name}:{scheme.name}" if scheme.name else name, "")
    for name, role in ONE_ROLE.items():
        table.add_row(f"{name}:NAME" if name == "scripted" else name, f"--{role}")
    console.print(table)
    weights = Table(box=None, pad_edge=False)
    for entry in entries:
        weights.add_row(
            f"embedded:{entry.name}",
            f"{entry.bytes / 1e6:,.0f} MB",
            entry.licence,
            getattr(entry.title, language),
        )
    console.print(weights)


def show_check(check: ModelCheck) -> None:
    """Print one screen about one model."""
    language = reader_language()
    table = Table(box=None, pad_edge=False, show_header=False)
    for field, value in check.model_dump().items():
        if value not in (None, "", []):
            table.add_row(say(f"model_{field}", language), _shown(value, language))
    Console(highlight=False).print(table)


def _shown(value: object, language: Language) -> str:
    if isinstance(value, bool):
        return say("model_yes" if value else "model_no", language)
    return ", ".join(value) if isinstance(value, list) else str(value)
