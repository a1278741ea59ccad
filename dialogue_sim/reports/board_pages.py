"""The two looks of a leaderboard: a model a row, or a model a column as published tables have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from dialogue_sim.cases.vocabulary import label
from dialogue_sim.reports.boards import Board, BoardRow
from dialogue_sim.reports.external import Named
from dialogue_sim.reports.fidelity_figures import Measure, fidelity_figures, share
from dialogue_sim.reports.figures import interval, percent, points
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.pages import Cell, Column, Data, Page, Table, Value, left
from dialogue_sim.scoring.intervals import zero_events_bound
from dialogue_sim.scoring.scorecard import MeanFigure, RateFigure

Form = Literal["rows", "columns"]

MANY_MISSING = 0.02
"""Share of dialogues without a score from which a model's figures are flagged."""


def board_page(board: Board, language: Language, form: Form = "rows") -> Page:
    """The page of a leaderboard."""
    tables = _row_tables(board, language) if form == "rows" else _class_tables(board, language)
    return Page(
        language=language,
        title=say("board_title", language),
        headline=_headline(board, language),
        warnings=_warnings(board, language),
        tables=[*tables, _pairs(board, language), _alternatives(board, language), _setup(board, language)],
        remarks=_remarks(board, language),
        data=_data(board, language),
    )


def _headline(board: Board, language: Language) -> list[str]:
    lines = [say("board_headline", language, models=len(board.rows), cases=board.n_cases)]
    leaders = [row.model for row in board.rows if row.model in _tied_with_best(board, board.rows)]
    if len(board.rows) == 1:
        lines.append(say("board_one", language))
    elif len(leaders) == 1:
        lines.append(say("board_first", language, name=leaders[0]))
    else:
        lines.append(say("board_no_first", language, names=listed(leaders, language)))
    return lines


def listed(names: Sequence[str], language: Language) -> str:
    """Names in a sentence."""
    return ("、" if language == "zh" else ", ").join(names)


def _tied_with_best(board: Board, rows: Sequence[BoardRow]) -> set[str]:
    """The best of some rows, and those that cannot be told from it."""
    if not rows:
        return set()
    best = rows[0].model
    apart = {frozenset((pair.a, pair.b)) for pair in board.pairs if pair.separated}
    return {row.model for row in rows if frozenset((best, row.model)) not in apart}


def _warnings(board: Board, language: Language) -> list[str]:
    lines = [
        say("forced", language, run=one.run, what=say(f"differs_{one.key}", language), detail=one.what)
        for one in board.differing
    ]
    lines += [
        say("unranked", language, name=one.model, planned=one.n_planned, failed=one.n_failed)
        for one in board.unranked
    ]
    lines += [
        say("unequal_failures", language, name=row.model, share=percent(row.failure_rate))
        for row in board.rows
        if row.failure_rate > MANY_MISSING
    ]
    lines += [
        say("left_out", language, name=name, count=len(ids), cases=listed(ids[:5], language))
        for name, ids in board.left_out.items()
    ]
    return lines + noted({row.model: row.notes for row in board.rows}, language)


def noted(notes: Mapping[str, Sequence[str]], language: Language) -> list[str]:
    """The remarks that belong beside scores; those that are not everyone's say whose they are."""
    lines = []
    for note in dict.fromkeys(note for one in notes.values() for note in one):
        names = [name for name, own in notes.items() if note in own]
        whose = "" if len(names) == len(notes) else f"{listed(names, language)}: "
        lines.append(whose + say(note, language))
    return lines


def _remarks(board: Board, language: Language) -> list[str]:
    lines = []
    if board.smallest_detectable is not None:
        lines.append(say("detectable_here", language, points=points(board.smallest_detectable)))
    if not board.reversals and len(board.rows) > 1:
        lines.append(say("no_sensitivity", language))
    for one in board.references:
        lines.append(
            say(
                "published_remark", language, title=getattr(one, language), remark=getattr(one.remark, language),
                source=one.source.title, url=one.source.url, licence=one.source.licence,
            )
        )  # fmt: skip
    return [*lines, say("meaning", language)]


# ── a model a row ─────────────────────────────────────────────────────────────────────────────────


def _row_tables(board: Board, language: Language) -> list[Table]:
    def names(*keys: str) -> list[Column]:
        return [Column(say(key, language)) for key in keys]

    best = _tied_with_best(board, board.rows)
    main = [
        [
            Cell(str(row.rank)),
            Cell(row.model, best=row.model in best),
            Cell(points(row.score), best=row.model in best),
            Cell(interval(row.ci95, language)),
            Cell(_range(row)),
            Cell(" ".join(row.ties)),
            Cell(percent(row.first_share)),
            Cell(percent(row.failure_rate)),
            Cell(percent(row.protocol_failure_rate)),
        ]
        for row in board.rows
    ]
    model = left(say("model", language))
    heads = [
        *names("rank"), model,
        *names("points", "ci95", "rank_range", "ties", "first_share", "not_scored", "broke_protocol"),
    ]  # fmt: skip
    bound = percent(zero_events_bound(board.n_cases))
    return [
        Table(say("board_main", language), heads, main, note=say("board_main_note", language)),
        _by_model(
            board, language, "board_dimensions", board.dimensions, lambda row, one: _mean(row.dimensions.get(one.id))
        ),
        _by_model(
            board, language, "board_safety", [*board.caps, _usable(language)], _rate,
            note=say("board_safety_note", language, cases=board.n_cases, bound=bound),
        ),
        _fidelity(board, language),
        _external(board, language),
    ]  # fmt: skip


