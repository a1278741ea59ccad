"""A page of tables as one HTML file in both languages: its figures drawn, and the consultations to read, if any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dialogue_sim.reports.markup import Document, rendered, script_data
from dialogue_sim.reports.messages import Language
from dialogue_sim.reports.pages import Page, Table
from dialogue_sim.reports.plots import Plot, Row, interval_plot
from dialogue_sim.reports.reading import Reading

LONG = 14
"""Rows from which a table that is also drawn is folded away."""


class Section(NamedTuple):
    """A table with its drawings, as the template takes it."""

    table: Table
    plots: list[Plot]
    folded: bool


def page_html(pages: Mapping[Language, Page], reading: Reading | None = None) -> Document:
    """The page in every language given, of which it shows the reader's.

    Args:
        reading: consultations to be read side by side below the tables.
    """
    text = rendered(
        "page.html.j2",
        pages=[(page, [_section(table) for table in page.tables if table.rows]) for page in pages.values()],
        languages=list(pages),
        reading=reading,
        data=script_data(reading.index, reading.parts, reading.shelf, runs=reading.runs) if reading else "",
    )
    return Document(text, reading.shelf.beside if reading else {})


def _section(table: Table) -> Section:
    plots = [draw() for draw in table.plots]
    if intervals := _intervals(table):
        plots.append(intervals)
    return Section(table, plots, bool(plots) and len(table.rows) >= LONG)


def _intervals(table: Table) -> Plot | None:
    """What the cells say of intervals, drawn; None where they say nothing."""
    named = next((place for place, column in enumerate(table.columns) if column.align == "left"), 0)
    rows = [
        Row(cells[named].text, reach[1], (reach[0], reach[2]), strong=cells[named].best)
        for cells in table.rows
        for reach in [next((cell.reach for cell in cells if cell.reach), None)]
        if reach
    ]
    return interval_plot("intervals", table.title, rows, scale=table.scale, axis=table.axis) if rows else None
