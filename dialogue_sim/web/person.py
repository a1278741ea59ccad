"""A person who plays the doctor from outside: what they write is handed over when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from dialogue_sim.models.base import Message, Options, Reply

Wanted = Literal["turn", "closing"]


class Entry(NamedTuple):
    """Something the person wrote: a turn, or the closing block as JSON."""

    kind: Wanted
    text: str


class Person:
    """A `ChatModel` that answers with what a person writes.

    Args:
        written: what they wrote before; it is said again before anything new is asked for.
        ask: told what the consultation waits for.
    """

    spec = "human"

    def __init__(self, written: Iterable[Entry], ask: Callable[[Wanted], None]) -> None:
        self._ask = ask
        self._entries: asyncio.Queue[Entry] = asyncio.Queue()
        for entry in written:
            self.write(entry)

    def write(self, entry: Entry) -> None:
        """Hand something over."""
        self._entries.put_nowait(entry)

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """The next thing the person writes, of the kind that is wanted."""
        wanted: Wanted = "closing" if options.json_schema else "turn"
        while True:
            if self._entries.empty():
                self._ask(wanted)
            entry = await self._entries.get()
            # After an update the same words may lead elsewhere; what no longer fits is passed over.
            if entry.kind == wanted:
                return Reply(text=entry.text, model=self.spec)

    async def close(self) -> None:
        """Nothing is held."""
