"""`summary.md`: the score of a run on one page of Markdown, in both languages."""

from __future__ import annotations

from typing import Any

from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.reports.fidelity_figures import fidelity_figures
from dialogue_sim.reports.figures import interval, percent, points, rate_interval
from dialogue_sim.reports.messages import Language, say


def summary(scores: dict[str, Any], rubric: Rubric) -> str:
    """The page. The half in the language of most cases comes first."""
    chinese = sum(case["strata"]["language"] == "zh" for case in scores["cases"])
    order: tuple[Language, Language] = ("zh", "en") if 2 * chinese > len(scores["cases"]) else ("en", "zh")
    return "\n---\n\n".join(_half(scores, rubric, language) for language in order)


def _half(scores: dict[str, Any], rubric: Rubric, language: Language) -> str:
    def word(key: str, **values: object) -> str:
        return say(key, language, **values)

    lines = [f"# {word('score_of', doctor=scores['doctor'])}", ""]
    if scores["score"] is None:
        lines += [word("nothing_scored"), ""]
    else:
        lines += [
            f"**{points(scores['score'])} / 100** ({word('interval')}: {interval(scores['ci95'], language)})",
            "",
        ]
    lines += [f"> {word(note)}" for note in scores["notes"]] + [""]
    lines += _table(
        [word("dimension"), word("weight"), word("points"), "95 %"],
        [
            [
                getattr(d, language),
                f"{d.weight:g}",
                points(figure["score"]),
                interval(figure["ci95"], language),
            ]
            for d in rubric.dimensions
            if (figure := scores["dimensions"].get(d.id))
        ],
    )
    lines += _table(
        [word("caps"), word("cap_rate"), "95 %"],
        [
            [
                f"{c.id} {getattr(c, language).name} (≤ {c.limit:g})",
                percent(rate["rate"]),
                rate_interval(rate["ci95"]),
            ]
            for c in rubric.caps
            if (rate := scores["caps"].get(c.id))
        ],
    )
    measures = fidelity_figures(scores["patient_fidelity"], language).values()
    lines += _table(
        [word("fidelity"), ""], [[m.name, f"**{m.text}**" if m.beyond else m.text] for m in measures]
    )
    failures = scores["failures"]
    lines += [
        f"- {word('cases')}: {scores['n_cases']}; {word('dialogues')}: {scores['n_dialogues']} / {scores['n_planned']}",
        f"- {word('failures')}: {failures['simulate']} {word('failures_simulate')}, {failures['judge']} {word('failures_judge')}",
        f"- {word('protocol_failures')}: {percent(scores['protocol_failure_rate'])}",
        f"- {word('usable')}: {percent(scores['usable_at_60'])}",
        f"- {word('doctor')}: `{scores['doctor']}`; {word('patient')}: `{scores['patient']}`; {word('judge')}: "
        + ", ".join(f"`{judge}`" for judge in scores["judges"]),
        f"- {word('rubric')}: {scores['rubric']['id']} {scores['rubric']['version']} (`{scores['rubric']['sha256'][:12]}`)",
        "",
        word("meaning"),
        "",
    ]
    return "\n".join(lines)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    marks = [":--", *["--:"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, marks, *rows)] + [""]
