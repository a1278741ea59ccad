"""A validation in the terminal: groups, the specificity matrix, every claim that does not hold; the spread of scores."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.reports.figures import interval, points
from dialogue_sim.reports.messages import Language, reader_language, say
from dialogue_sim.validation.checks import Check, Validation
from dialogue_sim.validation.spread import Spread

DIMENSIONS = ("process", "communication", "safety", "outcome", "efficiency")


def show_validation(found: Validation, *, every_check: bool = False) -> None:
    """Print it; with `every_check`, also the claims that hold."""
    console = Console(highlight=False)
    console.print(f"{found.rubric}, judged by {', '.join(found.judges)}, {found.cases} cases\n")
    if found.groups:
        console.print(_groups(found))
    if found.effects:
        console.print("\nchange in points, by perturbation and dimension")
        console.print(_matrix(found))
    show_checks([check for check in found.checks if every_check or not check.holds])
    kept = sum(check.holds for check in found.checks)
    console.print(f"\n{kept} of {len(found.checks)} claims hold", style="green" if found.holds else "red")


def show_checks(checks: Sequence[Check]) -> None:
    """Print claims, one a line."""
    console = Console(highlight=False)
    for check in checks:
        sign = "[green]holds[/green]" if check.holds else "[red]FAILS[/red]"
        claim = f"{check.part} · {check.name}: {check.claim}; found {check.found}"
        console.print(f"{sign}  {claim}", soft_wrap=True)


def _groups(found: Validation) -> Table:
    language = reader_language()
    table = Table(box=None, pad_edge=False)
    for name in ("doctor", "score", "95 %", *DIMENSIONS):
        table.add_column(name, justify="left" if name == "doctor" else "right")
    for row in found.groups:
        cells = [points(row.dimensions.get(name)) for name in DIMENSIONS]
        table.add_row(row.doctor, points(row.score), interval(row.ci95, language), *cells)
    return table


def _matrix(found: Validation) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("perturbation", "cases", *DIMENSIONS, "total", "items", "cap"):
        table.add_column(name, justify="left" if name in {"perturbation", "items"} else "right")
    for effect in found.effects:
        cells = [f"{effect.dimensions.get(name, 0.0):+.1f}" for name in DIMENSIONS]
        items = ", ".join(
            f"{item} {before:.2f}→{after:.2f}" for item, (before, after) in effect.items.items()
        )
        cap = "" if effect.cap_rate is None else f"{effect.cap_rate:.0%}"
        table.add_row(effect.name, str(effect.cases), *cells, f"{effect.total:+.1f}", items, cap)
    return table


def show_spread(spreads: Sequence[Spread]) -> None:
    """Print scores of the graded doctors by specialty, the specialty with most cases first."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(_spread_table(spreads, language))
    console.print(say("stats_spread_note", language), style="dim")


def _spread_table(spreads: Sequence[Spread], language: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(say("specialty", language))
    table.add_column(say("cases", language), justify="right")
    grades = list(spreads[0].means)
    for grade in grades:
        table.add_column(f"scripted:{grade}", justify="right")
    for spread in sorted(spreads, key=lambda spread: (-spread.cases, spread.specialty)):
        cells = [
            f"{spread.means[g]:.1f} ({spread.lowest[g]:.1f}–{spread.highest[g]:.1f})"
            if spread.cases > 1
            else f"{spread.means[g]:.1f}"
            for g in grades
        ]
        table.add_row(label("specialties", spread.specialty, language), str(spread.cases), *cells)
    return table
