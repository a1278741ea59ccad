"""How fast a model may be asked: requests in flight, requests a minute, tokens a minute.

Besides the limits that the user sets, a limiter learns the server's own from its 429 replies; see
`learning.py`. A `Retry-After` stops all requests to the server, not only the one that was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialogue_sim.models.errors import RateLimitedError
from dialogue_sim.models.learning import InFlight, Pace
from dialogue_sim.models.settings import ModelSettings

_LONGEST_HOLD_S = 120.0


class Bucket:
    """A token bucket that may run into debt: whoever finds it above zero takes what it needs."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._level = self._most
        self._at: float | None = None

    @property
    def _most(self) -> float:
        return max(1.0, self.rate)  # a second's worth

    def wait_s(self, now: float) -> float:
        """Seconds until something may be taken."""
        past = now - self._at if self._at is not None else 0.0
        self._level = min(self._most, self._level + past * self.rate)
        self._at = now
        return 0.0 if self._level >= min(1.0, self._most) else (1.0 - self._level) / self.rate

    def take(self, amount: float) -> None:
        """Take (or, if negative, give back) an amount."""
        self._level -= amount


class Slot:
    """The leave to make one request. Say what `tokens` it used, so that later requests can be estimated.

    `among` is the number in flight with it, `at` when it was given.
    """

    def __init__(self, estimate: float, among: int, at: float) -> None:
        self.estimate, self.among, self.at = estimate, among, at
        self.tokens: int | None = None


class Limiter:
    """The limits on one model, shared by all who ask it.

    Args:
        concurrency: most requests in flight.
        rpm, tpm: most requests and tokens a minute; None for no limit.

    Attributes:
        in_flight: requests being made now.
        granted, refused: how many were answered, and how many refused with 429.
    """

    def __init__(self, concurrency: int = 16, rpm: float | None = None, tpm: float | None = None) -> None:
        # The burst after a pause (a second's worth), sixty seconds of refill, and one more for requests that
        # are held up on their way, together are what a minute allows: so the server never counts more.
        self._requests = Bucket(rpm / 62) if rpm else None
        self._tokens = Bucket(tpm / 60) if tpm else None
        self._pace, self._room = Pace(), InFlight(concurrency)
        self._held_until = 0.0
        self._mean_tokens = 0.0
        self._gate = asyncio.Lock()
        self._freed = asyncio.Event()
        self.in_flight = self.refused = self.granted = 0

    @classmethod
    def of(cls, settings: ModelSettings) -> Limiter:
        """The limiter that a model's settings ask for."""
        return cls(settings.concurrency, settings.rpm, settings.tpm)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for leave to make one request; first come, first served."""
        async with self._gate:
            await self._until_free()
            self.in_flight += 1
        slot = Slot(self._mean_tokens, self.in_flight, _now())
        self._pace.take()
        for bucket, amount in ((self._requests, 1.0), (self._tokens, slot.estimate)):
            if bucket:
                bucket.take(amount)
        try:
            yield slot
        except RateLimitedError as refusal:
            self._refuse(slot, refusal.retry_after)
            raise
        else:
            self._succeed(slot)
        finally:
            self.in_flight -= 1
            self._freed.set()

    async def _until_free(self) -> None:
        while True:
            now = _now()
            wait = max(self._held_until - now, self._pace.wait_s(now))
            for bucket in (self._requests, self._tokens):
                if bucket:
                    wait = max(wait, bucket.wait_s(now))
            if wait > 0:
                await asyncio.sleep(wait)
            elif self.in_flight >= self._room.allowed:
                self._freed.clear()
                await self._freed.wait()
            else:
                return

    def _succeed(self, slot: Slot) -> None:
        self.granted += 1
        self._room.succeeded(slot.among, _now())
        if slot.tokens is not None:
            self._mean_tokens += (slot.tokens - self._mean_tokens) / min(self.granted, 32)
            if self._tokens:
                self._tokens.take(slot.tokens - slot.estimate)

    def _refuse(self, slot: Slot, retry_after: float | None) -> None:
        now = _now()
        first = not self.refused
        self.refused += 1
        too_many = self._room.refused(slot.among)
        if (first or not too_many) and self._pace.refused(slot.at, now):
            self._room.forget()
        if retry_after:
            self._held_until = max(self._held_until, now + min(retry_after, _LONGEST_HOLD_S))


def _now() -> float:
    return asyncio.get_running_loop().time()
