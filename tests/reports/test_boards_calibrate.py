"""Human verdicts beside a judge's: what is read from the CSV, what is warned of, what is corrected."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

import pytest
from made_runs import CAPS, ITEMS, RUBRIC, make_run, steady

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.calibration_pages import calibration_page
from dialogue_sim.reports.calibrations import Calibrated, calibrated, read_human
from dialogue_sim.reports.entries import read_entries
from dialogue_sim.reports.pages import markdown
from dialogue_sim.reports.runfiles import read_judgements
from dialogue_sim.scoring.rollup import case_score

HEAD = ("dialogue_id", "item", "rater", "verdict", "note")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("calibrate") / "run", "openai:m", steady(0.6), cases=24)


def write(path: Path, rows: Iterable[tuple[str, ...]], head: tuple[str, ...] = HEAD) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def calibrate(run: Path, rows: Iterable[tuple[str, ...]], path: Path) -> Calibrated:
    (entry,) = read_entries([str(run)])
    return calibrated(entry, read_human(write(path, rows)), path)


def values(run: Path) -> dict[tuple[str, str], float]:
    (entry,) = read_entries([str(run)])
    return {
        (one.dialogue_id, verdict.item): verdict.value or 0.0
        for one in read_judgements(entry.folder).values()
        for verdict in one.verdicts
    }


def word(value: float) -> str:
    return {1.0: "met", 0.5: "partly", 0.0: "not"}[value]


def test_a_judge_that_agrees_needs_no_correction(run: Path, tmp_path: Path) -> None:
    rows = [(dialogue, item, "kim", word(value), "") for (dialogue, item), value in values(run).items()]
    found = calibrate(run, rows, tmp_path / "h.csv")
    assert found.calibration.kappa.value == 1
    assert found.inverted == []
    assert found.score is not None
    assert found.score.value == pytest.approx(found.score.judge_mean)
    assert found.score.bias == 0
    assert found.labelled_whole == 24


def test_an_item_read_upside_down_is_warned_of_and_corrected(run: Path, tmp_path: Path) -> None:
    rows = [
        (dialogue, item, "kim", word(1 - value if item == "B6" else value), "why")
        for (dialogue, item), value in values(run).items()
        if item in ("B6", "A1") and int(dialogue[8:11]) < 14
    ]
    found = calibrate(run, rows, tmp_path / "h.csv")
    assert found.inverted == ["B6"]
    assert found.calibration.items[0].item == "B6", "the worst first"
    of = {one.item: one.mean for one in found.means}
    truth = 1 - sum(v for (_, item), v in values(run).items() if item == "B6") / 24
    assert of["B6"].ci95 is not None
    assert of["B6"].ci95[0] <= truth <= of["B6"].ci95[1]
    assert of["A1"].value == pytest.approx(of["A1"].judge_mean, abs=0.02)
    assert found.score is None, "no dialogue was labelled whole"
    for language, name in (("zh", "读反"), ("en", "upside down")):
        assert name in calibration_page(found, language).warnings[0]


def test_the_score_is_corrected_by_dialogues_that_were_labelled_whole(run: Path, tmp_path: Path) -> None:
    chance = random.Random(1)
    told = values(run)
    # People see less than the judge: every fourth thing it saw, they did not.
    truth = {key: 0.0 if value and chance.random() < 0.25 else value for key, value in told.items()}
    labelled = set(chance.sample(sorted({dialogue for dialogue, _ in told}), 12))
    rows = [
        (dialogue, item, "kim", word(value), "")
        for (dialogue, item), value in truth.items()
        if dialogue in labelled and item in ITEMS
    ]
    found = calibrate(run, rows, tmp_path / "h.csv")
    assert found.score is not None
    assert found.score.n_labelled == 12
    assert found.score.judge_mean > found.score.value + 5
    assert found.score.ci95 is not None
    whole = [
        case_score(
            RUBRIC.shape(), {item: truth[dialogue, item] for item in ITEMS}, applicable=ITEMS, caps=[]
        ).score
        for dialogue in {dialogue for dialogue, _ in told}
    ]
    assert found.score.ci95[0] <= fmean(whole) <= found.score.ci95[1]


def test_two_raters_show_whether_the_judge_can_stand_in_for_one(run: Path, tmp_path: Path) -> None:
    chance = random.Random(2)
    rows = [
        (dialogue, item, rater, word(value if chance.random() < 0.85 else 1 - value), "")
        for (dialogue, item), value in values(run).items()
        if item in ITEMS[:12]
        for rater in ("kim", "lee")
    ]
    found = calibrate(run, rows, tmp_path / "h.csv")
    assert found.calibration.as_good_as_human is True
    assert found.raters == {"kim": 288, "lee": 288}
    assert "可以代替一位评分人" in calibration_page(found, "zh").headline[1]


def test_verdicts_may_be_written_in_either_language_or_as_a_share(tmp_path: Path) -> None:
    words = ["met", "Partly", "not", "cannot_tell", "做到", "部分做到", "未做到", "无法判断", "0.25"]
    rows = [("d/0", f"A{n}", "kim", text) for n, text in enumerate(words)]
    path = write(tmp_path / "h.csv", rows, HEAD[:4])
    assert [row.value for row in read_human(path)] == [1, 0.5, 0, None, 1, 0.5, 0, None, 0.25]


BAD = {
    "an unknown dialogue": (("nowhere/0", "A1", "kim", "met", ""), "no judged dialogue 'nowhere/0'"),
    "an unknown item": (("zh-case-001/0", "Z9", "kim", "met", ""), "'Z9' was not judged"),
    "a word that is no verdict": (("zh-case-001/0", "A1", "kim", "yes!", ""), "'yes!' is no verdict"),
    "a share beyond 1": (("zh-case-001/0", "A1", "kim", "1.5", ""), "'1.5' is no verdict"),
    "nobody": (("zh-case-001/0", "A1", " ", "met", ""), "the rater is empty"),
    "a second verdict": (
        ("zh-case-003/0", "A1", "kim", "not", ""),
        "already given a verdict on A1 of zh-case-003/0, in line 2",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_used_is_named_with_its_line(what: str, run: Path, tmp_path: Path) -> None:
    line, message = BAD[what]
    good = ("zh-case-003/0", "A1", "kim", "met", "")
    with pytest.raises(ConfigError) as refusal:
        calibrate(run, [good, line], tmp_path / "h.csv")
    assert message in str(refusal.value)
    assert refusal.value.where.endswith("h.csv:3")


def test_a_file_without_the_columns_or_without_a_decided_verdict_is_refused(
    run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="column 'item' is missing"):
        read_human(write(tmp_path / "h.csv", [("a", "b")], ("dialogue_id", "verdict")))
    with pytest.raises(ConfigError, match="no verdict"):
        read_human(write(tmp_path / "h.csv", []))
    with pytest.raises(ConfigError, match="no human verdict"):
        calibrate(run, [("zh-case-003/0", "A1", "kim", "cannot_tell", "")], tmp_path / "h.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_human(tmp_path / "none.csv")


def test_caps_alone_can_be_calibrated(run: Path, tmp_path: Path) -> None:
    rows = [
        (dialogue, item, "kim", word(v), "") for (dialogue, item), v in values(run).items() if item in CAPS
    ]
    found = calibrate(run, rows, tmp_path / "h.csv")
    assert found.mean_mark is None
    assert "AC1 1.00" in markdown(calibration_page(found, "en"))
