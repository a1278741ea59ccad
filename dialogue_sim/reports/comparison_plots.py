"""The drawings of comparisons: ranks with their ranges, case by case differences, spread over models, curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dialogue_sim.reports.figures import around_zero, typeset
from dialogue_sim.reports.plots import (
    INK,
    LINE,
    MARK,
    SOFT,
    WIDTH_IN,
    Plot,
    axes,
    name_rows,
    row_height,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BINS = 80
_SWARM_IN = 0.75


class Ranked(NamedTuple):
    """One model of a board: its score with its interval, and the range in which its rank lies."""

    name: str
    score: float
    bounds: tuple[float, float] | None
    rank: int
    range: tuple[int, int]
    ties: Sequence[str]


class Swarm(NamedTuple):
    """One line of case by case differences, with their mean and its interval."""

    name: str
    values: Sequence[float]
    mean: float
    bounds: tuple[float, float] | None
    aside: str = ""


def rank_plot(name: str, title: str, rows: Sequence[Ranked], *, score: str, rank: str, tied: str) -> Plot:
    """Scores with intervals; beside them each model's rank in its range, and lines that join tied models."""

    def draw() -> Figure:
        names = [wrapped(row.name, 20) for row in rows]
        figure, scores = axes(0.62 + max(row_height(names), 0.3) * len(rows), names)
        columns = tie_columns(rows)
        box = scores.get_position()
        lines, ranks = 0.16 * len(columns), 1.0
        free = box.width - (lines + ranks + 0.5) / WIDTH_IN
        scores.set_position((box.x0, box.y0, free, box.height))
        ranked = figure.add_axes((box.x0 + free + 0.28 / WIDTH_IN, box.y0, ranks / WIDTH_IN, box.height))
        for place, row in enumerate(rows):
            if row.bounds:
                scores.plot(row.bounds, (place, place), color=MARK, lw=1.4, solid_capstyle="butt")
            scores.plot([row.score], [place], "o", color=MARK, ms=4.5)
            ranked.plot(row.range, (place, place), color=LINE, lw=6, solid_capstyle="round")
            ranked.plot([row.rank], [place], "o", color=INK, ms=4)
        name_rows(scores, names)
        scores.margins(x=0.08)
        scores.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        scores.set_xlabel(score)
        name_rows(ranked, [""] * len(rows))
        ranked.set_xlim(0.5, len(rows) + 0.5)
        ranked.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=2))
        ranked.set_xlabel(rank)
        for drawn in (scores, ranked):
            drawn.grid(axis="x", color=LINE, lw=0.6)
            drawn.spines["left"].set_visible(False)
        if columns:
            at = box.x0 + free + (0.28 + ranks + 0.14) / WIDTH_IN
            _draw_ties(figure.add_axes((at, box.y0, lines / WIDTH_IN, box.height)), columns, len(rows), tied)
        return figure

    return Plot(name, title, draw)


def tie_columns(rows: Sequence[Ranked]) -> list[list[list[int]]]:
    """The tie groups of two or more as lists of rows, in as few columns as keep them from touching."""
    letters = sorted({letter for row in rows for letter in row.ties}, key=lambda one: (len(one), one))
    columns: list[list[list[int]]] = []
    for letter in letters:
        places = [place for place, row in enumerate(rows) if letter in row.ties]
        if len(places) < 2:
            continue
        free = next((column for column in columns if column[-1][-1] < places[0]), None)
        if free is None:
            columns.append([places])
        else:
            free.append(places)
    return columns


def _draw_ties(drawn: Axes, columns: Sequence[Sequence[Sequence[int]]], rows: int, label: str) -> None:
    for column, groups in enumerate(columns):
        for places in groups:
            drawn.plot([column] * len(places), places, "-o", color=SOFT, lw=1.2, ms=2.6)
    drawn.set_xlim(-0.6, len(columns) - 0.4)
    drawn.set_ylim(rows - 0.4, -0.6)
    drawn.set_xticks([])
    drawn.set_yticks([])
    for spine in drawn.spines.values():
        spine.set_visible(False)
    drawn.set_xlabel(label, labelpad=14)


