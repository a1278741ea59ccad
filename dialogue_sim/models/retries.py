"""Trying a call again when trying again can help."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from dialogue_sim.models.base import Reply
from dialogue_sim.models.errors import RateLimitedError, TransientError
from dialogue_sim.models.limits import Limiter

_FIRST_S, _LONGEST_S = 0.5, 30.0
_REFUSALS_PER_ATTEMPT = 5  # a 429 says that the server is well, so it costs less of the patience

log = logging.getLogger("dialogue_sim.models")


async def retry(ask: Callable[[], Awaitable[Reply]], limiter: Limiter, *, attempts: int, name: str) -> Reply:
    """Ask within the limits, up to `attempts` times when the failure is transient.

    Waits grow from half a second to half a minute, with jitter. A 429 waits as the server asks, and
    counts for a fifth of an attempt.

    Raises:
        ModelError: the last failure, or at once one that another attempt cannot mend.
    """
    failures = refusals = 0
    while True:
        try:
            async with limiter.slot() as slot:
                reply = await ask()
                slot.tokens = reply.usage.prompt + reply.usage.completion
                return reply
        except TransientError as failure:
            failures += 1
            if failures >= attempts:
                raise
            wait = _backoff(failures)
            log.warning("%s: %s (attempt %d of %d, next in %.1f s)", name, failure, failures, attempts, wait)
        except RateLimitedError as refusal:
            refusals += 1
            if refusals >= attempts * _REFUSALS_PER_ATTEMPT:
                raise
            wait = 0.0 if refusal.retry_after else _backoff(refusals)
            log.info("%s: %s (refusal %d)", name, refusal, refusals)
        await asyncio.sleep(wait)


def _backoff(count: int) -> float:
    return random.uniform(0.5, 1.0) * min(_LONGEST_S, _FIRST_S * 2.0 ** min(count - 1, 10))
