"""The OpenAI-compatible client against a real server on the loopback."""

from __future__ import annotations

import time
import tracemalloc
import zlib

import pytest
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.errors import (
    ContextOverflowError,
    FatalError,
    ModelError,
    RateLimitedError,
    RefusedError,
    TransientError,
)
from dialogue_sim.models.openai_api import OpenAIModel, is_private
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.models.structured import ask_json
from tests.servers.fake_openai import OVERFLOWS, FakeOpenAI

ASKED = [Message(role="user", content="where does it hurt?")]


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def model_at(server: FakeOpenAI, **settings: object) -> OpenAIModel:
    return OpenAIModel("fake", ModelSettings(base_url=server.url, **settings))


async def outcome_of(word: str, **settings: object) -> ModelError | None:
    async with FakeOpenAI(script=[word]) as server:
        model = model_at(server, **settings)
        try:
            await model.chat(ASKED, Options())
        except ModelError as failure:
            return failure
        finally:
            await model.close()
    return None


async def test_a_reply_with_usage_and_options_sent_as_asked() -> None:
    async with FakeOpenAI("in my belly") as server:
        model = model_at(server, options=Options(temperature=0.5, seed=1, extra_body={"top_k": 3}))
        reply = await model.chat(
            ASKED, Options(seed=7, max_tokens=50, stop=("\n",), extra_body={"min_p": 0.1})
        )
        await model.close()
    assert (reply.text, reply.finish, reply.model) == ("in my belly", "stop", "fake")
    assert reply.usage.prompt > 0
    assert reply.usage.cached > 0
    assert reply.latency_s > 0
    sent = server.bodies[0]
    assert (sent["seed"], sent["temperature"], sent["max_tokens"]) == (7, 0.5, 50)
    assert (sent["stop"], sent["top_k"], sent["min_p"]) == (["\n"], 3, 0.1)
    assert sent["messages"] == ASKED


@pytest.mark.parametrize("word", ["reasoning", "reasoning_content", "think"])
async def test_reasoning_is_split_off(word: str) -> None:
    async with FakeOpenAI("the answer", script=[word]) as server:
        model = model_at(server)
        reply = await model.chat(ASKED, Options())
        await model.close()
    assert (reply.text, reply.reasoning) == ("the answer", "let me think")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("429", RateLimitedError),
        ("429:quota", FatalError),
        ("500", TransientError),
        ("503", TransientError),
        ("html", TransientError),
        ("truncated", TransientError),
        ("no_choices", TransientError),
        ("null", TransientError),
        ("drop", TransientError),
        ("content_filter", RefusedError),
        ("filtered", RefusedError),
        ("404", FatalError),
        *[(f"overflow:{name}", ContextOverflowError) for name in OVERFLOWS],
    ],
)
async def test_each_failure_is_told_apart(word: str, kind: type[ModelError]) -> None:
    assert type(await outcome_of(word)) is kind


@pytest.mark.parametrize(
    ("word", "least", "most"), [("429:3", 3, 3), ("429:date10", 8, 10), ("429:0.5", 0.5, 0.5)]
)
async def test_retry_after_in_seconds_and_as_a_date(word: str, least: float, most: float) -> None:
    failure = await outcome_of(word)
    assert isinstance(failure, RateLimitedError)
    assert failure.retry_after is not None
    assert least <= failure.retry_after <= most


async def test_no_retry_after_is_none() -> None:
    failure = await outcome_of("429")
    assert isinstance(failure, RateLimitedError)
    assert failure.retry_after is None


async def test_the_timeout_is_for_the_whole_request() -> None:
    started = time.perf_counter()
    failure = await outcome_of("slow:5", timeout_s=0.2)
    assert isinstance(failure, TransientError)
    assert "0.2 s" in str(failure)
    assert time.perf_counter() - started < 2


async def test_no_server_is_named_with_its_address() -> None:
    model = OpenAIModel("m", ModelSettings(base_url="http://127.0.0.1:9/v1"))
    with pytest.raises(
        TransientError, match=r"no connection to http://127\.0\.0\.1:9/v1: .*Connect call failed"
    ):
        await model.chat(ASKED, Options())
    await model.close()


