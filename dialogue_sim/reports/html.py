"""`report.html`: one self-contained file; no network, opens from disk. Transcripts are shown as text, never as markup."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.reports.fidelity_figures import fidelity_figures
from dialogue_sim.reports.figures import interval, percent, points, rate_interval
from dialogue_sim.reports.messages import LANGUAGES, Language, both, say
from dialogue_sim.reports.packing import BLOCK, packed
from dialogue_sim.reports.run_plots import run_plots
from dialogue_sim.reports.runfiles import RunFiles

# Control characters become their pictures, and marks that turn the writing direction are shown as unknown.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | dict.fromkeys(
    (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
_SPOKEN = ("report_", "mark_", "stop_", "closing_", "plot_")
"""Sentences that the page's script needs."""


def report_html(run: RunFiles, rubric: Rubric) -> str:
    """The report of one scored run."""
    scores = run.scores
    index, blocks = packed(run, rubric)
    drawn = [run_plots(run, rubric, language) for language in LANGUAGES]
    page = environment().get_template("report.html.j2").render(
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
        data=script_data(index, rubric),
        blocks=blocks,
        first=_first_language(run),
    )  # fmt: skip
    return page.translate(_VISIBLE)


@cache
def environment() -> Environment:
    """Where the reports' pages are rendered: everything is escaped, and an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("dialogue_sim.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        t=_both, both=_pair, points=points, percent=percent, rate_interval=rate_interval, word=_label
    )
    made.filters["interval"] = lambda bounds: Markup("").join(
        _span(lang, interval(bounds, lang)) for lang in LANGUAGES
    )
    return made


def script_data(index: list[dict[str, Any]], rubric: Rubric, **more: Any) -> Markup:
    """What the page's script needs to know, as JSON that cannot end the element it stands in."""
    spoken = {language: both(language) for language in LANGUAGES}
    parts = [{"id": item.id, "cap": False, **_names(item)} for item in rubric.items]
    parts += [{"id": cap.id, "cap": True, **_names(cap)} for cap in rubric.caps]
    content = {
        "index": index,
        "block": BLOCK,
        "parts": parts,
        "say": {
            key: {language: spoken[language][key] for language in LANGUAGES}
            for key in spoken["en"]
            if key.startswith(_SPOKEN)
        },
        **more,
    }
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


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


def _names(part: Any) -> dict[str, str]:
    return {language: getattr(part, language).name for language in LANGUAGES}


def _span(language: Language, text: str) -> Markup:
    return Markup('<span class="t" lang="{}">{}</span>').format(language, text)


def _both(key: str, **values: object) -> Markup:
    """A sentence in both languages, one of which the page shows."""
    return Markup("").join(_span(language, say(key, language, **values)) for language in LANGUAGES)


def _pair(thing: Any, field: str = "") -> Markup:
    """The names of a dimension, item or cap in both languages."""
    texts = {lang: thing[lang] if isinstance(thing, dict) else getattr(thing, lang) for lang in LANGUAGES}
    return Markup("").join(
        _span(language, getattr(texts[language], field) if field else texts[language])
        for language in LANGUAGES
    )


def _label(kind: str, name: str) -> Markup:
    return Markup("").join(_span(language, label(kind, name, language)) for language in LANGUAGES)
