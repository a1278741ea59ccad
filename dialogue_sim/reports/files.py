"""The files that a run leaves for people: `summary.md` and `report.html`."""

from __future__ import annotations

from pathlib import Path

from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.reports.html import report_html
from dialogue_sim.reports.messages import reader_language
from dialogue_sim.reports.page_files import write_document
from dialogue_sim.reports.plots import write_plots
from dialogue_sim.reports.run_plots import run_plots
from dialogue_sim.reports.runfiles import RunFiles, read_run
from dialogue_sim.reports.summary import summary
from dialogue_sim.runs.directory import replace_file


def write_reports(folder: Path) -> list[Path]:
    """Write both files of a scored run; returns their paths.

    Raises:
        ConfigError: the folder holds no scored run, or cannot be written.
    """
    run: RunFiles = read_run(folder)
    rubric = load_rubric(run.rubric)
    return [
        replace_file(folder / "summary.md", summary(run.scores, rubric)),
        write_document(folder / "report.html", lambda beside: report_html(run, rubric, beside)),
    ]


def write_plot_files(folder: Path, out: Path) -> list[Path]:
    """Write the plots of a scored run as files, in the reader's language; returns their paths.

    Raises:
        ConfigError: the folder holds no scored run, or `out` cannot be written.
    """
    run = read_run(folder)
    return write_plots(run_plots(run, load_rubric(run.rubric), reader_language()), out)
