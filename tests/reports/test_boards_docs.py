"""The page on comparing says what the commands do, alike in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from dialogue_sim.cli.app import app
from dialogue_sim.reports.planning import planned
from dialogue_sim.scoring.power import CENTRAL

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("comparing.md", "comparing.zh-CN.md")}


def commands(text: str) -> list[list[str]]:
    lines = [
        line for block in re.findall(r"```sh[^\n]*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    return [re.sub(r"\s+#.*", "", line).split() for line in lines if line.startswith("dialogue-sim")]


@pytest.mark.parametrize("name", PAGES)
def test_every_option_on_the_page_exists(name: str) -> None:
    tree = get_command(app).commands  # type: ignore[attr-defined]
    found = commands(PAGES[name])
    assert len(found) >= 11
    for _, command, *words in found:
        known = {option for parameter in tree[command].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, command


@pytest.mark.parametrize("name", PAGES)
def test_the_planning_table_is_what_the_command_prints(name: str) -> None:
    rows = re.findall(r"^\| (\d+) × (\d+) × (\d+) \| ([\d.]+) \|$", PAGES[name], re.MULTILINE)
    assert len(rows) == 3
    for cases, runs, votes, points in rows:
        found = planned(
            CENTRAL, "central", difference=2.0, cases=[int(cases)], runs=[int(runs)], votes=[int(votes)], power=0.8,
            target="cases",
        )  # fmt: skip
        assert f"{found.study[0].detectable:.1f}" == points


def test_both_pages_show_the_same_commands() -> None:
    chinese, english = commands(PAGES["comparing.zh-CN.md"]), commands(PAGES["comparing.md"])
    assert [[word for word in words if word.isascii() and "=" not in word] for words in chinese] == [
        [word for word in words if word.isascii() and "=" not in word] for words in english
    ]
