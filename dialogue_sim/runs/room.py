"""How many dialogues may be under way, so that the engines' caches hold them all.

A dialogue holds in an engine's cache the longest request of every role that the engine plays. How
long that is, is learned from the dialogues that have ended; until the first has, it is guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import fmean
from typing import Literal, NamedTuple

from dialogue_sim.transcript import Transcript

Talker = Literal["doctor", "patient"]

_GUESSED = 4096  # tokens of a role's longest request
_LATELY = 64  # dialogues


class Cache(NamedTuple):
    """An engine's cache: how many tokens it holds, and whose dialogues lie in it."""

    tokens: int
    roles: tuple[Talker, ...]


class Room:
    """Seats for dialogues under way, at most `most`.

    Args:
        caches: of the engines that tell how much they hold.
    """

    def __init__(self, most: int, caches: Sequence[Cache] = ()) -> None:
        self._most, self._caches = most, caches
        self._longest: dict[Talker, list[int]] = {"doctor": [], "patient": []}
        self._taken = 0
        self._changed = asyncio.Condition()

    @property
    def seats(self) -> int:
        """Dialogues that may be under way now."""
        held = [cache.tokens / sum(map(self._tokens, cache.roles)) for cache in self._caches if cache.roles]
        return max(1, int(min([float(self._most), *held])))

    @asynccontextmanager
    async def seat(self) -> AsyncIterator[None]:
        """Wait for a seat and keep it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._taken < self.seats)
            self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            async with self._changed:
                self._changed.notify_all()

    def learn(self, transcript: Transcript) -> None:
        """Take note of how long the requests of a dialogue became."""
        for role, longest in self._longest.items():
            tokens = max(
                (t.usage.prompt + t.usage.completion for t in transcript.of(role) if t.usage), default=0
            )
            if tokens:
                longest.append(tokens)
                del longest[:-_LATELY]

    def _tokens(self, role: Talker) -> float:
        return fmean(self._longest[role] or [_GUESSED])
