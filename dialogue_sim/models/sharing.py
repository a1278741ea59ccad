"""One engine for all who ask for the same one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """Something that holds memory or a process until it is closed."""

    async def close(self) -> None:
        """Free it."""
        ...


Held = TypeVar("Held", bound=Closable)


class Shared(Generic[Held]):
    """Things made once per key, counted, and closed when the last user has given them back."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Held, int]] = {}
        self._making: dict[str, asyncio.Lock] = {}

    async def take(self, key: str, make: Callable[[], Awaitable[Held]]) -> Held:
        """The thing of this key, made now if nobody has it. Raises what `make` raises."""
        async with self._making.setdefault(key, asyncio.Lock()):
            thing, users = self._made.get(key) or (await make(), 0)
            self._made[key] = (thing, users + 1)
        return thing

    async def give_back(self, thing: Held) -> None:
        """Announce that one user is done with it."""
        for key, (held, users) in list(self._made.items()):
            if held is thing and users > 1:
                self._made[key] = (thing, users - 1)
            elif held is thing:
                del self._made[key], self._making[key]
                await thing.close()
