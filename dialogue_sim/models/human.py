"""`human`: a person at the terminal, as the doctor, the patient or the judge.

What is said to the person goes to stderr, so that stdout stays data. A reply is one line, or several:
it ends with an empty line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TextIO

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.models.errors import FatalError
from dialogue_sim.models.settings import ModelSettings


def open_model(name: str, settings: ModelSettings) -> HumanModel:
    """The person at this terminal. Raises ConfigError when there is no input to read from."""
    if sys.stdin is None or sys.stdin.closed:
        raise ConfigError("there is nobody at the terminal (standard input is closed)", where="human")
    return HumanModel(sys.stdin, sys.stderr)


class HumanModel:
    """A person who reads `asking` and writes to `answers`. One is asked after another."""

    spec = "human"

    def __init__(self, answers: TextIO, asking: TextIO) -> None:
        self._answers, self._asking = answers, asking
        self._turn = asyncio.Lock()
        self._shown: list[Message] = []

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Show what is new since the last question, and read the answer.

        Raises:
            FatalError: the input ended.
        """
        async with self._turn:
            started = time.perf_counter()
            self._show(messages)
            text = await asyncio.to_thread(self._read)
        return Reply(text=text, latency_s=time.perf_counter() - started, model="human")

    def _show(self, messages: list[Message]) -> None:
        known = len(self._shown) if messages[: len(self._shown)] == self._shown else 0
        for message in messages[known:]:
            if message["role"] != "assistant":
                mark = "# " if message["role"] == "system" else ""
                print(f"\n{mark}{message['content']}", file=self._asking)
        self._shown = list(messages)
        print("\n> （空行结束 / end with an empty line）", file=self._asking, flush=True)

    def _read(self) -> str:
        lines: list[str] = []
        while line := self._answers.readline():
            if line.strip():
                lines.append(line.rstrip("\n"))
            elif lines:
                return "\n".join(lines)
        if lines:
            return "\n".join(lines)
        raise FatalError("the input ended, nobody answers any more", mend="run the command at a terminal")

    async def close(self) -> None:
        """Nothing is held."""
