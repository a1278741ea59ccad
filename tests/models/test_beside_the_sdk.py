"""The client asks and hears as the official SDK does, of which it does without (see `models/openai_api.py`)."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from openai import APIStatusError, AsyncOpenAI

from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.completions import retry_after
from dialogue_sim.models.errors import ModelError, RateLimitedError
from dialogue_sim.models.openai_api import OpenAIModel
from dialogue_sim.models.settings import ModelSettings
from tests.servers.fake_openai import FakeOpenAI

ASKED = [
    Message(role="system", content="你是一名医生。"),
    Message(role="user", content='My "belly" hurts – 38.5 °C\n😷'),
]
SCHEMA = {
    "type": "object", "properties": {"met": {"type": "boolean"}}, "required": ["met"], "additionalProperties": False,
}  # fmt: skip


class Noting(FakeOpenAI):
    """The server, noting the headers that tell who asks for what."""

    noted = ("Authorization", "Content-Type", "Accept", "OpenAI-Organization", "OpenAI-Project")

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.headers = {name: request.headers.get(name) for name in self.noted}
        return await super()._chat(request)


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("API_KEY", "sk-of-mine"), ("ORG_ID", "org-1"), ("PROJECT_ID", "proj-1")):
        monkeypatch.setenv(f"OPENAI_{name}", value)


async def by_sdk(server: FakeOpenAI, **request: Any) -> Any:
    async with AsyncOpenAI(base_url=server.url, max_retries=0) as client:
        return await client.chat.completions.create(model="fake", messages=ASKED, **request)  # type: ignore[call-overload]


async def by_us(server: FakeOpenAI, options: Options) -> Any:
    model = OpenAIModel("fake", ModelSettings(base_url=server.url))
    try:
        return await model.chat(ASKED, options)
    finally:
        await model.close()


async def test_both_send_the_same_and_hear_the_same() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}}
    options = Options(seed=7, temperature=0.5, max_tokens=50, stop=("\n",), json_schema=SCHEMA)
    async with Noting(lambda body: '{"met": true} ✓') as server:
        theirs = await by_sdk(
            server, seed=7, temperature=0.5, max_tokens=50, stop=["\n"], response_format=form
        )
        headers = server.headers
        ours = await by_us(server, options)
        assert server.headers == headers
        assert headers["OpenAI-Organization"] == "org-1"
    assert server.bodies[0] == server.bodies[1]
    assert ours.text == theirs.choices[0].message.content
    assert (ours.usage.prompt, ours.usage.completion) == (
        theirs.usage.prompt_tokens,
        theirs.usage.completion_tokens,
    )


@pytest.mark.parametrize("word", ["429:3", "500", "404", "filtered", "429:quota"])
async def test_what_is_a_failure_to_one_is_one_to_the_other(word: str) -> None:
    async with FakeOpenAI("never", script=[word, word]) as server:
        with pytest.raises(APIStatusError) as theirs:
            await by_sdk(server)
        with pytest.raises(ModelError) as ours:
            await by_us(server, Options())
    told = theirs.value.body
    if isinstance(told, dict):
        assert str(told["message"]) in str(ours.value)
    if isinstance(ours.value, RateLimitedError):
        assert ours.value.retry_after == retry_after(theirs.value.response.headers) == 3
