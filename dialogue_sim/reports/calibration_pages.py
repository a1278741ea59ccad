"""The page of a calibration."""

from __future__ import annotations

from dialogue_sim.reports.calibrations import Calibrated
from dialogue_sim.reports.figures import points
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.reports.pages import Cell, Column, Data, Page, Table, Value, left
from dialogue_sim.scoring.agreement import Estimate
from dialogue_sim.scoring.calibrate import HUMAN_MARGIN, CorrectedMean, ItemCalibration


def calibration_page(found: Calibrated, language: Language) -> Page:
    """The page of `calibrate`."""
    return Page(
        language=language,
        title=say("calibrate_title", language, judges=" + ".join(found.judges)),
        headline=_headline(found, language),
        warnings=_warnings(found, language),
        tables=[_items(found, language), _means(found, language)],
        remarks=[say("calibrate_kappa", language), say("calibrate_corrected", language)],
        data=_data(found, language),
    )


def _headline(found: Calibrated, language: Language) -> list[str]:
    whole = found.calibration
    lines = [
        say(
            "calibrate_headline", language, verdicts=found.n_verdicts, dialogues=found.n_dialogues,
            raters=len(found.raters), kappa=estimate(whole.kappa), ac1=estimate(whole.ac1),
        )
    ]  # fmt: skip
    if whole.human_gap is not None:
        verdict = "unknown" if whole.as_good_as_human is None else "yes" if whole.as_good_as_human else "no"
        gap = estimate(whole.human_gap)
        lines.append(say(f"calibrate_human_{verdict}", language, gap=gap, margin=f"{HUMAN_MARGIN:g}"))
    if found.score is not None:
        lines.append(
            say(
                "calibrate_score", language, value=points(found.score.value), ci95=_range(found.score, "{:.1f}"),
                judge=points(found.score.judge_mean), labelled=found.score.n_labelled,
            )
        )  # fmt: skip
    else:
        lines.append(say("calibrate_no_score", language, count=found.labelled_whole))
    return lines


def _warnings(found: Calibrated, language: Language) -> list[str]:
    names = {one.id: getattr(one, language) for one in found.item_names}
    rates = {item.item: item for item in found.calibration.items}
    return [
        say(
            "calibrate_inverted", language, item=f"{name} {names.get(name, '')}".strip(),
            human=f"{rates[name].human_rate:.2f}", judge=f"{rates[name].judge_rate:.2f}",
        )
        for name in found.inverted
    ]  # fmt: skip


def estimate(found: Estimate) -> str:
    """A coefficient with its interval; says so where it is undefined."""
    if found.value is None:
        return "–"
    return f"{found.value:.2f}" + (f" ({found.ci95[0]:.2f} – {found.ci95[1]:.2f})" if found.ci95 else "")


def _range(mean: CorrectedMean, form: str) -> str:
    return " – ".join(form.format(limit) for limit in mean.ci95) if mean.ci95 else "–"


def _items(found: Calibrated, language: Language) -> Table:
    names = {one.id: getattr(one, language) for one in found.item_names}
    keys = (
        "verdicts_given",
        "human_rate",
        "judge_rate",
        "agreement",
        "kappa",
        "ac1",
        "human_unsure",
        "inverted",
    )

    def row(item: ItemCalibration) -> list[Cell]:
        kappa, ci = item.kappa.value, item.kappa.ci95
        return [
            Cell(f"{item.item} {names.get(item.item, '')}".strip(), best=item.inverted),
            Cell(str(item.n)),
            Cell(f"{item.human_rate:.2f}"),
            Cell(f"{item.judge_rate:.2f}"),
            Cell(f"{item.agreement:.2f}"),
            Cell(estimate(item.kappa), reach=(ci[0], kappa, ci[1]) if ci and kappa is not None else None),
            Cell(estimate(item.ac1)),
            Cell(str(item.unsure)),
            Cell(say("yes", language) if item.inverted else ""),
        ]

    heads = [left(say("item", language)), *(Column(say(key, language)) for key in keys)]
    rows = [row(item) for item in found.calibration.items]
    return Table(
        say("calibrate_items", language),
        heads,
        rows,
        say("calibrate_items_note", language),
        scale=(-1.0, 1.0),
        axis=say("plot_kappa", language),
    )


def _means(found: Calibrated, language: Language) -> Table:
    names = {one.id: getattr(one, language) for one in found.item_names}
    keys = ("judge_mean", "corrected_mean", "ci95", "bias", "trust", "labelled", "unlabelled")

    def row(name: str, mean: CorrectedMean, form: str, *, best: bool = False) -> list[Cell]:
        return [
            Cell(name, best=best),
            Cell(form.format(mean.judge_mean)),
            Cell(form.format(mean.value)),
            Cell(_range(mean, form)),
            Cell(("{:+" + form[2:]).format(mean.bias)),
            Cell(f"{mean.trust:.2f}"),
            Cell(str(mean.n_labelled)),
            Cell(str(mean.n_unlabelled)),
        ]

    rows = [row(say("score", language), found.score, "{:.1f}", best=True)] if found.score else []
    if found.mean_mark:
        rows.append(row(say("mean_mark", language), found.mean_mark, "{:.3f}", best=True))
    rows += [row(f"{one.item} {names.get(one.item, '')}".strip(), one.mean, "{:.3f}") for one in found.means]
    heads = [left(say("measure", language)), *(Column(say(key, language)) for key in keys)]
    return Table(say("calibrate_means", language), heads, rows)


def _data(found: Calibrated, language: Language) -> Data:
    keys = (
        "item", "verdicts_given", "human_rate", "judge_rate", "agreement", "kappa", "ci95_low", "ci95_high", "ac1",
        "ci95_low", "ci95_high", "human_unsure", "inverted", "corrected_mean", "ci95_low", "ci95_high",
    )  # fmt: skip
    means = {one.item: one.mean for one in found.means}
    rows: list[list[Value]] = []
    for item in found.calibration.items:
        mean = means[item.item]
        line: list[Value] = [item.item, item.n, item.human_rate, item.judge_rate, item.agreement]
        for coefficient in (item.kappa, item.ac1):
            line += [coefficient.value, *(coefficient.ci95 or (None, None))]
        line += [item.unsure, item.inverted, mean.value, *(mean.ci95 or (None, None))]
        rows.append(line)
    return Data([say(key, language) for key in keys], rows)
