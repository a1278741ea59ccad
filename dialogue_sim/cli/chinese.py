"""The command line's help in Chinese, where the reader's language is Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dialogue_sim.wording import wording

_FILE = Path(__file__).with_name("help.yaml")
# Typer carries a click of its own, whose classes have no public name.
Command = Any


def tell_in_chinese(command: Command) -> None:
    """Put the help of a tree of commands into Chinese."""
    words = wording(_FILE)
    for one in tree(command):
        one.help, one.epilog = words.told(one.help or "", "zh"), words.told(one.epilog or "", "zh")
        for parameter in one.params:
            if helped := getattr(parameter, "help", None):
                parameter.help = words.told(helped, "zh")


def tree(command: Command) -> Iterator[Command]:
    """A command and all below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from tree(below)