def _by_model(
    board: Board,
    language: Language,
    title: str,
    columns: Sequence[Named],
    figure: Callable[[BoardRow, Named], str],
    note: str = "",
) -> Table:
    heads = [left(say("model", language)), *(Column(getattr(one, language)) for one in columns)]
    rows = [[Cell(row.model), *(Cell(figure(row, one)) for one in columns)] for row in board.rows]
    return Table(say(title, language), heads, rows if columns else [], note=note)


def _range(row: BoardRow) -> str:
    low, high = row.rank_range
    return str(low) if low == high else f"{low}–{high}"


def _mean(figure: MeanFigure | None) -> str:
    if figure is None:
        return "–"
    return points(figure.score) + (f" ({figure.ci95[0]:.1f}–{figure.ci95[1]:.1f})" if figure.ci95 else "")


def _usable(language: Language) -> Named:
    return Named(id="usable", zh=say("usable_short", "zh"), en=say("usable_short", "en"))


def _rate(row: BoardRow, one: Named) -> str:
    if one.id == "usable":
        return share(row.usable_at_60, row.usable_at_60_ci95)
    cap: RateFigure | None = row.caps.get(one.id)
    return share(cap.rate, cap.ci95) if cap else "–"


def _published(row: BoardRow, one: Named) -> str:
    return f"{row.external[one.id]:g}" if one.id in row.external else "–"


def _external(board: Board, language: Language) -> Table:
    """Published figures, a model a column: there may be many more figures than models."""
    heads = [left(say("measure", language)), *(Column(row.model) for row in board.rows)]
    rows = [
        [Cell(getattr(one, language)), *(Cell(_published(row, one)) for row in board.rows)]
        for one in _external_columns(board)
    ]
    return Table(say("board_external", language), heads, rows)


def _external_columns(board: Board) -> list[Named]:
    """The columns of the published tables for which a ranked model has a figure."""
    return [
        column
        for reference in board.references
        for column in reference.columns
        if any(column.id in row.external for row in board.rows)
    ]


def _fidelity(board: Board, language: Language) -> Table:
    figures = [fidelity_figures(row.fidelity, language) for row in board.rows]
    names = {key: measure.name for one in figures for key, measure in one.items()}
    heads = [left(say("model", language)), *(Column(name) for name in names.values())]
    rows = []
    for row, one in zip(board.rows, figures, strict=True):
        shown = [one.get(key, Measure("", "–")) for key in names]
        rows.append([Cell(row.model), *(Cell(measure.text, best=measure.beyond) for measure in shown)])
    note = say("board_fidelity_note", language)
    return Table(say("board_fidelity", language), heads, rows if names else [], note)


# ── a model a column, by size class ───────────────────────────────────────────────────────────────


def _class_tables(board: Board, language: Language) -> list[Table]:
    other = Named(id="", zh=say("other_class", "zh"), en=say("other_class", "en"))
    tables = []
    for one in [*board.size_classes, other]:
        rows = [row for row in board.rows if row.size_class == one.id]
        if rows:
            title = getattr(one, language) if board.size_classes else say("board_main", language)
            tables.append(_class_table(board, rows, title, language))
    if tables:
        last = tables[-1]
        tables[-1] = replace(last, note=say("board_main_note", language))
    return tables


def _class_table(board: Board, rows: Sequence[BoardRow], title: str, language: Language) -> Table:
    best = _tied_with_best(board, rows)

    def line(name: str, texts: Iterable[str], bold: Iterable[bool] = ()) -> list[Cell]:
        marks = list(bold) or [False] * len(rows)
        return [Cell(name), *(Cell(text, best=mark) for text, mark in zip(texts, marks, strict=True))]

    lines = [
        line(say("score", language), (points(r.score) for r in rows), (r.model in best for r in rows)),
        line(say("ci95", language), (interval(r.ci95, language) for r in rows)),
        line(say("rank_range", language), map(_range, rows)),
        line(say("ties", language), (" ".join(r.ties) for r in rows)),
        line(say("not_scored", language), (percent(r.failure_rate) for r in rows)),
        line(say("broke_protocol", language), (percent(r.protocol_failure_rate) for r in rows)),
    ]
    for one in board.dimensions:
        lines.append(line(getattr(one, language), (_mean(r.dimensions.get(one.id)) for r in rows)))
    for one in [*board.caps, _usable(language)]:
        lines.append(line(getattr(one, language), (_rate(r, one) for r in rows)))
    for one in _external_columns(board):
        top = max((r.external[one.id] for r in rows if one.id in r.external), default=None)
        lines.append(
            line(
                getattr(one, language),
                (_published(r, one) for r in rows),
                (r.external.get(one.id) == top is not None for r in rows),
            )
        )
    heads = [left(say("measure", language)), *(Column(row.model) for row in rows)]
    return Table(title, heads, lines)


