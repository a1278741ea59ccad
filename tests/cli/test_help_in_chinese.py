"""All help of the command line can be read in Chinese."""

from __future__ import annotations

import re
import subprocess
import sys

import typer

from dialogue_sim.cli.app import app
from dialogue_sim.cli.chinese import Command, tell_in_chinese, tree


def texts(command: Command) -> list[str]:
    return [
        text
        for one in tree(command)
        for text in (one.help, one.epilog, *(getattr(parameter, "help", None) for parameter in one.params))
        if text
    ]


def test_every_command_and_option_is_told_in_chinese() -> None:
    command = typer.main.get_command(app)
    english = texts(command)
    tell_in_chinese(command)
    told = texts(command)
    assert len(told) == len(english) > 200
    assert [one for one, other in zip(english, told, strict=True) if one == other] == []
    assert [text for text in told if not re.search(r"[一-鿿]", text)] == []


def test_the_reader_s_language_decides() -> None:
    def shown(language: str) -> str:
        words = [sys.executable, "-c", "from dialogue_sim.cli import main; main()", "case", "lint", "--help"]
        done = subprocess.run(
            words, check=True, capture_output=True, text=True, env={"DIALOGUE_SIM_LANG": language}
        )
        return done.stdout

    assert "有警告也不放行" in shown("zh")
    assert "Refuse warnings too" not in shown("zh")
    assert "Refuse warnings too" in shown("en")
