"""A leaderboard as an HTML file: besides its tables, how each model differs from the first, and the cases to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from dialogue_sim.reports.board_pages import p_text
from dialogue_sim.reports.boards import Board
from dialogue_sim.reports.comparison_plots import Ranked, Swarm, rank_plot, spread_plot, swarm_plot
from dialogue_sim.reports.comparisons import Compared, compared
from dialogue_sim.reports.entries import Entry, restricted
from dialogue_sim.reports.figures import around_zero, interval, short_names
from dialogue_sim.reports.markup import Document
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.page_html import page_html
from dialogue_sim.reports.pages import Cell, Column, Page, Table, left
from dialogue_sim.reports.plots import Plot, Row, interval_plot
from dialogue_sim.reports.reading import reading
from dialogue_sim.scoring.compare import Difference, common_cases

SURE = 0.05
"""Corrected p up to which a difference is shown in bold."""


def board_html(
    board: Board, entries: Sequence[Entry], pages: Mapping[Language, Page], folder: str
) -> Document:
    """The file of a leaderboard.

    Args:
        pages: the leaderboard's tables in each language, as `board_page` makes them, by rows or columns.
        folder: where the consultations go if they are too many for one file.

    Raises:
        ConfigError: a run's verdicts or transcripts cannot be read.
    """
    by_name = {entry.name: entry for entry in entries}
    ranked = [by_name[row.model] for row in board.rows]
    cases, _ = common_cases({entry.name: entry.card.case_scores() for entry in ranked})
    ranked = [replace(entry, card=restricted(entry.card, set(cases))) for entry in ranked]
    rivals = [compared(ranked[0], other, ()) for other in ranked[1:]]
    told = {}
    for language, page in pages.items():
        main, *rest = page.tables
        main = replace(main, plots=[partial(_ranks, board, language)])
        more = [_totals(board, rivals, language), _dimensions(rivals, language), _items(rivals, language)]
        told[language] = replace(page, tables=[main, *(more if rivals else []), *rest])
    return page_html(told, reading(ranked, folder))


def _ranks(board: Board, language: Language) -> Plot:
    names = short_names([row.model for row in board.rows])
    rows = [
        Ranked(names[row.model], row.score, row.ci95, row.rank, row.rank_range, row.ties)
        for row in board.rows
    ]
    return rank_plot(
        "ranks", say("plot_ranks", language), rows,
        score=say("plot_score", language), rank=say("plot_rank", language), tied=say("plot_tied", language),
    )  # fmt: skip


def _totals(board: Board, rivals: Sequence[Compared], language: Language) -> Table:
    """Each model less the first, case by case; intervals and p as on the board, for all pairs at once."""
    first = board.rows[0].model
    names = short_names([row.model for row in board.rows])
    pairs = {pair.b: pair for pair in board.pairs if pair.a == first}
    swarms, rows = [], []
    for rival in rivals:
        pair, gaps = pairs[rival.b.name], [case.mean for case in rival.cases]
        bounds = (-pair.ci95[1], -pair.ci95[0]) if pair.ci95 else None
        swarms.append(Swarm(names[pair.b], gaps, -pair.mean, bounds, f"{-pair.mean:+.1f}"))
        texts = [
            pair.b, f"{-pair.mean:+.1f}", interval(bounds, language), p_text(pair.p),
            str(sum(gap > 0 for gap in gaps)), str(sum(gap < 0 for gap in gaps)), str(len(gaps)),
        ]  # fmt: skip
        rows.append([Cell(text, best=pair.separated and k == 1) for k, text in enumerate(texts)])
    keys = ("difference", "ci95", "p_value", "cases_above", "cases_below", "cases")
    heads = [left(say("model", language)), *(Column(say(key, language)) for key in keys)]
    caption, axis = say("plot_gaps", language, name=names[first]), say("plot_gap", language)
    return Table(
        say("board_against", language, name=first), heads, rows, say("board_against_note", language),
        plots=[lambda: swarm_plot("gaps", caption, swarms, axis=axis)],
    )  # fmt: skip


def _dimensions(rivals: Sequence[Compared], language: Language) -> Table:
    """Each model less the first, by dimension; p corrected by Holm over the dimensions of a pair."""
    names = short_names([rivals[0].a.name, *(rival.b.name for rival in rivals)])
    titles = {one.id: getattr(one, language) for one in rivals[0].dimensions}
    drawn: list[Row] = []
    rows = []
    for dimension in dict.fromkeys(name for rival in rivals for name in rival.comparison.dimensions):
        title = titles.get(dimension, dimension)
        drawn.append(Row(title))
        for rival in rivals:
            if found := rival.comparison.dimensions.get(dimension):
                drawn.append(Row(names[rival.b.name], found.mean, found.ci95, f"{found.mean:+.1f}"))
                rows.append(_dimension_row(title, rival.b.name, found, language))
    keys = ("difference", "ci95", "p_holm")
    heads = [left(say("dimension", language)), left(say("model", language))]
    heads += [Column(say(key, language)) for key in keys]
    scale = around_zero(limit for row in drawn for limit in row.bounds or ())
    caption, axis = (
        say("plot_dimension_gaps", language, name=names[rivals[0].a.name]),
        say("plot_gap", language),
    )
    return Table(
        say("board_dimension_gaps", language), heads, rows, say("board_gaps_note", language),
        plots=[lambda: interval_plot("dimension-gaps", caption, drawn, scale=scale, axis=axis)],
    )  # fmt: skip


def _dimension_row(title: str, model: str, found: Difference, language: Language) -> list[Cell]:
    texts = [title, model, f"{found.mean:+.1f}", interval(found.ci95, language), p_text(found.p_holm)]
    return [Cell(text, best=found.p_holm <= SURE and k == 2) for k, text in enumerate(texts)]


def _items(rivals: Sequence[Compared], language: Language) -> Table:
    """Every item's mean for every model, where they lie furthest apart first; bold: told from the first's."""
    first = rivals[0].a.name
    labels = {one.id: getattr(one, language) for one in rivals[0].item_names}
    found = [{item.item: item for item in rival.items} for rival in rivals]
    shared = [name for name in found[0] if all(name in of for of in found)]
    means = {name: [found[0][name].mean_a, *(of[name].mean_b for of in found)] for name in shared}
    order = sorted(shared, key=lambda name: (min(means[name]) - max(means[name]), name))
    titles = {name: f"{name} {labels.get(name, '')}".strip() for name in order}
    rows = [
        [
            Cell(titles[name]),
            Cell(f"{means[name][0]:.2f}"),
            *(Cell(f"{of[name].mean_b:.2f}", best=of[name].p_fdr <= SURE) for of in found),
        ]
        for name in order
    ]
    heads = [left(say("item", language)), Column(first), *(Column(rival.b.name) for rival in rivals)]
    caption = say(
        "plot_item_means", language, name=short_names([row.b.name for row in rivals] + [first])[first]
    )
    drawn = [(titles[name], means[name]) for name in order]
    axis = say("plot_item_mean", language)
    return Table(
        say("board_items", language), heads, rows, say("board_items_note", language),
        plots=[lambda: spread_plot("items", caption, drawn, axis=axis)],
    )  # fmt: skip
