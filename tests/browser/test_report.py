"""`report.html` in a real browser: opens from disk, asks for nothing, and shows hostile transcripts as text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialogue_sim.cli.app import app
from dialogue_sim.reports.files import write_reports
from tests.browser.conftest import LOOKS, Browser

CASES = ["--cases", "en-heart-skips-student", "--cases", "zh-heart-skips-student"]
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    " {{ 7*7 }} {% raw %} ${7*7} \u202egnp.exe \u05e9\u05dc\u05d5\u05dd \U0001f637 \x07\x1b[31m "
    + "ä"
    * 50_000
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "run"
    done = CliRunner().invoke(app, ["run", "--doctor", "scripted:brief", *CASES, "--out", str(out)])
    assert done.exit_code == 0, done.output
    return out


def opened(browser: Browser, place: int = 0) -> None:
    """Unfold one consultation."""
    browser.run("document.querySelectorAll('summary')[arguments[0]].click()", place)
    browser.wait("document.querySelector('details[open] .turn')")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_the_page_is_clean_in_every_look(browser: Browser, run: Path, scheme, size, language):
    browser.look(scheme, size, language)
    browser.open(run / "report.html")
    assert browser.run("return document.documentElement.lang").startswith(language)
    opened(browser)
    told = browser.run("return document.querySelector('details[open]').innerText")
    assert ("B4 中性提问 做到" if language == "zh" else "B4 Neutral questions met") in told
    assert ("诱导性提问 0 个" if language == "zh" else "0 leading questions") in told
    browser.check()


def test_it_is_filtered_and_searched_by_keyboard(browser: Browser, run: Path):
    browser.look()
    browser.open(run / "report.html")
    browser.wait("document.querySelectorAll('#talks > li').length === 2")
    browser.run("document.querySelector('[name=words]').focus()")
    browser.keys("zh-heart")
    browser.wait("document.querySelectorAll('#talks > li').length === 1")
    browser.run("document.querySelector('summary').focus()")
    browser.keys("\ue007")
    browser.wait("document.querySelector('details[open] .turn')")
    turn = browser.run(
        "const link = document.querySelector('.verdicts a[href]'); link.click(); return document.activeElement.className"
    )
    assert turn.startswith("turn")
    browser.run("document.querySelector('[type=reset]').click()")
    browser.wait("document.querySelectorAll('#talks > li').length === 2")
    browser.check(axe=False)


def test_a_hostile_transcript_is_shown_as_text(browser: Browser, run: Path, tmp_path: Path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    file = copy / "transcripts.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["turns"][1]["text"] = HOSTILE
        row["closing"]["diagnosis"] = HOSTILE[:200]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    write_reports(copy)
    browser.look()
    browser.open(copy / "report.html")
    opened(browser)
    said = browser.run("return document.querySelectorAll('details[open] .said')[1].textContent")
    for part in ("<script>", "<img src=x", "{{ 7*7 }}", "{% raw %}", "${7*7}", "\u05e9\u05dc", "\U0001f637"):
        assert part in said
    assert "\u202e" not in said
    assert said.count("ä") == 50_000
    assert browser.run("return document.title") != "owned"
    assert browser.run("return document.querySelectorAll('main img').length") == 0
    browser.check()


def test_nine_hundred_consultations_stay_small_and_usable(browser: Browser, run: Path, tmp_path: Path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    for name in ("transcripts.jsonl", "verdicts.jsonl"):
        rows = [json.loads(line) for line in (copy / name).read_text(encoding="utf-8").splitlines()]
        with (copy / name).open("w", encoding="utf-8") as file:
            for number in range(450):
                for row in rows:
                    case = row["dialogue_id"].partition("/")[0]
                    file.write(json.dumps({**row, "dialogue_id": f"{case}/{number}"}) + "\n")
    write_reports(copy)
    page = copy / "report.html"
    assert page.stat().st_size < 10 * 2**20
    browser.look()
    browser.open(page)
    browser.wait("document.querySelector('#found').textContent.startsWith('900')")
    assert browser.run("return document.querySelectorAll('#talks > li').length") < 200
    opened(browser)
    browser.run("const box = document.querySelector('[name=words]'); box.value = 'student/449';"
                " box.dispatchEvent(new Event('input', {bubbles: true}))")  # fmt: skip
    browser.wait("document.querySelector('#found').textContent.startsWith('2 ')", 60)
    browser.check(axe=False)
