"""Both vLLM routes with a real vLLM and a tiny random model.

Needs vLLM and the model of `tests/servers/make_tiny_model.py`:

    DIALOGUE_SIM_TINY_VLLM_MODEL=/path/to/tiny pytest tests/models/test_vllm_real.py
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import ChatModel, Message, ModelSettings, Options, open_model
from dialogue_sim.models.caches import cache_tokens
from dialogue_sim.models.errors import ContextOverflowError, FatalError, ModelError
from dialogue_sim.models.structured import ask_json
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan

MODEL = os.environ.get("DIALOGUE_SIM_TINY_VLLM_MODEL", "")
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vllm is not installed"),
    pytest.mark.skipif(not MODEL, reason="DIALOGUE_SIM_TINY_VLLM_MODEL names no model"),
]

ENGINE = {
    "dtype": "bfloat16",
    "enforce_eager": True,
    "max_model_len": 2048,
    "max_num_batched_tokens": 8192,
    "enable_chunked_prefill": False,  # a seeded request split over chunks kills the CPU engine
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
ASKED = [Message(role="system", content="You are a patient. " * 60), Message(role="user", content="哪里疼？")]


class Mark(BaseModel):
    model_config = ConfigDict(extra="forbid")
    answer: Literal["yes", "no"]
    turn: int = Field(ge=1, le=5)


@pytest.fixture(autouse=True)
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("HF_HUB_OFFLINE", "1"),
        ("VLLM_NO_USAGE_STATS", "1"),
        ("VLLM_CPU_KVCACHE_SPACE", "1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


async def exercise(model: ChatModel) -> None:
    options = Options(seed=5, temperature=1.0, max_tokens=12, extra_body={"ignore_eos": True})
    first = await model.chat(ASKED, options)
    assert first.usage.completion == 12
    assert first.usage.prompt > 300
    assert first.finish == "length"
    again = await model.chat(ASKED, options)
    assert again.text == first.text
    assert (await model.chat(ASKED, options.model_copy(update={"seed": 6}))).text != first.text
    mark, replies = await ask_json(model, ASKED, Mark, Options(max_tokens=40, temperature=1.0))
    assert mark.answer in ("yes", "no")
    assert len(replies) == 1
    many = await asyncio.gather(
        *[model.chat(ASKED, options.model_copy(update={"seed": i})) for i in range(16)]
    )
    assert all(reply.usage.completion == 12 for reply in many)
    with pytest.raises(ContextOverflowError):
        await model.chat([Message(role="user", content="pain " * 3000)], Options(max_tokens=4))
    with pytest.raises(ModelError):
        await model.chat(ASKED, Options(temperature=-3.0))
    slow = asyncio.create_task(model.chat(ASKED, Options(max_tokens=1500, extra_body={"ignore_eos": True})))
    await asyncio.sleep(0.2)
    slow.cancel()
    assert (await model.chat(ASKED, options)).text == first.text


async def consultations(spec: str, folder: Path) -> None:
    """Whole dialogues, doctor and patient in one engine, simulated first and then judged."""
    engine = {**ENGINE, "max_model_len": 8192}
    model: dict[str, Any] = {
        "model": spec, "engine": engine, "options": {"max_tokens": 24, "temperature": 0.7},
    }  # fmt: skip
    outcome = await execute(
        plan(
            config_from_flags({
                "doctor": model, "patient": {**model, "selector": "lexical", "voice": "model"},
                "judges": [{"model": "lexicon"}], "allow_same_family": True, "limit": 4, "turns": 3, "concurrency": 4,
                "phased": True, "out": str(folder),
            })
        )
    )  # fmt: skip
    assert outcome.scores
    assert outcome.scores["n_dialogues"] == 4
    assert not outcome.failures


async def test_in_process() -> None:
    model = open_model(f"vllm:{MODEL}", ModelSettings(engine=ENGINE))
    judge = open_model(f"vllm:{MODEL}", ModelSettings(engine=ENGINE), role="judge")
    try:
        await exercise(model)
        loud = Options(seed=1, max_tokens=4, extra_body={"chat_template_kwargs": {"shout": True}})
        assert (await judge.chat(ASKED, loud)).usage.prompt > (
            await judge.chat(ASKED, Options(max_tokens=4))
        ).usage.prompt
        assert (await cache_tokens(judge) or 0) > 2048
        with pytest.raises(FatalError, match="nonsense"):
            await judge.chat(ASKED, Options(extra_body={"nonsense": 1}))
    finally:
        await model.close()
        await judge.close()


async def test_a_server_of_our_own() -> None:
    from dialogue_sim.models.vllm_serve import _SERVERS

    settings = ModelSettings(engine={**ENGINE, "enable_prompt_tokens_details": True})
    model = open_model(f"vllm-serve:{MODEL}", settings)
    try:
        await exercise(model)
        ((server, _),) = _SERVERS._made.values()
        assert (await model.chat(ASKED, Options(max_tokens=2))).usage.cached > 0
        assert (await cache_tokens(model) or 0) > 2048
    finally:
        await model.close()
    assert server.ended
    assert not await server.healthy()


@pytest.mark.parametrize("scheme", ["vllm", "vllm-serve"])
async def test_whole_dialogues(scheme: str, tmp_path: Path) -> None:
    await consultations(f"{scheme}:{MODEL}", tmp_path / "run")


async def test_a_server_that_does_not_start_shows_its_log() -> None:
    model = open_model(f"vllm-serve:{MODEL}", ModelSettings(engine={"no_such_flag": 1}))
    with pytest.raises(ConfigError, match="no-such-flag"):
        await model.chat(ASKED, Options())
    await model.close()
