"""How fast a model may be asked: requests in flight, requests a minute, tokens a minute.

Besides the limits that the user sets, a limiter learns the server's own from its 429 replies. A
server can limit two things, and each has its remedy:
- how many requests it works on at once: the number in flight falls to what the server was serving
  when it refused one, and grows again by one for each `_PROBE` rounds of replies;
- how many it takes in a time: requests are paced at the rate at which replies came before the 429,
  and that rate rises by `_CLIMB` a second until the server refuses again.
Refusals of up to a share of `_STRAY` need not be our doing (a server shared with others has such): each
lowers the number in flight by one, and none the pace, or a few would bring a run to a crawl.
A `Retry-After` stops all requests to the server, not only the one that was refused.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialogue_sim.models.errors import RateLimitedError
from dialogue_sim.models.settings import ModelSettings

_PROBE = 2.0
_CLIMB = 0.01
_STRAY = 0.05
_WINDOW_S = 10.0
_LONGEST_HOLD_S = 120.0


class Bucket:
    """A token bucket that may run into debt: whoever finds it above zero takes what it needs."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._level = self._most
        self._at = now

    @property
    def _most(self) -> float:
        return max(1.0, self.rate)  # a second's worth

    def wait_s(self, now: float) -> float:
        """Seconds until something may be taken."""
        self._level = min(self._most, self._level + (now - self._at) * self.rate)
        self._at = now
        return 0.0 if self._level >= min(1.0, self._most) else (1.0 - self._level) / self.rate

    def take(self, amount: float) -> None:
        """Take (or, if negative, give back) an amount."""
        self._level -= amount


class Slot:
    """The leave to make one request. Say what it used, so that later requests can be estimated."""

    def __init__(self, estimate: float) -> None:
        self.estimate = estimate
        self.tokens: int | None = None


class Limiter:
    """The limits on one model, shared by all who ask it.

    Args:
        concurrency: most requests in flight.
        rpm, tpm: most requests and tokens a minute; None for no limit.
    """

    def __init__(self, concurrency: int = 16, rpm: float | None = None, tpm: float | None = None) -> None:
        now = time.monotonic()
        self._most = concurrency
        self._allowed = float(concurrency)
        self.in_flight = 0
        # The burst after a pause (a second's worth), sixty seconds of refill, and one more for requests that
        # are held up on their way, together are what a minute allows: so the server never counts more.
        self._requests = Bucket(rpm / 62, now) if rpm else None
        self._tokens = Bucket(tpm / 60, now) if tpm else None
        self._pace: Bucket | None = None
        self._paced_at = now
        self._held_until = 0.0
        self._successes: deque[float] = deque()
        self._refusals: deque[float] = deque()
        self._mean_tokens = 0.0
        self._gate = asyncio.Lock()
        self._freed = asyncio.Event()
        self.refused = 0
        self.granted = 0

    @classmethod
    def of(cls, settings: ModelSettings) -> Limiter:
        """The limiter that a model's settings ask for."""
        return cls(settings.concurrency, settings.rpm, settings.tpm)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for leave to make one request; first come, first served."""
        slot = Slot(self._mean_tokens)
        async with self._gate:
            await self._until_free()
            self.in_flight += 1
        for bucket, amount in ((self._requests, 1.0), (self._pace, 1.0), (self._tokens, slot.estimate)):
            if bucket:
                bucket.take(amount)
        try:
            yield slot
        except RateLimitedError as refusal:
            self._leave()
            self._refused(refusal.retry_after)
            raise
        except BaseException:
            self._leave()
            raise
        else:
            self._leave()
            self._succeeded(slot)

    async def _until_free(self) -> None:
        while True:
            now = time.monotonic()
            wait = self._held_until - now
            for bucket in (self._requests, self._tokens, self._pace):
                if bucket:
                    wait = max(wait, bucket.wait_s(now))
            if wait > 0:
                await asyncio.sleep(wait)
            elif self.in_flight >= max(1, int(self._allowed)):
                self._freed.clear()
                await self._freed.wait()
            else:
                return

    def _leave(self) -> None:
        self.in_flight -= 1
        self._freed.set()

    def _succeeded(self, slot: Slot) -> None:
        now = time.monotonic()
        self.granted += 1
        self._allowed = min(self._most, self._allowed + 1 / (_PROBE * self._allowed))
        self._successes.append(now)
        while self._successes[0] < now - _WINDOW_S:
            self._successes.popleft()
        if slot.tokens is not None:
            self._mean_tokens += (slot.tokens - self._mean_tokens) / min(self.granted, 32)
            if self._tokens:
                self._tokens.take(slot.tokens - slot.estimate)
        if self._pace:
            self._pace.rate *= 1 + _CLIMB * (now - self._paced_at)
            self._paced_at = now
            if self._pace.rate > 4 * self._rate(now) and self._pace.rate > self._most:
                self._pace = None  # far above what is asked for: it limits nothing any more

    def _refused(self, retry_after: float | None) -> None:
        now = time.monotonic()
        self.refused += 1
        self._refusals.append(now)
        while self._refusals[0] < now - _WINDOW_S:
            self._refusals.popleft()
        few = len(self._refusals) < 4
        stray = few or len(self._refusals) <= _STRAY * (len(self._refusals) + len(self._successes))
        served = self._allowed - 1 if stray else float(self.in_flight)
        self._allowed = max(1.0, min(self._allowed, served))
        if retry_after:
            self._held_until = max(self._held_until, now + min(retry_after, _LONGEST_HOLD_S))
        rate = self._rate(now)
        if rate > 0 and not stray and (self._pace is None or rate < self._pace.rate):
            if self._pace is None:
                self._pace = Bucket(rate, now)
            self._pace.rate = rate
        self._paced_at = now

    def _rate(self, now: float) -> float:
        """Replies a second lately; 0 where there are too few to tell."""
        if len(self._successes) < 5:
            return 0.0
        return len(self._successes) / max(0.1, now - self._successes[0])
