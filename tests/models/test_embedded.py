"""The embedded engine with a real, tiny model. It cannot converse; what is tested is the plumbing."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import Message, ModelSettings, Options, embedded, open_model
from dialogue_sim.models.base import ChatModel
from dialogue_sim.models.catalogue import catalogue
from dialogue_sim.models.check import check_model
from dialogue_sim.models.embedded import _ENGINES
from dialogue_sim.models.errors import ContextOverflowError, FatalError
from dialogue_sim.models.structured import ask_json
from dialogue_sim.models.weights import announce, pull

SPEC = "embedded:smollm2-135m"
ASKED = [Message(role="user", content="Where does it hurt?")]
SETTINGS = ModelSettings(engine={"n_ctx": 1024})

installed = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp is not installed"
)
pytestmark = pytest.mark.embedded


class Mark(BaseModel):
    model_config = ConfigDict(extra="forbid")
    answer: str = Field(pattern="^(yes|no)$")
    turn: int = Field(ge=1, le=9)


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed")
    try:
        await pull(catalogue().find("smollm2-135m"), announce("smollm2-135m"))
    except ConfigError as problem:
        pytest.skip(f"no weights: {problem.what.splitlines()[0]}")
    model = open_model(SPEC, SETTINGS)
    yield model
    await model.close()
    assert not _ENGINES._made


async def test_seed_schema_limits_and_errors(model: ChatModel) -> None:
    options = Options(seed=3, temperature=1.0, max_tokens=12)
    await model.chat(ASKED, options)
    one, other = [await model.chat(ASKED, options) for _ in range(2)]
    assert one.text == other.text
    assert (one.finish, one.usage.completion, one.model) == ("length", 12, "SmolLM2-135M-Instruct.Q4_1.gguf")
    assert one.usage.cached > 0
    assert (await model.chat(ASKED, options.model_copy(update={"seed": 4}))).text != one.text
    mark, replies = await ask_json(model, ASKED, Mark, Options(max_tokens=64, temperature=0))
    assert mark.answer in ("yes", "no")
    assert len(replies) == 1
    with pytest.raises(ContextOverflowError):
        await model.chat([Message(role="user", content="pain " * 2000)], Options(max_tokens=4))
    with pytest.raises(FatalError):
        await model.chat(ASKED, Options(json_schema={"type": "no such type"}))


async def test_roles_share_one_engine_and_a_cancelled_call_frees_its_slot(model: ChatModel) -> None:
    judge = open_model(SPEC, SETTINGS, role="judge")
    await asyncio.gather(model.chat(ASKED, Options(max_tokens=4)), judge.chat(ASKED, Options(max_tokens=4)))
    assert len(_ENGINES._made) == 1
    story = asyncio.create_task(
        model.chat([Message(role="user", content="Tell a long story.")], Options(max_tokens=900))
    )
    await asyncio.sleep(0.3)
    story.cancel()
    started = asyncio.get_running_loop().time()
    await judge.chat(ASKED, Options(max_tokens=2))
    assert asyncio.get_running_loop().time() - started < 3
    await judge.close()


async def test_a_model_that_never_ends_is_ended(model: ChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LONGEST", Options(max_tokens=40))
    reply = await model.chat(ASKED, Options(extra_body={"ignore_eos": True}))
    assert (reply.finish, reply.usage.completion) == ("length", 40)


async def test_it_is_checked_like_any_other(model: ChatModel) -> None:
    found = await check_model(SPEC, SETTINGS)
    assert (found.reachable, found.json_schema, found.seed, found.usage) == (True, True, True, True)


@installed
def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        open_model(f"embedded:{tmp_path}/none.gguf")
    with pytest.raises(ConfigError, match="did you mean 'smollm2-135m'"):
        open_model("embedded:smollm2-153m")


@installed
async def test_a_file_that_is_no_model_and_an_unknown_argument(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"nothing" * 100)
    for settings, said in (
        (ModelSettings(), "cannot be loaded"),
        (ModelSettings(engine={"n_thread": 2}), "n_threads"),
    ):
        model = open_model(f"embedded:{tmp_path}/x.gguf", settings)
        with pytest.raises(ConfigError, match=said):
            await model.chat(ASKED, Options())
        await model.close()


def test_without_the_engine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"dialogue-sim\[embedded\]"):
        open_model("embedded")
