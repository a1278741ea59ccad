"""`report.html`: one self-contained file; no network, opens from disk. Transcripts are shown as text, never as markup."""

from __future__ import annotations

from typing import Any

from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.reports.facts import fact_lines
from dialogue_sim.reports.fidelity_figures import fidelity_figures
from dialogue_sim.reports.markup import Document, parts_of, rendered, script_data
from dialogue_sim.reports.messages import LANGUAGES
from dialogue_sim.reports.packing import packed, shelved
from dialogue_sim.reports.run_plots import run_plots
from dialogue_sim.reports.runfiles import RunFiles


def report_html(run: RunFiles, rubric: Rubric, folder: str | None = None) -> Document:
    """The report of one scored run.

    Args:
        folder: where its consultations go if they are too many for one file; None keeps them in it.
    """
    scores = run.scores
    parts = parts_of(rubric)
    index, blocks = packed(run, [part["id"] for part in parts], fact_lines(run.manifest))
    shelf = shelved(blocks, folder)
    drawn = [run_plots(run, rubric, language) for language in LANGUAGES]
    text = rendered(
        "report.html.j2",
        scores=scores,
        rubric=rubric,
        items={item.id: item for item in rubric.items},
        hardest=sorted(
            (name for name in scores["items"] if scores["items"][name]["n"]),
            key=lambda name: scores["items"][name]["mean"],
        ),
        plots={
            pair[0].name: [(language, plot) for language, plot in zip(LANGUAGES, pair, strict=True)]
            for pair in zip(*drawn, strict=True)
        },
        manifest=run.manifest,
        fidelity=_fidelity(scores["patient_fidelity"]),
        data=script_data(index, parts, shelf),
        shelf=shelf,
        folder=folder,
        first=_first_language(run),
    )
    return Document(text, shelf.beside)


def _first_language(run: RunFiles) -> str:
    """The language of a run whose cases have but one; empty where the reader's decides."""
    found = {transcript.language for transcript in run.transcripts.values()}
    return found.pop() if len(found) == 1 else ""


def _fidelity(counts: dict[str, Any]) -> list[dict[str, Any]]:
    """How well the patient was played, each measure with its name in both languages."""
    chinese, english = (fidelity_figures(counts, language) for language in LANGUAGES)
    return [
        {"zh": chinese[key].name, "en": measure.name, "text": measure.text, "beyond": measure.beyond}
        for key, measure in english.items()
    ]
