"""Replay, retries, limits and budget around a model, against a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dialogue_sim.models.base import Message, Options, Reply, Usage
from dialogue_sim.models.budget import Budget, cost
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.errors import BudgetError, FatalError, RateLimitedError, TransientError
from dialogue_sim.models.journal import Journal
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.openai_api import OpenAIModel
from dialogue_sim.models.python_function import FunctionModel
from dialogue_sim.models.settings import ModelSettings, Price, fingerprint, merge_options
from tests.servers.fake_openai import FakeOpenAI


@asynccontextmanager
async def asking(
    server: FakeOpenAI,
    folder: Path,
    *,
    limiter: Limiter | None = None,
    budget: Budget | None = None,
    **settings: object,
) -> AsyncIterator[JournaledModel]:
    journal = Journal(folder)
    inner = OpenAIModel("fake", ModelSettings(base_url=server.url, **settings))
    attempts = inner._settings.attempts
    try:
        yield JournaledModel(
            inner,
            journal,
            role="doctor",
            dialogue="d",
            limiter=limiter or Limiter(),
            budget=budget or Budget(),
            attempts=attempts,
        )
    finally:
        await inner.close()
        journal.close()


def asked(number: int = 0) -> list[Message]:
    return [Message(role="user", content=f"question {number}")]


async def test_what_was_asked_before_is_replayed_in_the_next_session(tmp_path: Path) -> None:
    async with FakeOpenAI("seeded") as server:
        async with asking(server, tmp_path) as model:
            first = await model.chat(asked(), Options(temperature=1.0))
        async with asking(server, tmp_path) as model:
            again = await model.chat(asked(), Options(temperature=1.0))
            other = await model.chat(asked(), Options(temperature=0.9))
    assert again == first
    assert again.call_id
    assert other.call_id != again.call_id
    assert server.calls == 2


async def test_settings_that_decide_the_answer_decide_the_key(tmp_path: Path) -> None:
    plain = ModelSettings()
    assert fingerprint("openai:m", plain) == fingerprint(
        "openai:m", ModelSettings(concurrency=3, timeout_s=9, rpm=5)
    )
    others = [
        ModelSettings(base_url="http://a/v1"),
        ModelSettings(options=Options(temperature=0)),
        ModelSettings(engine={"x": 1}),
    ]
    assert len({fingerprint("openai:m", settings) for settings in [plain, *others]}) == 4
    merged = merge_options(
        Options(temperature=0.1, stop=("a",), extra_body={"x": 1, "y": 1}),
        Options(stop=("b",), extra_body={"y": 2}),
    )
    assert merged == Options(temperature=0.1, stop=("b",), extra_body={"x": 1, "y": 2})


async def test_the_same_question_twice_at_once_is_one_call(tmp_path: Path) -> None:
    async with FakeOpenAI(latency_s=0.1) as server, asking(server, tmp_path) as model:
        replies = await asyncio.gather(*[model.chat(asked(), Options()) for _ in range(20)])
        assert len({reply.call_id for reply in replies}) == 1
        assert server.calls == 1


async def test_a_cancelled_call_is_taken_over_by_who_else_waits(tmp_path: Path) -> None:
    async with FakeOpenAI(latency_s=0.2) as server, asking(server, tmp_path) as model:
        first = asyncio.create_task(model.chat(asked(), Options()))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(model.chat(asked(), Options()))
        await asyncio.sleep(0.05)
        first.cancel()
        assert (await second).text == "question 0"
        assert first.cancelled()


async def test_a_failure_reaches_all_who_wait_and_is_not_kept(tmp_path: Path) -> None:
    async with FakeOpenAI(script=["404"]) as server, asking(server, tmp_path) as model:
        outcomes = await asyncio.gather(
            *[model.chat(asked(), Options()) for _ in range(3)], return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [FatalError] * 3
        assert (await model.chat(asked(), Options())).text == "question 0"


async def test_transient_failures_are_tried_again_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialogue_sim.models.retries._FIRST_S", 0.01)
    async with FakeOpenAI(script=["503", "drop", "truncated", "null", "429", "ok", "500", "500"]) as server:
        async with asking(server, tmp_path, attempts=5) as model:
            assert (await model.chat(asked(), Options())).text == "question 0"
            assert server.calls == 6
        async with asking(server, tmp_path, attempts=2) as model:
            with pytest.raises(TransientError, match="HTTP 500"):
                await model.chat(asked(1), Options())


async def test_fatal_failures_are_not_tried_again(tmp_path: Path) -> None:
    async with FakeOpenAI(key="other", script=["ok"]) as server, asking(server, tmp_path) as model:
        with pytest.raises(FatalError):
            await model.chat(asked(), Options())
        assert server.calls == 1


async def test_retry_after_holds_all_calls_and_is_no_failed_attempt(tmp_path: Path) -> None:
    async with FakeOpenAI(script=["429:0.4"]) as server, asking(server, tmp_path, attempts=1) as model:
        started = time.perf_counter()
        first = asyncio.create_task(model.chat(asked(0), Options()))
        await asyncio.sleep(0.3)
        await model.chat(asked(1), Options())
        assert time.perf_counter() - started >= 0.4
        await first


async def test_endless_refusals_end(tmp_path: Path) -> None:
    async with FakeOpenAI(script=["429:0.01"] * 50) as server, asking(server, tmp_path, attempts=2) as model:
        with pytest.raises(RateLimitedError):
            await model.chat(asked(), Options())
        assert server.calls == 10


async def test_no_more_than_allowed_are_in_flight(tmp_path: Path) -> None:
    async with FakeOpenAI(latency_s=0.05) as server, asking(server, tmp_path, limiter=Limiter(4)) as model:
        await asyncio.gather(*[model.chat(asked(i), Options()) for i in range(20)])
        assert server.peak == 4


async def test_requests_a_minute_are_kept(tmp_path: Path) -> None:
    async with FakeOpenAI() as server, asking(server, tmp_path, limiter=Limiter(50, rpm=1200)) as model:
        started = time.perf_counter()
        await asyncio.gather(*[model.chat(asked(i), Options()) for i in range(40)])
        assert 0.8 < time.perf_counter() - started < 2.5  # 20 at once, 20 more at 20 a second


async def test_tokens_a_minute_are_kept() -> None:
    limiter = Limiter(50, tpm=60_000)  # 1,000 a second
    started = time.perf_counter()
    for _ in range(12):
        async with limiter.slot() as slot:
            slot.tokens = 250
    assert 1.6 < time.perf_counter() - started < 3.0


async def test_a_server_that_works_on_few_at_once_is_met_with_few(tmp_path: Path) -> None:
    async with (
        FakeOpenAI(latency_s=0.02, capacity=5) as server,
        asking(server, tmp_path, limiter=Limiter(32)) as model,
    ):
        await asyncio.gather(*[model.chat(asked(i), Options()) for i in range(200)])
        assert server.refused < 0.2 * server.calls
        assert server.answered == 200


async def test_a_server_with_a_rate_is_met_at_its_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialogue_sim.models.retries._FIRST_S", 0.2)
    async with (
        FakeOpenAI(latency_s=0.05, per_second=60) as server,
        asking(server, tmp_path, limiter=Limiter(32)) as model,
    ):
        started = time.perf_counter()
        await asyncio.gather(*[model.chat(asked(i), Options()) for i in range(150)])
        wall = time.perf_counter() - started
        assert server.refused < 0.2 * server.calls
        assert wall < 2 * (150 - 60) / 60


async def test_the_budget_stops_before_it_is_overrun(tmp_path: Path) -> None:
    async def said(messages: list[Message]) -> Reply:
        await asyncio.sleep(0.01)
        return Reply(text="x", usage=Usage(prompt=90, completion=10))

    journal = Journal(tmp_path)
    budget = Budget(tokens=1000)
    model = JournaledModel(
        FunctionModel(said, "m"), journal, role="doctor", dialogue="d", limiter=Limiter(100), budget=budget
    )
    await model.chat(asked(0), Options())
    outcomes = await asyncio.gather(
        *[model.chat(asked(i), Options()) for i in range(1, 30)], return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BudgetError)]
    assert budget.spent_tokens == 1000
    assert len(refused) == 20
    assert "--budget" in refused[0].mend
    assert (await model.chat(asked(0), Options())).text == "x"  # replay is free
    journal.close()


def test_money_is_counted_with_cached_tokens_at_their_price() -> None:
    price = Price(prompt=2, completion=8, cached=0.5)
    assert cost(Usage(prompt=1_000_000, completion=500_000, cached=400_000), price) == pytest.approx(
        1.2 + 0.2 + 4
    )
    budget = Budget(money=1.0, prices={"m": price})
    budget.book("m", Usage(prompt=450_000), 10)
    budget.reserve()
    budget.charge("m", Usage(prompt=100_000))
    with pytest.raises(BudgetError):
        budget.reserve()
