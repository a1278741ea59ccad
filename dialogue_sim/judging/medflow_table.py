"""How the 2025 profile is printed and saved: the original's summary table and workbook columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.medflow import MedflowReport

_WORDS = {
    "zh": {
        "title": "=== 问诊质量分析报告 ===",
        "columns": ["复杂度", "基础平均分", "加权平均分", "达标率", "平均轮数"],
        "formula": "加权公式：最终得分 = 基础分×0.8 + 轮次达标×0.2",
        "overall": "所有工作表的加权平均分",
        "failures": "未能评分的工作表（未计入平均）",
        "sheet": ["工作表", "复杂度", "基础平均分", "加权平均分", "达标", "问诊轮数"],
        "marks": ["工作表", "行", "临床信息收集", "沟通技巧", "诊断质量", "合计"],
        "yes": "是",
        "no": "否",
        "summary": "汇总",
        "detail": "逐轮",
    },
    "en": {
        "title": "=== Consultation quality report ===",
        "columns": ["complexity", "base mean", "weighted mean", "minimum reached", "mean rounds"],
        "formula": "weighted score = base × 0.8 + rounds bonus × 0.2",
        "overall": "weighted mean of all sheets",
        "failures": "sheets that could not be scored (left out of every mean)",
        "sheet": ["sheet", "complexity", "base mean", "weighted mean", "reached", "rounds"],
        "marks": ["sheet", "row", "information", "communication", "diagnosis", "sum"],
        "yes": "yes",
        "no": "no",
        "summary": "summary",
        "detail": "turns",
    },
}


def summary_table(report: MedflowReport, language: str = "zh") -> str:
    """The summary as the original prints it: a line a complexity, then the overall mean and the failures."""
    words = _WORDS[language]
    rows = [
        [
            str(group.complexity),
            f"{group.base:.1f}",
            f"{group.score:.1f}",
            f"{group.rate:.1f}%",
            f"{group.rounds:.1f}",
        ]
        for group in report.groups
    ]
    lines = [str(words["title"]), *_aligned([list(words["columns"]), *rows]), ""]
    lines.append(f"- {words['formula']}")
    if report.overall is not None:
        lines.append(f"- {words['overall']}: {report.overall:.2f}")
    if report.failures:
        lines.append(f"- {words['failures']}: {len(report.failures)}")
    return "\n".join(lines)


def write_workbook(report: MedflowReport, path: Path, language: str = "zh") -> None:
    """Save the report: a sheet with a line a consultation in the original's columns, the summary, and every turn.

    Raises:
        ConfigError: openpyxl is not installed, or the file cannot be written.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise ConfigError(
            "writing a workbook needs openpyxl", mend="pip install 'dialogue-sim[xlsx]'"
        ) from None
    words = _WORDS[language]
    book = Workbook()
    del book[book.sheetnames[0]]
    per_sheet = [
        [
            one.name,
            one.complexity,
            one.base,
            one.score,
            words["yes"] if one.reached else words["no"],
            one.rounds,
        ]
        for one in report.sheets
    ]
    groups = [[g.complexity, g.base, g.score, g.rate / 100, g.rounds] for g in report.groups]
    turns = [[one.name, *marks, sum(marks[1:])] for one in report.sheets for marks in one.marks]
    for title, head, rows in (
        (words["sheet"][0], words["sheet"], per_sheet),
        (words["summary"], words["columns"], groups),
        (words["detail"], words["marks"], turns),
    ):
        page = book.create_sheet(str(title))
        page.append(list(head))
        for row in rows:
            page.append(row)
        for cells in page.iter_rows():
            for cell in cells:
                if cell.data_type == "f":  # a name that begins with "=" is text, never a formula
                    cell.data_type = "s"
    try:
        book.save(path)
    except OSError as problem:
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(path)) from None


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(" " * (width - _width(cell)) + cell for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
