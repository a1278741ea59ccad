"""Comparisons in a real browser: from disk, in both languages and every look; the same case side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialogue_sim.cli.app import app
from dialogue_sim.reports import packing
from tests.browser.conftest import LOOKS, NARROW, Browser
from tests.browser.test_report import CASES, HOSTILE


def command(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two doctors on the same cases, twice each; the second says what no page may take for markup."""
    root = tmp_path_factory.mktemp("compared")
    folders = [root / "brief", root / "snap"]
    for folder in folders:
        command("run", "--doctor", f"scripted:{folder.name}", *CASES, "--seeds", 2, "--out", folder)
    file = folders[1] / "transcripts.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["turns"][1]["text"] = HOSTILE
        row["closing"]["diagnosis"] = HOSTILE[:200]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folders


@pytest.fixture(scope="module")
def board(runs: list[Path]) -> Path:
    page = runs[0].parent / "board.html"
    command("leaderboard", f"<b>A</b>={runs[0]}", f"B={runs[1]}", "--write", page)
    return page


def opened(browser: Browser) -> None:
    """Unfold the first case."""
    browser.run("document.querySelector('.pairs summary').click()")
    browser.wait("document.querySelectorAll('.side .turn').length > 4")


@pytest.mark.parametrize(("language", "looks"), [("en", (LOOKS[0], LOOKS[3])), ("zh", (LOOKS[1], LOOKS[2]))])
def test_a_board_is_clean_in_every_look(browser: Browser, board: Path, language: str, looks):
    for scheme, size in looks:
        browser.look(scheme, size, language)
        browser.open(board)
        browser.run("document.querySelectorAll('.fold').forEach(one => { one.open = true })")
        opened(browser)
        browser.check()
    browser.run("document.querySelector('button.language').click()")
    assert browser.run("return document.documentElement.dataset.lang") != language
    words = browser.run("return document.body.innerText")
    assert ("The same case, side by side" if language == "zh" else "同一病例对照阅读") in words


def test_one_case_of_two_runs_by_keyboard_from_files_beside_the_page(
    browser: Browser, runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(packing, "WHOLE", 1000)
    page = tmp_path / "two runs #1.html"
    command("compare", *runs, "--write", page)
    browser.look()
    browser.open(page)
    browser.run("document.querySelector('[name=words]').focus()")
    browser.keys("zh-heart")
    browser.wait("document.querySelectorAll('.pairs > li').length === 1")
    browser.run("document.querySelector('.pairs summary').focus()")
    browser.keys("\ue007")
    browser.wait("document.querySelectorAll('.side .turn').length > 4")
    said = browser.run("return document.querySelectorAll('.side:nth-child(2) .said')[1].textContent")
    for part in ("<script>", "<img src=x", "{{ 7*7 }}", "{% raw %}", "${7*7}", "\u05e9\u05dc", "\U0001f637"):
        assert part in said
    assert "\u202e" not in said
    assert said.count("ä") == 50_000
    assert browser.run("return document.title") != "owned"
    assert browser.run("return document.querySelectorAll('main img').length") == 0
    turn = browser.run(
        "document.querySelector('.side .verdicts a[href]').click(); return document.activeElement.className"
    )
    assert turn.startswith("turn")
    # The other repeat of the same case, then an item on which the two runs never differ.
    browser.run(
        "const seed = document.querySelector('.head select'); seed.value = '1'; seed.dispatchEvent(new Event('change'))"
    )
    browser.wait("document.querySelector('.side .turn')")
    browser.run(
        "const item = document.querySelector('[name=apart]'); item.value = 'G4';"
        " item.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    browser.wait("document.querySelectorAll('.pairs > li').length === 0")
    browser.run("document.querySelector('[type=reset]').click()")
    browser.wait("document.querySelectorAll('.pairs > li').length === 2")
    browser.check()
    (file,) = page.with_suffix(".files").iterdir()
    file.unlink()
    browser.open(page)
    browser.run("document.querySelector('.pairs summary').click()")
    browser.wait("document.querySelector('.pairs [role=alert]')")
    browser.complaints()  # the console says that the file is not there


def test_on_a_phone_one_side_is_shown_at_a_time(browser: Browser, board: Path):
    browser.look("light", NARROW)
    browser.open(board)
    opened(browser)
    shown = "return [...document.querySelectorAll('.side')].map(one => one.offsetHeight > 0)"
    assert browser.run(shown) == [True, False]
    browser.run("document.querySelectorAll('.switches button')[1].click()")
    assert browser.run(shown) == [False, True]
    browser.check()


def test_the_other_pages_are_clean(browser: Browser, runs: list[Path], tmp_path: Path):
    verdicts = tmp_path / "human.csv"
    lines = (runs[0] / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [
        f"{one['dialogue_id']},{verdict['item']},me,{verdict['mark']}"
        for one in map(json.loads, lines)
        for verdict in one["verdicts"]
    ]
    verdicts.write_text("dialogue_id,item,rater,verdict\n" + "\n".join(rows) + "\n", encoding="utf-8")
    command("power", "--write", tmp_path / "power.html")
    command("calibrate", runs[0], verdicts, "--write", tmp_path / "calibrate.html")
    command("rescore", runs[0] / "transcripts.jsonl", "--out", tmp_path / "rescored")
    for page in (tmp_path / "power.html", tmp_path / "calibrate.html", tmp_path / "rescored" / "report.html"):
        for (scheme, size), language in ((LOOKS[0], "en"), (LOOKS[-1], "zh")):
            browser.look(scheme, size, language)
            browser.open(page)
            assert browser.run("return document.documentElement.dataset.lang") == language
            assert browser.run("return document.querySelectorAll('figure svg').length") > 0, page.name
            browser.check()
