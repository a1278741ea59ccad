"""The page of a comparison of two runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dialogue_sim.reports.board_pages import MANY_MISSING, compact, listed, noted, p_text
from dialogue_sim.reports.comparisons import Compared, ItemDifference
from dialogue_sim.reports.external import Named
from dialogue_sim.reports.figures import around_zero, interval, percent, points
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.pages import Cell, Column, Data, Page, Table, Value, left
from dialogue_sim.scoring.compare import Difference, RateDifference
from dialogue_sim.scoring.intervals import Interval

if TYPE_CHECKING:
    from dialogue_sim.reports.plots import Plot

EXTREME_CASES = 8
"""Cases shown from either end of the differences."""


def comparison_page(found: Compared, language: Language) -> Page:
    """The page of `compare A B`."""
    return Page(
        language=language,
        title=say("compare_title", language, a=found.a.name, b=found.b.name),
        headline=_headline(found, language),
        warnings=_warnings(found, language),
        tables=[
            _scores(found, language),
            _rates(found, language),
            _items(found, language),
            _cases(found, language),
            _setup(found, language),
        ],
        remarks=[
            say("compare_margin", language, margin=f"{found.comparison.margin:g}"),
            say("compare_tests", language),
            say("meaning", language),
        ],
        data=_data(found, language),
    )


def _headline(found: Compared, language: Language) -> list[str]:
    total = found.comparison.score
    return [
        say(f"compare_{found.finding}", language, a=found.a.name, b=found.b.name, margin=f"{found.comparison.margin:g}"),
        say(
            "compare_total", language, a=points(found.a.score), b=points(found.b.score), mean=f"{total.mean:+.1f}",
            ci95=interval(total.ci95, language), p=p_text(total.p), cases=total.n_cases,
        ),
    ]  # fmt: skip


def _warnings(found: Compared, language: Language) -> list[str]:
    lines = [
        say("forced", language, run=one.run, what=say(f"differs_{one.key}", language), detail=one.what)
        for one in found.differing
    ]
    for side in (found.a, found.b):
        share = side.missing / side.n_planned if side.n_planned else 0.0
        if share > MANY_MISSING:
            lines.append(say("unequal_failures", language, name=side.name, share=percent(share)))
    lines += [
        say("left_out", language, name=name, count=len(ids), cases=listed(ids[:5], language))
        for name, ids in found.left_out.items()
    ]
    return lines + noted({side.name: side.notes for side in (found.a, found.b)}, language)


def _heads(language: Language, first: str, *more: str) -> list[Column]:
    keys = ("value_a", "value_b", "difference", "ci95", "p_value", *more)
    return [left(say(first, language)), *(Column(say(key, language)) for key in keys)]


def _scores(found: Compared, language: Language) -> Table:
    total, differences = found.comparison.score, found.comparison.dimensions
    names = _labels(found.dimensions, language)
    rows = [_score_row(say("score", language), (found.a.score, found.b.score), total, language, best=True)]
    for name, difference in differences.items():
        rows.append(_score_row(names.get(name, name), found.dimension_means[name], difference, language))
    scale = _scale([total.ci95, *(difference.ci95 for difference in differences.values())])
    heads = _heads(language, "measure", "p_holm", "effect_size", "not_worse")
    return Table(
        say("compare_scores", language), heads, rows, scale=scale, axis=say("plot_gap_ba", language),
        plots=[lambda: _gaps(found, language)],
    )  # fmt: skip


def _gaps(found: Compared, language: Language) -> Plot:
    """All cases' differences, with their mean."""
    from dialogue_sim.reports.comparison_plots import Swarm, swarm_plot

    total = found.comparison.score
    row = Swarm(
        say("score", language),
        [case.mean for case in found.cases],
        total.mean,
        total.ci95,
        f"{total.mean:+.1f}",
    )
    caption = say("plot_case_gaps", language, a=found.a.name, b=found.b.name)
    return swarm_plot("gaps", caption, [row], axis=say("plot_gap_ba", language))


def _score_row(
    name: str, means: tuple[float, float], found: Difference, language: Language, *, best: bool = False
) -> list[Cell]:
    ci = found.ci95
    return [
        Cell(name, best=best),
        *(Cell(points(mean)) for mean in means),
        Cell(f"{found.mean:+.1f}"),
        Cell(interval(ci, language), reach=(ci[0], found.mean, ci[1]) if ci else None),
        Cell(p_text(found.p)),
        Cell(p_text(found.p_holm)),
        Cell("–" if found.dz is None else f"{found.dz:+.2f}"),
        Cell(say("yes" if found.not_worse else "no", language)),
    ]


def _scale(bounds: Iterable[Interval | None]) -> tuple[float, float]:
    return around_zero(limit for pair in bounds if pair for limit in pair)


def _rates(found: Compared, language: Language) -> Table:
    names = _labels(found.cap_names, language)
    rows = [
        _rate_row(f"{cap} {names.get(cap, '')}".strip(), rate) for cap, rate in found.comparison.caps.items()
    ]
    rows.append(_rate_row(say("usable", language), found.comparison.usable_at_60))
    rows.append(_rate_row(say("broke_protocol", language), found.comparison.protocol_failure))
    return Table(
        say("compare_rates", language), _heads(language, "measure"), rows, say("no_spread", language)
    )


