"""What all pages share: how they are rendered, words in both languages, and what a page's script is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dialogue_sim.cases.vocabulary import TOPICS, label
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.reports.figures import interval, percent, points, rate_interval, typeset
from dialogue_sim.reports.messages import LANGUAGES, Language, both, say
from dialogue_sim.reports.packing import Shelf

# Control characters become their pictures, and marks that turn the writing direction are shown as unknown.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | dict.fromkeys(
    (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
_SPOKEN = ("report_", "mark_", "stop_", "closing_", "plot_")
"""Sentences that a page's script needs."""
_NOTHING_SHELVED = Shelf([])


@dataclass(frozen=True)
class Document:
    """A page, and the files that must lie beside it: name → text. Mostly there are none."""

    text: str
    beside: Mapping[str, str] = field(default_factory=dict)


def rendered(template: str, **values: Any) -> str:
    """A page. Whatever its values hold, nothing invisible is left in it."""
    return _environment().get_template(template).render(**values).translate(_VISIBLE)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader(
            [PackageLoader("dialogue_sim.reports", folder) for folder in ("templates", "static")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        t=_both, both=_pair, points=points, percent=percent, rate_interval=rate_interval, word=_label, say=say
    )
    made.filters["typeset"] = typeset
    made.filters["interval"] = lambda bounds: Markup("").join(
        _span(lang, interval(bounds, lang)) for lang in LANGUAGES
    )
    return made


def parts_of(rubric: Rubric) -> list[dict[str, Any]]:
    """Items and caps as a page's script knows them."""
    parts = [{"id": item.id, "cap": False, **_names(item)} for item in rubric.items]
    return parts + [{"id": cap.id, "cap": True, **_names(cap)} for cap in rubric.caps]


def script_data(
    index: Sequence[Mapping[str, Any]],
    parts: Sequence[Mapping[str, Any]],
    shelf: Shelf = _NOTHING_SHELVED,
    **more: Any,
) -> Markup:
    """What the page's script needs to know, as JSON that cannot end the element it stands in."""
    spoken = {language: both(language) for language in LANGUAGES}
    content = {
        "index": index,
        "files": shelf.files,
        "parts": parts,
        "topics": {topic: {one: label("topics", topic, one) for one in LANGUAGES} for topic in TOPICS},
        "say": {
            key: {language: spoken[language][key] for language in LANGUAGES}
            for key in spoken["en"]
            if key.startswith(_SPOKEN)
        },
        **more,
    }
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


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
