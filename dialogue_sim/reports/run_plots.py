"""The plots of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.reports.figures import points
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.plots import Plot, Row, histogram_plot, interval_plot, scatter_plot
from dialogue_sim.reports.runfiles import RunFiles

_KINDS = {"specialty": "specialties", "urgency": "urgencies", "complexity": "complexities"}


def run_plots(run: RunFiles, rubric: Rubric, language: Language) -> list[Plot]:
    """Dimensions, spread over cases, kinds of case, and turns; what a run has no figures for is left out."""
    scores = run.scores
    if scores["score"] is None:
        return []
    score = say("plot_score", language)
    plots = [
        interval_plot(
            "dimensions", say("plot_dimensions", language), _dimensions(scores, rubric, language), axis=score
        ),
        histogram_plot(
            "cases", say("plot_spread", language), [case["score"] for case in scores["cases"]],
            axis=score, counted=say("plot_cases", language),
        ),
        interval_plot("kinds", say("plot_strata", language), _strata(scores, language), axis=score),
    ]  # fmt: skip
    taken = [
        (float(len(run.transcripts[one["dialogue_id"]].of("doctor"))), float(one["score"]))
        for case in scores["cases"]
        for one in case["runs"]
        if one["dialogue_id"] in run.transcripts
    ]
    if taken:
        turns = say("plot_doctor_turns", language)
        plots.append(scatter_plot("turns", say("plot_turns", language), taken, across=turns, upward=score))
    return plots


def _row(name: str, figure: Mapping[str, Any], aside: str, *, strong: bool = False) -> Row:
    bounds = figure["ci95"]
    return Row(name, figure["score"], (bounds[0], bounds[1]) if bounds else None, aside, strong)


def _dimensions(scores: Mapping[str, Any], rubric: Rubric, language: Language) -> list[Row]:
    rows = [_row(say("plot_all", language), scores, points(scores["score"]), strong=True)]
    for dimension in rubric.dimensions:
        if figure := scores["dimensions"].get(dimension.id):
            rows.append(_row(getattr(dimension, language), figure, points(figure["score"])))
    return rows


def _strata(scores: Mapping[str, Any], language: Language) -> list[Row]:
    rows: list[Row] = []
    for kind in ("specialty", "urgency", "complexity", "language"):
        levels = scores["strata"].get(kind, {})
        if len(levels) < 2:
            continue
        rows.append(Row(say(kind, language)))
        named = [(_level(kind, level, language), figure) for level, figure in levels.items()]
        if kind == "specialty":
            named.sort(key=lambda one: -one[1]["score"])
        rows += [_row(name, figure, str(figure["n_cases"])) for name, figure in named]
    return rows


def _level(kind: str, level: str, language: Language) -> str:
    return say(f"language_{level}", language) if kind == "language" else label(_KINDS[kind], level, language)
