"""Every command and every Python block of the documentation runs, in both languages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import typer

from dialogue_sim.cli.app import app
from docs.generate import commands
from tests.docs.conftest import SERVERS, environment, workplace
from tests.docs.pages import ROOT, Block, blocks, excused, pages, script

REASONS = (
    "needs a GPU",
    "needs a key",
    "takes minutes",
    "asks questions",
    "installs",
    "downloads",
    "serves until stopped",
    "needs the environment",
    "needs a file of yours",
    "run by another test",
)
Done = subprocess.CompletedProcess[str]


def story(page: Path) -> list[Block]:
    """What a page does."""
    return [block for block in blocks(page) if block.does_something]


def plain(told: list[Block]) -> list[tuple[str, str]]:
    """A story without its comments: what two editions of a page share."""
    return [(one.attributes.get("title", ""), re.sub(r"\s*#.*", "", one.body)) for one in told]


def english(page: Path) -> Path:
    """The English edition of a page."""
    return page.with_name(page.name.replace(".zh-CN", ""))


RUN = [page for page in pages() if any(block.runs for block in story(page))]
# A page whose commands are those of its English edition is run with it.
OWN = [page for page in RUN if page == english(page) or plain(story(page)) != plain(story(english(page)))]


@pytest.fixture(scope="session")
def done(
    request: pytest.FixtureRequest, model_server: str, tools: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Path, Future[Done]]]:
    """Two of the chosen pages at a time; each test waits for its own."""
    chosen = {one.callspec.params.get("page") for one in request.session.items if hasattr(one, "callspec")}

    def run(page: Path, folder: Path) -> Done:
        told = script(story(page))
        for address in SERVERS:
            told = told.replace(address, model_server)
        return subprocess.run(
            ["bash", "-c", told], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            cwd=workplace(folder), env=environment(tools, model_server), timeout=300,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        yield {
            page: pool.submit(run, page, tmp_path_factory.mktemp(page.stem)) for page in OWN if page in chosen
        }


@pytest.mark.parametrize("page", OWN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_shows_runs(page: Path, done: dict[Path, Future[Done]]) -> None:
    ended = done[page].result()
    assert ended.returncode == 0, f"{ended.stderr[-3000:]}\n{ended.stdout[-1000:]}"


def test_what_is_not_run_says_why_and_is_little() -> None:
    left = excused()
    for block in left:
        assert block.attributes["no-run"].startswith(REASONS), f"{block.page}:{block.line}"
    shown = [block for page in pages() for block in blocks(page) if block.runs]
    assert len(left) < len(shown) * 2 / 3, f"{len(left)} blocks are not run, {len(shown)} are"


def test_what_is_not_run_names_commands_and_options_that_exist() -> None:
    known = {
        path: {word for one in command.params for word in one.opts}
        for path, command in commands(typer.main.get_command(app), "dialogue-sim")
    }
    for block in excused():
        for line in block.body.replace("\\\n", " ").splitlines():
            for said in re.findall(r"dialogue-sim ((?:[^#&|>]|\|(?! ))*)", line):
                words = said.split()
                path = next(
                    (name for n in (2, 1) if (name := " ".join(["dialogue-sim", *words[:n]])) in known), None
                )
                assert path, f"{block.page}:{block.line}: there is no command {said!r}"
                options = {word.partition("=")[0] for word in words if word.startswith("--")}
                assert options <= known[path] | {"--help"}, f"{block.page}:{block.line}"


def test_both_editions_of_a_page_exist_and_do_the_same() -> None:
    for page in [*ROOT.glob("*.zh-CN.md"), *ROOT.glob("docs/tutorials/*.md")]:
        other = english(page)
        assert other.is_file(), page
        twin = other.with_name(f"{other.stem}.zh-CN.md")
        assert twin.is_file(), f"{other} has no Chinese edition"
        assert len(story(other)) == len(story(twin)), f"{other.name} and {twin.name} do different things"