async def test_an_empty_text_is_a_reply_and_a_cut_one_says_so() -> None:
    async with FakeOpenAI("a long story", script=["empty", "length"]) as server:
        model = model_at(server)
        empty = await model.chat(ASKED, Options())
        cut = await model.chat(ASKED, Options())
        await model.close()
    assert (empty.text, empty.finish) == ("", "stop")
    assert (cut.text, cut.finish) == ("a lo", "length")


class Mark(BaseModel):
    model_config = ConfigDict(extra="forbid")
    met: bool
    turn: int


@pytest.mark.parametrize(
    ("support", "forms"),
    [
        ("enforced", ["json_schema", "json_schema"]),
        ("object_only", ["json_schema", "json_object", "json_object"]),
        ("refused", ["json_schema", "json_object", None, None]),
    ],
)
async def test_json_falls_back_once_and_remembers(support: str, forms: list[str | None]) -> None:
    answer = (lambda body: '{"met": true, "turn": 3}') if support != "enforced" else "unused"
    async with FakeOpenAI(answer, json_schema=support) as server:
        model = model_at(server)
        for _ in range(2):
            mark, replies = await ask_json(model, ASKED, Mark, Options())
            assert isinstance(mark, Mark)
            assert len(replies) == 1
        await model.close()
    assert [(body.get("response_format") or {}).get("type") for body in server.bodies] == forms
    if support != "enforced":
        assert '"turn"' in server.bodies[-1]["messages"][-1]["content"]
    else:
        assert server.bodies[0]["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize("name", ["seed", "temperature", "max_tokens"])
async def test_a_parameter_the_model_refuses_is_left_out_from_then_on(name: str) -> None:
    async with FakeOpenAI("fine", refuses=[name]) as server:
        model = model_at(server)
        for _ in range(2):
            await model.chat(ASKED, Options(seed=1, temperature=0.2, max_tokens=9))
        await model.close()
    assert server.calls == 3
    last = server.bodies[-1]
    assert name not in last
    assert last["max_completion_tokens" if name == "max_tokens" else "max_tokens"] == 9


async def test_the_key_comes_from_the_environment_and_never_stands_in_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    async with FakeOpenAI("fine", key="sk-very-secret") as server:
        model = model_at(server, api_key_env="MY_KEY")
        assert (await model.chat(ASKED, Options())).text == "fine"
        await model.close()
        server.key = "another"
        model = model_at(server, api_key_env="MY_KEY")
        with pytest.raises(FatalError) as caught:
            await model.chat(ASKED, Options())
        await model.close()
    assert "very-secret" not in f"{caught.value}{caught.value.mend}"
    assert "check the key" in caught.value.mend


def test_a_missing_key_is_told_before_any_call() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY is not set"):
        open_model("openai:gpt-x")
    with pytest.raises(ConfigError, match="not a URL"):
        open_model("openai:gpt-x", ModelSettings(base_url="localhost:8000"))
    with pytest.raises(ConfigError, match="holds a password"):
        open_model("openai:gpt-x", ModelSettings(base_url="http://me:secret@localhost:8000/v1"))
    open_model("openai:m", ModelSettings(base_url="http://10.1.2.3:8000/v1"))


def test_a_placeholder_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "…")
    with pytest.raises(ConfigError, match="holds no key"):
        open_model("openai:gpt-x")


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:1/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://192.168.0.4/v1", True),
        ("http://[::1]:8/v1", True),
        ("https://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_private_addresses(url: str, private: bool) -> None:
    assert is_private(url) is private


async def test_many_at_once_are_not_held_at_a_hundred_connections() -> None:
    import asyncio

    async with FakeOpenAI("fine", latency_s=0.5) as server:
        model = model_at(server)
        await asyncio.gather(*[model.chat(ASKED, Options(seed=i)) for i in range(150)])
        await model.close()
    assert server.peak == 150


class Bomb(FakeOpenAI):
    """A server whose reply is small on its way and 300 MB when it is unpacked."""

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        body = b"".join(packer.compress(b" " * 2**20) for _ in range(300)) + packer.flush()
        return web.Response(body=body, content_type="application/json", headers={"Content-Encoding": "gzip"})


async def test_a_reply_that_grows_when_it_is_unpacked_fails_and_does_not_fill_the_memory() -> None:
    async with Bomb() as server:
        model = model_at(server)
        tracemalloc.start()
        with pytest.raises(TransientError, match="more than"):
            await model.chat(ASKED, Options())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await model.close()
    assert peak < 100 * 2**20
