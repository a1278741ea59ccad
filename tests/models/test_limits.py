"""What the limiter learns from refusals: near what the server takes, few refused, no collapse."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import NamedTuple

import pytest

from dialogue_sim.models.base import Reply
from dialogue_sim.models.errors import RateLimitedError
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.retries import retry
from tests.models.virtual_time import run

CALLS, AT_ONCE, LATENCY_S = 1500, 64, 0.2


class Server:
    """Refuses by a rule, answers after about a fifth of a second."""

    def __init__(self, refuses: Callable[[Server], bool], retry_after: float | None, seed: int) -> None:
        self._refuses, self._retry_after = refuses, retry_after
        self.chance = random.Random(seed)
        self.asked = self.refused = self.in_flight = 0
        self.level, self.at = 0.0, 0.0

    async def answer(self) -> Reply:
        self.asked += 1
        if self._refuses(self):
            self.refused += 1
            await asyncio.sleep(0.005)
            raise RateLimitedError("slow down", retry_after=self._retry_after)
        self.in_flight += 1
        await asyncio.sleep(LATENCY_S * self.chance.lognormvariate(0.0, 0.3))
        self.in_flight -= 1
        return Reply(text="so it is")


def takes(per_second: float) -> Callable[[Server], bool]:
    """A bucket that holds a second's worth, full at the start."""

    def refuses(server: Server) -> bool:
        now = asyncio.get_running_loop().time()
        if not server.at:
            server.level = per_second
        server.level = min(per_second, server.level + (now - server.at) * per_second)
        server.at = now
        if server.level < 1:
            return True
        server.level -= 1
        return False

    return refuses


def serves(at_once: int) -> Callable[[Server], bool]:
    """So many at once and no more."""
    return lambda server: server.in_flight >= at_once


def strays(share: float) -> Callable[[Server], bool]:
    """Refuses whatever we do, as a server does that others use too."""
    return lambda server: server.chance.random() < share


class Outcome(NamedTuple):
    """Seconds for all calls, and the share of requests that the server refused."""

    seconds: float
    refused: float


def outcome(refuses: Callable[[Server], bool], retry_after: float | None = None, seed: int = 0) -> Outcome:
    async def main() -> Outcome:
        server, limiter = Server(refuses, retry_after, seed), Limiter(AT_ONCE)
        await asyncio.gather(*(retry(server.answer, limiter, attempts=6, name="m") for _ in range(CALLS)))
        return Outcome(asyncio.get_running_loop().time(), server.refused / server.asked)

    random.seed(seed + 1)  # the jitter of the waits
    return run(main())


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("per_second", [5, 20, 50])
def test_a_server_of_so_many_a_second_is_used_and_seldom_refuses(
    per_second: float, retry_after: float | None
) -> None:
    found = outcome(takes(per_second), retry_after)
    assert (CALLS - per_second) / per_second / found.seconds >= 0.95
    assert found.refused <= 0.05


@pytest.mark.parametrize("at_once", [4, 16])
def test_a_server_of_so_many_at_once_is_used_and_seldom_refuses(at_once: int) -> None:
    found = outcome(serves(at_once))
    assert CALLS * LATENCY_S * 1.046 / at_once / found.seconds >= 0.75  # 1.046: mean of the lognormal
    assert found.refused <= 0.05


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("share", "retry_after", "slowed"), [(0.01, None, 6), (0.04, 0.2, 30), (0.1, 0.2, 25), (0.2, None, 30)]
)
def test_refusals_that_are_not_our_doing_bring_no_run_to_a_crawl(
    share: float, retry_after: float | None, slowed: float, seed: int
) -> None:
    alone = outcome(lambda server: False)
    assert outcome(strays(share), retry_after, seed).seconds < slowed * alone.seconds


def test_a_server_that_refuses_nothing_is_soon_used_in_full() -> None:
    assert outcome(lambda server: False).seconds < 1.15 * CALLS * LATENCY_S * 1.046 / AT_ONCE
