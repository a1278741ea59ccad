"""The page of a rescoring: each set's score, the 2025 profile's summary table, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dialogue_sim.reports.boards import letter
from dialogue_sim.reports.external import Named
from dialogue_sim.reports.figures import interval, points
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.pages import Cell, Column, Data, Page, Table, Value, left
from dialogue_sim.runs.rescored import Rescored, RescoredSet


def rescoring_page(found: Rescored, dimensions: Sequence[Named], language: Language) -> Page:
    """The page of `rescore`. `dimensions` names those of the rubric."""
    return Page(
        language=language,
        title=say("rescore_title", language, rubric=found.rubric["id"]),
        headline=[
            say(
                "rescore_headline", language, sets=len(found.sets), n=sum(one.n for one in found.sets),
                judges=" + ".join(found.judges), votes=found.votes,
            )
        ],
        warnings=_warnings(found, language),
        tables=[_sets(found, language), _dimensions(found, dimensions, language), *_summaries(found, language)],
        remarks=_remarks(found, language),
        data=_data(found, language),
    )  # fmt: skip


def _warnings(found: Rescored, language: Language) -> list[str]:
    lines = []
    for one in found.sets:
        if one.n > one.n_scored:
            kinds = ", ".join(
                f"{kind} {n}" for kind, n in sorted(Counter(f.kind for f in one.failures).items())
            )
            lines.append(
                say(
                    "rescore_failed",
                    language,
                    name=one.name,
                    missing=one.n - one.n_scored,
                    n=one.n,
                    kinds=kinds or "–",
                )
            )
        if one.without_case and one.medflow is None:
            lines.append(say("rescore_partial", language, name=one.name, count=one.without_case, n=one.n))
    if found.stopped:
        lines.append(say("budget_spent", language))
    if found.own_family:
        lines.append(say("same_family", language))
    if found.judges == ["lexicon"]:
        lines.append(say("lexicon_judge", language))
    return lines


def _remarks(found: Rescored, language: Language) -> list[str]:
    lines = [say("rescore_medflow", language)] if any(one.medflow for one in found.sets) else []
    if found.ranking is not None:
        lines.append(say("rescore_ranking", language, cases=found.ranking.n_cases))
    elif len(found.sets) > 1:
        lines.append(say("rescore_no_ranking", language))
    return lines


def _sets(found: Rescored, language: Language) -> Table:
    ranks = {row.model: row for row in found.ranking.rows} if found.ranking else {}
    heads = [left(say("transcript_set", language))]
    keys = ["dialogues", "scored", "points", "ci95", *(["rank_range", "ties"] if ranks else [])]
    heads += [Column(say(key, language)) for key in keys]
    rows = []
    for one in sorted(found.sets, key=lambda one: (one.score is None, -(one.score or 0.0))):
        cells = [
            Cell(one.name),
            Cell(str(one.n)),
            Cell(str(one.n_scored)),
            Cell(_score(one), best=True),
            Cell(
                interval(one.ci95, language),
                reach=(one.ci95[0], one.score or 0.0, one.ci95[1]) if one.ci95 else None,
            ),
        ]
        if ranks:
            rank = ranks.get(one.name)
            cells += [
                Cell("–".join(map(str, dict.fromkeys(rank.rank_range))) if rank else "–"),
                Cell(" ".join(letter(number) for number in rank.groups) if rank else "–"),
            ]
        rows.append(cells)
    return Table(say("rescore_sets", language), heads, rows, axis=say("plot_score", language))


def _score(one: RescoredSet) -> str:
    # The original prints its overall figure with two decimals.
    return f"{one.score:.2f}" if one.medflow and one.score is not None else points(one.score)


def _dimensions(found: Rescored, dimensions: Sequence[Named], language: Language) -> Table:
    shown = [d for d in dimensions if any(d.id in one.dimensions for one in found.sets)]
    heads = [left(say("transcript_set", language)), *(Column(getattr(d, language)) for d in shown)]
    rows = []
    for one in found.sets:
        figures = [one.dimensions.get(d.id) for d in shown]
        rows.append([Cell(one.name), *(Cell(points(figure.score) if figure else "–") for figure in figures)])
    return Table(say("dimension", language), heads, rows if shown else [])


def _summaries(found: Rescored, language: Language) -> list[Table]:
    """The original's summary table, one a set."""
    keys = (
        "medflow_complexity",
        "dialogues",
        "medflow_base",
        "medflow_weighted",
        "medflow_reached",
        "medflow_rounds",
    )
    heads = [Column(say(key, language)) for key in keys]
    tables = []
    for one in found.sets:
        if one.medflow is None:
            continue
        rows = [
            [
                Cell(str(group.complexity)),
                Cell(str(group.n)),
                Cell(f"{group.base:.1f}"),
                Cell(f"{group.score:.1f}"),
                Cell(f"{group.rate:.1f}%"),
                Cell(f"{group.rounds:.1f}"),
            ]
            for group in one.medflow.groups
        ]
        note = say("medflow_overall", language, score=_score(one))
        tables.append(Table(say("medflow_summary", language, name=one.name), heads, rows, note))
    return tables


def _data(found: Rescored, language: Language) -> Data:
    keys = ("transcript_set", "case", "points")
    rows: list[list[Value]] = [
        [one.name, case, score] for one in found.sets for case, score in one.cases.items()
    ]
    return Data([say(key, language) for key in keys], rows)
