"""A page of tables, and the plain forms it can take: the terminal, Markdown and CSV.

Every report that compares or plans builds the same plain thing, a `Page` in one language; how it
looks in each form is decided here once, and for HTML in `page_html`. JSON is not a form of a page:
it is the content behind it.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dialogue_sim.reports.messages import Language

if TYPE_CHECKING:
    from dialogue_sim.reports.plots import Plot

Align = Literal["left", "right"]
Value = str | float | int | bool | None

PIPE_WIDTH = 200
"""Characters of a line where nobody's window limits it."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        best: shown in bold.
        reach: (lower limit, value, upper limit), drawn as a figure in HTML, on the table's `scale`.
    """

    text: str
    best: bool = False
    reach: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Column:
    """A column's head."""

    title: str
    align: Align = "right"


@dataclass(frozen=True)
class Table:
    """A table under a title.

    Attributes:
        note: printed below it.
        scale: the axis of its cells' `reach`.
        axis: what that axis shows.
        plots: make further figures for HTML; called only when one is written, since drawing loads a lot.
        detail: left out on the terminal, where a page must fit the eye.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    scale: tuple[float, float] = (0.0, 100.0)
    axis: str = ""
    plots: Sequence[Callable[[], Plot]] = ()
    detail: bool = False


@dataclass(frozen=True)
class Data:
    """What the CSV form holds: full precision, one line a thing."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Page:
    """A report in one language.

    Attributes:
        headline: the finding, in a sentence or two.
        warnings: what must not be overlooked.
        remarks: how to read it; last.
    """

    language: Language
    title: str
    data: Data
    headline: Sequence[str] = ()
    warnings: Sequence[str] = ()
    tables: Sequence[Table] = ()
    remarks: Sequence[str] = field(default_factory=tuple)


def left(title: str) -> Column:
    """A column of words."""
    return Column(title, "left")


def markdown(page: Page) -> str:
    """The page as Markdown (GitHub's tables)."""
    lines = [f"# {_escaped(page.title)}", ""]
    lines += [line for text in page.headline for line in (_escaped(text), "")]
    lines += [line for text in page.warnings for line in (f"> ⚠ {_escaped(text)}", "")]
    for table in page.tables:
        if not table.rows:
            continue
        lines += [f"## {_escaped(table.title)}", ""] if table.title else []
        lines += _markdown_rows(table)
        lines += ["", *([_escaped(table.note), ""] if table.note else [])]
    lines += [f"- {_escaped(text)}" for text in page.remarks]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_rows(table: Table) -> list[str]:
    marks = [":--" if column.align == "left" else "--:" for column in table.columns]
    body = [
        [f"**{_escaped(cell.text)}**" if cell.best and cell.text else _escaped(cell.text) for cell in row]
        for row in table.rows
    ]
    rows = [[_escaped(column.title) for column in table.columns], marks, *body]
    return [f"| {' | '.join(cells)} |" for cells in rows]


def _escaped(text: str) -> str:
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", " ".join(text.split()))


def csv_text(page: Page) -> str:
    """The page's figures as CSV, with a byte-order mark so that spreadsheets read Chinese as Chinese."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(page.data.columns)
    writer.writerows([[_inert(value) for value in row] for row in page.data.rows])
    return "\ufeff" + buffer.getvalue()


def _inert(value: Value) -> Value:
    # A spreadsheet takes text that begins like this for a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def show(page: Page) -> None:
    """Print the page on standard output, as wide as the window, or wide where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH, soft_wrap=False)
    console.print(Text(page.title, style="bold"))
    for text in page.headline:
        console.print(Text(text))
    for text in page.warnings:
        console.print(Text(f"⚠ {text}", style="yellow"))
    for table in page.tables:
        if table.detail or not table.rows:
            continue
        console.print()
        grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", title_style="bold")
        grid.title = Text(table.title, style="bold") if table.title else None
        for column in table.columns:
            grid.add_column(Text(column.title), justify=column.align, overflow="fold")
        for row in table.rows:
            grid.add_row(*(Text(cell.text, style="bold" if cell.best else "") for cell in row))
        console.print(grid)
        if table.note:
            console.print(Text(table.note, style="dim"))
    for text in page.remarks:
        console.print(Text(f"· {text}", style="dim"))
