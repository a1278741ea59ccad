"""The workbook of a rescoring by the 2025 profile, with the original's columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.medflow import MedflowReport
from dialogue_sim.reports.messages import Language, say

if TYPE_CHECKING:
    from openpyxl import Workbook

_SHEETS = ("sheet", "complexity", "base", "weighted", "reached_one", "rounds_one")
_GROUPS = ("complexity", "base", "weighted", "reached", "rounds")
_TURNS = ("sheet", "row", "information", "communication", "diagnosis", "sum")


def write_workbook(report: MedflowReport, path: Path, language: Language) -> None:
    """Save the report: a line a consultation in the original's columns, the summary, and every turn.

    Raises:
        ConfigError: openpyxl is not installed, or the file cannot be written.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise ConfigError(
            "writing a workbook needs openpyxl", mend="pip install 'dialogue-sim[xlsx]'"
        ) from None
    answer = {reached: say("medflow_yes" if reached else "medflow_no", language) for reached in (True, False)}
    book = Workbook()
    del book[book.sheetnames[0]]
    _page(
        book, "sheet", _SHEETS, language,
        [[one.name, one.complexity, one.base, one.score, answer[one.reached], one.rounds] for one in report.sheets],
    )  # fmt: skip
    _page(
        book, "groups", _GROUPS, language,
        [[group.complexity, group.base, group.score, group.rate / 100, group.rounds] for group in report.groups],
    )  # fmt: skip
    _page(
        book, "turns", _TURNS, language,
        [[one.name, *marks, sum(marks[1:])] for one in report.sheets for marks in one.marks],
    )  # fmt: skip
    try:
        book.save(path)
    except OSError as problem:
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(path)) from None


def _page(
    book: Workbook, title: str, columns: Sequence[str], language: Language, rows: Sequence[Sequence[object]]
) -> None:
    page = book.create_sheet(say(f"medflow_{title}", language))
    page.append([say(f"medflow_{column}", language) for column in columns])
    for row in rows:
        page.append(list(row))
    for cells in page.iter_rows():
        for cell in cells:
            if cell.data_type == "f":  # a name that begins with "=" is text, never a formula
                cell.data_type = "s"