def _rate_row(name: str, rate: RateDifference) -> list[Cell]:
    # In the comparison the candidate comes first.
    return [
        Cell(name),
        Cell(percent(rate.rate_b)),
        Cell(percent(rate.rate_a)),
        Cell(f"{100 * rate.mean:+.1f}"),
        Cell(_spread(rate.ci95 and (100 * rate.ci95[0], 100 * rate.ci95[1]), "+.1f")),
        Cell(p_text(rate.p)),
    ]


def _spread(bounds: Interval | None, form: str) -> str:
    """An interval; none where all cases are alike, since resampling them cannot show a spread."""
    if bounds is None or bounds[0] == bounds[1]:
        return "–"
    return f"{bounds[0]:{form}} – {bounds[1]:{form}}"


def _items(found: Compared, language: Language) -> Table:
    names = _labels(found.item_names, language)
    scale = _scale(item.ci95 for item in found.items)

    def row(item: ItemDifference) -> list[Cell]:
        ci = item.ci95
        return [
            Cell(f"{item.item} {names.get(item.item, '')}".strip(), best=item.p_fdr <= 0.05),
            Cell(f"{item.mean_a:.2f}"),
            Cell(f"{item.mean_b:.2f}"),
            Cell(f"{item.mean:+.2f}"),
            Cell(_spread(ci, "+.2f"), reach=(ci[0], item.mean, ci[1]) if ci else None),
            Cell(p_text(item.p)),
            Cell(p_text(item.p_fdr)),
            Cell(str(item.n_cases)),
        ]

    heads = _heads(language, "item", "p_fdr", "cases")
    rows = [row(item) for item in found.items]
    return Table(
        say("compare_items", language), heads, rows, say("compare_items_note", language), scale,
        say("plot_item_gap", language),
    )  # fmt: skip


def _cases(found: Compared, language: Language) -> Table:
    """The greatest losses and the greatest gains, with equal cases left out."""
    lost = [case for case in found.cases if case.mean < 0][:EXTREME_CASES]
    won = [case for case in found.cases if case.mean > 0][-EXTREME_CASES:]
    rows = [
        [Cell(case.case), Cell(points(case.a)), Cell(points(case.b)), Cell(f"{case.mean:+.1f}")]
        for case in [*lost, *won]
    ]
    heads = _heads(language, "case")[:4]
    return Table(say("compare_cases", language), heads, rows, detail=True)


def _setup(found: Compared, language: Language) -> Table:
    rows = [
        [Cell(say(f"card_{key}", language)), Cell(compact(found.setup[key]))]
        for key in ("patient", "judge", "votes", "turn_limit", "doctor_style")
    ]
    rubric = found.setup["rubric"]
    rows.append(
        [
            Cell(say("card_rubric", language)),
            Cell(f"{rubric['id']} {rubric['version']} ({rubric['sha256'][:16]})"),
        ]
    )
    for side in (found.a, found.b):
        rows.append(
            [Cell(side.name), Cell(f"{side.doctor} · {side.run} · {side.n_dialogues}/{side.n_planned}")]
        )
    heads = [left(say("setting", language)), left(say("value", language))]
    return Table(say("board_setup", language), heads, rows, detail=True)


def _labels(names: Sequence[Named], language: Language) -> dict[str, str]:
    return {one.id: getattr(one, language) for one in names}


def _data(found: Compared, language: Language) -> Data:
    keys = (
        "kind",
        "measure",
        "value_a",
        "value_b",
        "difference",
        "ci95_low",
        "ci95_high",
        "p_value",
        "p_corrected",
    )
    rows: list[list[Value]] = []

    def add(
        kind: str, name: str, a: Value, b: Value, d: Difference | RateDifference | ItemDifference, p: Value
    ) -> None:
        low, high = d.ci95 or (None, None)
        rows.append([say(f"kind_{kind}", language), name, a, b, d.mean, low, high, d.p, p])

    found_scores = found.comparison
    add("score", "score", found.a.score, found.b.score, found_scores.score, found_scores.score.p_holm)
    for name, difference in found_scores.dimensions.items():
        add("dimension", name, *found.dimension_means[name], difference, difference.p_holm)
    for name, rate in found_scores.caps.items():
        add("cap", name, rate.rate_b, rate.rate_a, rate, None)
    for name, rate in (
        ("usable_at_60", found_scores.usable_at_60),
        ("protocol_failure", found_scores.protocol_failure),
    ):
        add("rate", name, rate.rate_b, rate.rate_a, rate, None)
    for item in found.items:
        add("item", item.item, item.mean_a, item.mean_b, item, item.p_fdr)
    for case in found.cases:
        rows.append(
            [say("kind_case", language), case.case, case.a, case.b, case.mean, None, None, None, None]
        )
    return Data([say(key, language) for key in keys], rows)
