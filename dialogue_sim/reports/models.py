"""Models in the terminal: what there is, and what one of them can do."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from dialogue_sim.models.catalogue import catalogue
from dialogue_sim.models.check import ModelCheck
from dialogue_sim.models.registry import ONE_ROLE, SCHEMES


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
            f"embedded:{entry.name}", f"{entry.bytes / 1e6:,.0f} MB", entry.licence, entry.title.en
        )
    console.print(weights)


def show_check(check: ModelCheck) -> None:
    """Print one screen about one model."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for field, value in check.model_dump().items():
        if value not in (None, "", []):
            shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            table.add_row(field.replace("_", " "), str(shown))
    Console(highlight=False).print(table)
