"""A budget, the rate limits and the timeouts of a run, measured where they count: at the server."""

from __future__ import annotations

import itertools
import json
import time

import pytest

from tests.reliability.passes import calls_kept, one_pass, transcripts, usage_kept
from tests.servers.hostile import HostileOpenAI

DIALOGUES = 2


class Timed(HostileOpenAI):
    """A server that breaks nothing and keeps the time of every request."""

    def __init__(self, **more) -> None:
        super().__init__(**more)
        self.at: list[float] = []

    def _by_rate(self, body):
        self.at.append(time.monotonic())
        return super()._by_rate(body)


class Stalling(HostileOpenAI):
    """A server that greets and then never answers."""

    def _by_rate(self, body):
        return "ok" if len(body["messages"]) == 1 else "stall"


async def test_requests_a_minute_are_kept_at_the_server(tmp_path):
    rpm = 930
    async with Timed() as server:
        outcome = await one_pass(server.url, tmp_path / "r", DIALOGUES, model={"rpm": rpm})
    assert outcome.scores is not None
    assert len(server.at) > rpm / 62 + 10
    # Doctor and judge are one model here, so they share one limit. A second of delay on the way is allowed for.
    for (first, start), (last, end) in itertools.combinations(enumerate(server.at), 2):
        assert last - first + 1 <= (2 + end - start) * rpm / 62


async def test_a_budget_stops_cleanly_and_the_same_command_goes_on(tmp_path):
    async with Timed(latency_s=0.01) as server:
        whole = await one_pass(server.url, tmp_path / "whole", DIALOGUES)
        asked = server.delivered
        tokens = (
            sum(one.usage.prompt + one.usage.completion for one in usage_kept(tmp_path / "whole")) * 2 // 5
        )
        stopped = await one_pass(
            server.url, tmp_path / "r", DIALOGUES, budget={"tokens": tokens}, concurrency=2
        )
        assert stopped.stopped == "budget"
        paid = server.delivered - asked
        assert 0 < paid.total() < asked.total()
        assert calls_kept(tmp_path / "r") == paid.total()
        done = await one_pass(server.url, tmp_path / "r", DIALOGUES)
    assert done.scores["score"] == whole.scores["score"]
    assert server.delivered - asked == asked


async def test_a_dialogue_that_takes_too_long_is_a_failure_of_its_own_kind(tmp_path):
    async with Timed(latency_s=0.3) as server:
        late = await one_pass(server.url, tmp_path / "r", 2, dialogue_timeout_s=1.0)
        assert late.scores is None or late.scores["failures"]["kinds"] == {"dialogue_timeout": 2}
        assert late.failures == 2
        assert not transcripts(tmp_path / "r")
        server.latency_s = 0.0
        done = await one_pass(server.url, tmp_path / "r", 2)
    assert done.failures == 0
    assert max(server.delivered.values()) <= 2  # only what was in flight when the time was up


async def test_a_call_that_takes_too_long_is_tried_again_and_then_told(tmp_path):
    async with Stalling() as server:
        started = time.monotonic()
        late = await one_pass(server.url, tmp_path / "r", 1, model={"timeout_s": 0.2, "attempts": 2})
    assert time.monotonic() - started < 20
    assert late.failures == 1


@pytest.mark.parametrize("refusing", [{"429": 0.1}, {"429:0.2": 0.1}])
async def test_refusals_by_chance_neither_stop_nor_slow_a_run_to_a_crawl(tmp_path, refusing):
    async with HostileOpenAI(refusing, seed=3, latency_s=0.02) as server:
        started = time.monotonic()
        outcome = await one_pass(server.url, tmp_path / "r", DIALOGUES)
    assert outcome.failures == 0
    assert time.monotonic() - started < 30
    assert max(server.delivered.values()) == 1
    assert json.loads((tmp_path / "r" / "scores.json").read_text())["failures"]["kinds"] == {}