# ── what stands below both ────────────────────────────────────────────────────────────────────────


def _pairs(board: Board, language: Language) -> Table:
    turned = {frozenset((one.a, one.b)): one.share for one in board.reversals}
    heads = [left(say("pair", language))] + [
        Column(say(key, language)) for key in ("difference", "ci95", "p_value", "turned", "separated")
    ]
    rows = [
        [
            Cell(f"{pair.a} − {pair.b}"),
            Cell(f"{pair.mean:+.1f}"),
            Cell(interval(pair.ci95, language)),
            Cell(p_text(pair.p)),
            Cell(percent(turned.get(frozenset((pair.a, pair.b))))),
            Cell(say("yes" if pair.separated else "no", language)),
        ]
        for pair in board.pairs
    ]
    note = say("board_pairs_note", language)
    return Table(say("board_pairs", language), heads, rows, note, detail=True)


def p_text(p: float) -> str:
    """A p value; never 0."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _alternatives(board: Board, language: Language) -> Table:
    names = list(board.alternatives)
    heads = [left(say("model", language)), Column(say("weights_own", language))] + [
        Column(say(f"weights_{name}", language)) for name in names
    ]
    rows = [
        [
            Cell(row.model),
            Cell(points(row.score)),
            *(Cell(points(board.alternatives[n].get(row.model))) for n in names),
        ]
        for row in board.rows
    ]
    return Table(say("board_alternatives", language), heads, rows if names else [], detail=True)


def _setup(board: Board, language: Language) -> Table:
    setup = board.setup
    rubric = setup["rubric"]
    seeds = sorted(set(board.seeds.values()))
    values: dict[str, str] = {
        "cases": f"{board.n_cases}: {_counts(board.cases, language)}",
        "seeds": "–".join(map(str, sorted({seeds[0], seeds[-1]}))) if seeds else "–",
        "rubric": f"{rubric['id']} {rubric['version']} ({rubric['sha256'][:16]})",
        "prompts": str(setup["prompts_sha256"])[:16],
        **{key: compact(setup[key]) for key in ("patient", "judge", "votes", "turn_limit", "doctor_style")},
        "version": str(setup["version"]),
    }
    heads = [left(say("setting", language)), left(say("value", language))]
    rows = [[Cell(say(f"card_{key}", language)), Cell(value)] for key, value in values.items()]
    return Table(say("board_setup", language), heads, rows, detail=True)


def _counts(cases: dict[str, dict[str, int]], language: Language) -> str:
    def words(name: str, level: str) -> str:
        if name == "language":
            return say(f"language_{level}", language)
        return label({"specialty": "specialties", "urgency": "urgencies"}[name], level, language)

    return "; ".join(
        ", ".join(f"{words(name, level)} {count}" for level, count in levels.items())
        for name, levels in cases.items()
    )


def compact(value: Any) -> str:
    """A setting in one line: what is not set is left out."""
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if part not in (None, "", {}, [])}
        model = str(kept.pop("model", ""))
        return " ".join(filter(None, (model, json.dumps(kept, ensure_ascii=False) if kept else "")))
    if isinstance(value, list):
        return " + ".join(map(compact, value))
    return "–" if value is None else str(value)


def _data(board: Board, language: Language) -> Data:
    external = _external_columns(board)
    keys = (
        "rank", "model", "points", "ci95_low", "ci95_high", "rank_from", "rank_to", "ties", "first_share",
        "dialogues", "not_scored", "broke_protocol", "usable_short",
    )  # fmt: skip
    heads = [say(key, language) for key in keys]
    heads += [getattr(one, language) for one in [*board.dimensions, *board.caps, *external]]
    rows: list[list[Value]] = []
    for row in board.rows:
        low, high = row.ci95 or (None, None)
        line: list[Value] = [row.rank, row.model, row.score, low, high, *row.rank_range, " ".join(row.ties)]
        line += [
            row.first_share,
            row.n_dialogues,
            row.failure_rate,
            row.protocol_failure_rate,
            row.usable_at_60,
        ]
        line += [
            row.dimensions[one.id].score if one.id in row.dimensions else None for one in board.dimensions
        ]
        line += [row.caps[one.id].rate if one.id in row.caps else None for one in board.caps]
        line += [row.external.get(one.id) for one in external]
        rows.append(line)
    return Data(heads, rows)
