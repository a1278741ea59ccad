"""A validation in the terminal: groups, the specificity matrix, every claim that does not hold; the spread of scores."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.reports.figures import interval, points
from dialogue_sim.reports.messages import Language, reader_language, say
from dialogue_sim.validation.checks import Check, Validation
from dialogue_sim.validation.spread import Spread

DIMENSIONS = ("process", "communication", "safety", "outcome", "efficiency")


def show_validation(found: Validation, *, every_check: bool = False) -> None:
    """Print it; with `every_check`, also the claims that hold."""
    language = reader_language()
    console = Console(highlight=False)
    judges = ", ".join(found.judges)
    console.print(say("validation_head", language, rubric=found.rubric, judges=judges, cases=found.cases))
    console.print()
    if found.groups:
        console.print(_groups(found, language))
    if found.effects:
        console.print()
        console.print(say("validation_matrix", language))
        console.print(_matrix(found, language))
    show_checks([check for check in found.checks if every_check or not check.holds])
    kept = sum(check.holds for check in found.checks)
    console.print()
    console.print(
        say("validation_kept", language, kept=kept, of=len(found.checks)),
        style="green" if found.holds else "red",
    )


def show_checks(checks: Sequence[Check]) -> None:
    """Print claims, one a line."""
    language = reader_language()
    console = Console(highlight=False, soft_wrap=True)
    for check in checks:
        sign = say("validation_holds" if check.holds else "validation_fails", language)
        claim = say(
            "validation_line", language, part=say(f"part_{check.part}", language),
            name=check.name[language], claim=check.claim[language], found=check.found[language],
        )  # fmt: skip
        console.print(Text(sign, style="green" if check.holds else "red"), Text(claim), sep="  ")


def _dimensions(language: Language) -> list[str]:
    return [say(f"dimension_{name}", language) for name in DIMENSIONS]


def _groups(found: Validation, language: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(say("validation_doctor", language))
    for name in (say("points", language), "95 %", *_dimensions(language)):
        table.add_column(name, justify="right")
    for row in found.groups:
        cells = [points(row.dimensions.get(name)) for name in DIMENSIONS]
        table.add_row(row.doctor, points(row.score), interval(row.ci95, language), *cells)
    return table


def _matrix(found: Validation, language: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(say("validation_perturbation", language))
    for name in (say("cases", language), *_dimensions(language), say("validation_total", language)):
        table.add_column(name, justify="right")
    table.add_column(say("validation_items", language))
    table.add_column(say("validation_cap", language), justify="right")
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
