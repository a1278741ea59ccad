"""`report.html`: one self-contained file; no network, opens from disk. Transcripts are shown as text, never as markup."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.verdict import Verdict
from dialogue_sim.reports.fidelity_figures import fidelity_figures
from dialogue_sim.reports.figures import interval, percent, points, rate_interval
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.runfiles import RunFiles

# Control characters become their pictures, and marks that turn the writing direction are shown as unknown.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | dict.fromkeys(
    (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
LANGUAGES: tuple[Language, Language] = ("zh", "en")


def report_html(run: RunFiles, rubric: Rubric) -> str:
    """The report of one scored run."""
    environment = Environment(
        loader=PackageLoader("dialogue_sim.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        t=_both, both=_pair, points=points, percent=percent, rate_interval=rate_interval, word=_label
    )
    environment.filters["interval"] = lambda bounds: Markup("").join(
        _span(lang, interval(bounds, lang)) for lang in LANGUAGES
    )
    scores = run.scores
    page = environment.get_template("report.html.j2").render(
        scores=scores,
        rubric=rubric,
        items={item.id: item for item in rubric.items},
        caps={cap.id: cap for cap in rubric.caps},
        hardest=sorted(
            (name for name in scores["items"] if scores["items"][name]["n"]),
            key=lambda name: scores["items"][name]["mean"],
        ),
        dialogues=[_dialogue(run, name) for name in run.transcripts],
        manifest=run.manifest,
        fidelity=_fidelity(scores["patient_fidelity"]),
    )
    return page.translate(_VISIBLE)


def _fidelity(counts: dict[str, Any]) -> list[dict[str, Any]]:
    """How well the patient was played, each measure with its name in both languages."""
    chinese, english = (fidelity_figures(counts, language) for language in LANGUAGES)
    return [
        {"zh": chinese[key].name, "en": measure.name, "text": measure.text, "beyond": measure.beyond}
        for key, measure in english.items()
    ]


def _dialogue(run: RunFiles, name: str) -> dict[str, Any]:
    transcript, judgement = run.transcripts[name], run.judgements.get(name)
    verdicts = judgement.verdicts if judgement else []
    marks: dict[int, list[Verdict]] = {}
    for verdict in verdicts:
        for turn in verdict.turns:
            marks.setdefault(turn, []).append(verdict)
    scored = {r["dialogue_id"]: r for case in run.scores["cases"] for r in case["runs"]}
    return {"transcript": transcript, "verdicts": verdicts, "marks": marks, "score": scored.get(name)}


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
