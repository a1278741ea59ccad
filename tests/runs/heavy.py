"""Models that hold something, and write down when they are asked and closed."""

from __future__ import annotations

import os
from pathlib import Path

import doctors

from dialogue_sim.models.base import Message, Options, Reply


class Heavy:
    """A doctor that must be closed before another model fits."""

    role, spec = "doctor", "python:heavy:Heavy"

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        self._note("asked")
        return Reply(text=doctors.plain([dict(message) for message in messages]))

    async def close(self) -> None:
        self._note("closed")

    def _note(self, event: str) -> None:
        with Path(os.environ["EVENTS"]).open("a", encoding="utf-8") as file:
            file.write(f"{self.role}-{event}\n")


class HeavyJudge(Heavy):
    """A judge that needs the same room."""

    role, spec = "judge", "python:heavy:HeavyJudge"
