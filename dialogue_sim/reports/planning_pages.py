"""The page of a plan: designs that suffice, and what every design would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.pages import Cell, Column, Data, Page, Table, Value, left
from dialogue_sim.reports.planning import DEPENDABLE, Planned

if TYPE_CHECKING:
    from dialogue_sim.reports.plots import Plot


def planning_page(found: Planned, language: Language) -> Page:
    """The page of `power`."""
    return Page(
        language=language,
        title=say("power_title", language, points=f"{found.difference:g}", power=f"{100 * found.power:g}"),
        headline=_headline(found, language),
        warnings=_warnings(found, language),
        tables=[_plans(found, language), _components(found, language), _study(found, language)],
        remarks=[say("power_formula", language), say(f"power_target_{found.target}", language)],
        data=_data(found, language),
    )


def _headline(found: Planned, language: Language) -> list[str]:
    best = found.plans[0]
    return [
        say(
            "power_headline", language, cases=best.cases, runs=best.runs, votes=best.votes,
            points=f"{found.difference:g}", dialogues=best.dialogues, power=f"{100 * found.power:g}",
        ),
        say(
            "power_noise", language, source=say(f"noise_{found.source}", language),
            model_case=f"{found.noise['model_case']:.1f}", seed=f"{found.noise['seed']:.1f}",
            judge=f"{found.noise['judge']:.1f}",
        ),
    ]  # fmt: skip


def _warnings(found: Planned, language: Language) -> list[str]:
    parts = found.components
    if parts is None:
        return []
    lines = [
        say(
            "power_folded", language, component=say(f"component_{name}", language),
            inside=", ".join(say(f"component_{one}", language) for one in inside),
        )
        for name, inside in parts.folded.items()
    ]  # fmt: skip
    if parts.truncated:
        names = ", ".join(say(f"component_{name}", language) for name in parts.truncated)
        lines.append(say("power_truncated", language, components=names))
    return lines


def _columns(language: Language, *keys: str) -> list[Column]:
    return [Column(say(key, language)) for key in keys]


def _plans(found: Planned, language: Language) -> Table:
    heads = _columns(language, "seeds", "votes", "cases_needed", "dialogues_each", "votes_each", "paired_sd")
    rows = [
        [
            Cell(str(plan.runs)),
            Cell(str(plan.votes)),
            Cell(f"{plan.cases:,}", best=k == 0),
            Cell(f"{plan.dialogues:,}", best=k == 0),
            Cell(f"{plan.votes_cast:,}"),
            Cell(f"{plan.paired_sd:.1f}"),
        ]
        for k, plan in enumerate(found.plans)
    ]
    return Table(say("power_plans", language), heads, rows)


def _components(found: Planned, language: Language) -> Table:
    parts = found.components
    heads = [
        left(say("component", language)),
        *_columns(language, "standard_deviation", "variance", "standard_error"),
    ]
    rows = []
    if parts is not None:
        for name in ("model", "case", "model_case", "seed", "judge", "vote"):
            value: float | None = getattr(parts, name)
            error = parts.errors.get(name)
            rows.append(
                [
                    Cell(say(f"component_{name}", language)),
                    Cell("–" if value is None else f"{value**0.5:.2f}"),
                    Cell("–" if value is None else f"{value:.2f}"),
                    Cell("–" if error is None else f"{error:.2f}"),
                ]
            )
    return Table(say("power_components", language), heads, rows, say("power_components_note", language))


def _study(found: Planned, language: Language) -> Table:
    pilot = found.components is not None
    keys = ["cases", "seeds", "votes", "detectable", "power_reached", "dialogues_each", "votes_each"]
    keys += ["e_rho2", "phi"] if pilot else []
    keys += ["tokens_each"] if found.usage else []
    rows = []
    for row in found.study:
        cells = [
            Cell(f"{row.cases:,}", best=row.enough),
            Cell(str(row.runs)),
            Cell(str(row.votes)),
            Cell(f"{row.detectable:.1f}", best=row.enough),
            Cell(f"{100 * row.power:.0f} %"),
            Cell(f"{row.dialogues:,}"),
            Cell(f"{row.votes_cast:,}"),
        ]
        cells += [Cell(f"{row.e_rho2:.3f}"), Cell(f"{row.phi:.3f}")] if pilot else []
        cells += [Cell(f"{row.tokens:,.0f}")] if row.tokens is not None else []
        rows.append(cells)
    note = say("power_study_note_pilot" if pilot else "power_study_note", language, phi=f"{DEPENDABLE:.2f}")
    return Table(
        say("power_study", language),
        _columns(language, *keys),
        rows,
        note,
        plots=[lambda: _curves(found, language)],
    )


def _curves(found: Planned, language: Language) -> Plot:
    """What each number of cases finds, a curve for each number of runs and votes."""
    from dialogue_sim.reports.comparison_plots import curve_plot

    curves: dict[str, list[tuple[float, float]]] = {}
    for row in sorted(found.study, key=lambda row: (row.runs, row.votes, row.cases)):
        curves.setdefault(f"{row.runs} × {row.votes}", []).append((row.cases, row.detectable))
    return curve_plot(
        "study", say("plot_study", language, points=f"{found.difference:g}"), curves,
        across=say("plot_cases", language), upward=say("detectable", language), wanted=found.difference,
    )  # fmt: skip


def _data(found: Planned, language: Language) -> Data:
    keys = (
        "cases", "seeds", "votes", "detectable", "power_reached", "e_rho2", "phi", "dialogues_each", "votes_each",
        "tokens_each",
    )  # fmt: skip
    rows: list[list[Value]] = [
        [
            row.cases, row.runs, row.votes, row.detectable, row.power, row.e_rho2, row.phi, row.dialogues,
            row.votes_cast, row.tokens,
        ]
        for row in found.study
    ]  # fmt: skip
    return Data([say(key, language) for key in keys], rows)