def swarm_plot(name: str, title: str, rows: Sequence[Swarm], *, axis: str) -> Plot:
    """Each case a dot, stacked where several are alike; under them the mean with its interval."""

    def draw() -> Figure:
        names = [wrapped(row.name) for row in rows]
        figure, drawn = axes(0.45 + _SWARM_IN * len(rows), names, [row.aside for row in rows])
        low, high = around_zero(value for row in rows for value in (*row.values, *(row.bounds or ())))
        step = (high - low) / _BINS
        most = max(max(Counter(_bin(value, step) for value in row.values).values()) for row in rows)
        rise = min(0.08, 0.62 / most)
        dot = max(1.0, min(2.2, 0.85 * 72 * _SWARM_IN * rise))  # points
        for place, row in enumerate(rows):
            across, upward = _stacked(row.values, step, place, rise)
            # One path for all dots: a marker for each would be ten times as long.
            drawn.plot(across, upward, color=SOFT, lw=dot, solid_capstyle="round", alpha=0.7)
            if row.bounds:
                drawn.plot(row.bounds, (place + 0.28,) * 2, color=MARK, lw=1.8, solid_capstyle="butt")
            drawn.plot([row.mean], [place + 0.28], "o", color=MARK, ms=5)
            drawn.annotate(
                typeset(row.aside), (1.02, place), xycoords=("axes fraction", "data"), va="center", color=SOFT,
                annotation_clip=False,
            )  # fmt: skip
        drawn.axvline(0, color=SOFT, lw=0.8)
        drawn.set_xlim(low, high)
        name_rows(drawn, names)
        drawn.xaxis.set_major_locator(MaxNLocator(6))
        drawn.grid(axis="x", color=LINE, lw=0.6)
        drawn.set_xlabel(axis)
        return figure

    return Plot(name, title, draw)


def _bin(value: float, step: float) -> int:
    return round(value / step)


def _stacked(
    values: Sequence[float], step: float, place: float, rise: float
) -> tuple[list[float], list[float]]:
    """Dots as strokes without length, stacked upwards from just above the line of the mean."""
    across, upward = [], []
    height: Counter[int] = Counter()
    for pile in sorted(_bin(value, step) for value in values):
        x, y = pile * step, place + 0.14 - rise * height[pile]
        height[pile] += 1
        across += [x, x, float("nan")]
        upward += [y, y, float("nan")]
    return across, upward


def spread_plot(name: str, title: str, rows: Sequence[tuple[str, Sequence[float]]], *, axis: str) -> Plot:
    """Several models' values in [0, 1], a line a thing; the first model's is filled."""

    def draw() -> Figure:
        names = [wrapped(row) for row, _ in rows]
        figure, drawn = axes(0.45 + row_height(names) * len(rows), names)
        for place, (_, values) in enumerate(rows):
            drawn.plot((min(values), max(values)), (place, place), color=LINE, lw=3, solid_capstyle="round")
            drawn.plot(
                values[1:], [place] * (len(values) - 1), "o", color=SOFT, ms=4, fillstyle="none", mew=0.9
            )
            drawn.plot(values[:1], [place], "o", color=MARK, ms=5)
        drawn.set_xlim(-0.02, 1.02)
        name_rows(drawn, names)
        drawn.grid(axis="x", color=LINE, lw=0.6)
        drawn.set_xlabel(axis)
        return figure

    return Plot(name, title, draw)


def curve_plot(
    name: str,
    title: str,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    across: str,
    upward: str,
    wanted: float,
) -> Plot:
    """Falling curves, each named at its right end, and a line at what is wanted."""

    def draw() -> Figure:
        figure, drawn = axes(3.0, asides=list(curves))
        for curve in curves.values():
            drawn.plot(*zip(*curve, strict=True), "-o", color=MARK, lw=1.2, ms=3)
        ends = [curve[-1][1] for curve in curves.values()]
        drawn.axhline(wanted, color=SOFT, lw=0.9, linestyle=(0, (4, 3)))
        top = max(y for curve in curves.values() for _, y in curve) * 1.06
        for label, end in zip(curves, _apart(ends, top / 13), strict=True):
            drawn.annotate(
                label,
                (1.02, end),
                xycoords=("axes fraction", "data"),
                va="center",
                color=SOFT,
                annotation_clip=False,
            )
        drawn.set_ylim(0, top)
        drawn.set_xscale("log")
        ticks = sorted({x for curve in curves.values() for x, _ in curve})
        drawn.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        drawn.minorticks_off()
        drawn.grid(color=LINE, lw=0.6)
        drawn.tick_params(axis="y", labelcolor=SOFT)
        drawn.set_xlabel(across)
        drawn.set_ylabel(upward)
        return figure

    return Plot(name, title, draw)


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Places for labels near those given and no closer than `least` to each other."""
    moved = list(places)
    order = sorted(range(len(places)), key=lambda one: places[one])
    for below, above in pairwise(order):
        moved[above] = max(moved[above], moved[below] + least)
    return moved
