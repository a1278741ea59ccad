"""The application in a real browser: from the list to a dialogue, a chat to its scorecard, marks to the export."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import LOOKS, NARROW, WIDE, Browser

COMMAND = [sys.executable, "-c", "from dialogue_sim.cli import main; main()"]
CASES = ["--cases", "en-chest-tightness-driver", "--cases", "zh-chest-tightness-driver"]
ENGLISH, CHINESE = "A taxi driver with three hours of tightness in his chest", "胸"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over one finished run, as a person would start it."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "DIALOGUE_SIM_LANG": "en"}
    run = ["run", "--doctor", "scripted:brief", *CASES, "--out", str(home / "trial"), "--json"]
    subprocess.run([*COMMAND, *run], check=True, capture_output=True, env=environment, timeout=120)
    view = ["view", "--home", str(home), "--port", "0", *CASES]
    server = subprocess.Popen([*COMMAND, *view], stderr=subprocess.PIPE, text=True, env=environment)
    assert server.stderr
    found = re.search(r"http://\S+?(?=/ )", server.stderr.readline())
    assert found
    yield found[0]
    server.kill()
    server.wait()


def click(browser: Browser, css: str, *, until: str = "true") -> None:
    """Click something that leads to another page, and wait for it."""
    browser.run("window.old = true")
    browser.run("document.querySelector(arguments[0]).click()", css)
    browser.wait(f"!window.old && document.readyState === 'complete' && {until}")


def say(browser: Browser, text: str) -> None:
    before = browser.run("return document.querySelectorAll('.turn').length")
    browser.run("document.getElementById('text').focus()")
    browser.keys(text, "\ue007")
    browser.wait(f"document.querySelectorAll('.turn').length > {before}")


def checked_in_both_looks(browser: Browser, language: str) -> None:
    for scheme, size in (LOOKS[0], LOOKS[-1]):  # light and wide, dark and narrow
        browser.look(scheme, size, language)
        browser.check()
    browser.look(language=language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_from_the_list_to_a_dialogue(browser: Browser, address: str, language: str):
    browser.look(language=language)
    browser.open(f"{address}/runs?lang={language}")
    checked_in_both_looks(browser, language)
    click(browser, ".card a")
    checked_in_both_looks(browser, language)
    click(browser, "td a")
    browser.wait("document.querySelector('.turn .margin a')")
    checked_in_both_looks(browser, language)
    browser.run("document.querySelector('.margin a').click()")
    assert browser.run("return document.activeElement.id").startswith("t-")
    words = browser.run("return document.body.innerText")
    assert ("评分表" if language == "zh" else "Scorecard") in words
    click(browser, ".crumbs a:last-child")
    click(browser, "a.button[href$='/report']", until="document.querySelector('#talks summary')")
    browser.run("document.querySelector('#talks summary').click()")
    browser.wait("document.querySelector('details[open] .turn .margin a')")
    checked_in_both_looks(browser, language)
    browser.driver.back()
    browser.wait("document.querySelector('a.language')")
    browser.run("document.querySelector('td a').click()")
    browser.wait("document.querySelector('.turn .margin a')")
    click(browser, "a.language")
    assert ("Scorecard" if language == "zh" else "评分表") in browser.run("return document.body.innerText")
    browser.check(axe=False)


@pytest.mark.parametrize(("language", "size"), [("en", WIDE), ("zh", NARROW)])
def test_a_chat_to_its_scorecard(browser: Browser, address: str, language: str, size: tuple[int, int]):
    browser.look("light", size, language)
    browser.open(f"{address}/chat?lang={language}")
    browser.check()
    click(browser, ".cases button", until="document.getElementById('text')")
    browser.check()
    say(browser, "你好，什么时候开始的？" if language == "zh" else "Hello, when did it start?")
    browser.run("document.querySelector('details').open = true; document.getElementById('order').focus()")
    browser.keys("心电图" if language == "zh" else "ECG", "\ue007")
    browser.wait("document.querySelector('.turn.examiner')")
    assert browser.run("return document.querySelectorAll('.turn').length") == 6
    browser.driver.refresh()
    assert browser.run("return document.querySelectorAll('.turn').length") == 6
    browser.check()
    browser.run("document.querySelector('button[value=end]').click()")
    browser.wait("document.getElementById('conclude')")
    browser.check()
    browser.run("document.getElementById('diagnosis').focus()")
    browser.keys("急性心肌梗死" if language == "zh" else "Heart attack")
    browser.run("document.querySelector('#conclude button').click()")
    browser.wait("document.querySelector('.verdicts li')", 30)
    checked_in_both_looks(browser, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_marks_by_keyboard_to_the_export(browser: Browser, address: str, language: str):
    browser.look(language=language)
    browser.open(f"{address}/annotate?lang={language}")
    browser.check()
    click(browser, ".card a")
    browser.check()
    pool = browser.run("return location.pathname")
    browser.run(
        "const name = document.getElementById('rater'); name.value = arguments[0]; name.form.requestSubmit()",
        f"rater-{language}",
    )
    browser.wait("document.querySelector('.item.current') && document.getElementById('keys')")
    checked_in_both_looks(browser, language)
    browser.keys("y", "3")
    browser.wait("document.querySelector('[data-turn=\"3\"]').classList.contains('chosen')")
    browser.keys("j", "n", "j", "?", "c")
    browser.wait(
        "document.querySelectorAll('.item.done').length === 3 && document.getElementById('done').textContent === '3'"
    )
    browser.keys("k", "k")
    assert browser.run("return document.querySelector('.item.current').dataset.item") == "A1"
    browser.keys("o", "so")
    browser.keys("\ue00c")
    browser.wait("document.getElementById('said').textContent")
    browser.check()
    browser.driver.refresh()
    browser.wait("document.querySelectorAll('.item.done').length === 3")
    browser.open(f"{address}{pool}/agreement")
    browser.check()
    exported = browser.run(
        "const ask = new XMLHttpRequest(); ask.open('GET', arguments[0], false); ask.send(); return ask.responseText",
        f"{pool}/verdicts.csv",
    )
    mine = [line for line in exported.splitlines() if f"rater-{language}" in line]
    assert len(mine) == 3
    assert any(line.endswith(",A1,rater-" + language + ",met,turns 3; so") for line in mine)


def test_a_going_run_moves_by_itself(browser: Browser, tmp_path: Path):
    run = [
        "run",
        "--doctor",
        "python:tests.browser.slow_doctor:doctor",
        *CASES,
        "--out",
        str(tmp_path / "slow"),
        "--json",
    ]
    environment = {
        **os.environ,
        "DIALOGUE_SIM_LANG": "en",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    running = subprocess.Popen(
        [*COMMAND, *run], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = subprocess.Popen(
        [*COMMAND, "view", "--home", str(tmp_path), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert server.stderr
        found = re.search(r"http://\S+?(?=/ )", server.stderr.readline())
        assert found
        browser.look()
        while not (tmp_path / "slow" / "run.yaml").exists():
            running.poll()
            assert running.returncode is None
        browser.open(f"{found[0]}/runs/slow")
        browser.wait("document.querySelector('.going')")
        # Nobody reloads the page: it sees the end by itself.
        browser.wait("!document.querySelector('.going') && document.body.innerText.includes('2 / 2')", 60)
        browser.check()
    finally:
        running.kill()
        server.kill()
        running.wait()
        server.wait()
