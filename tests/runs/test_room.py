"""No more dialogues are under way than the engine's cache holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialogue_sim.models.caches import from_metrics
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.room import Cache, Room
from dialogue_sim.runs.run import execute, plan
from dialogue_sim.transcript import Transcript
from tests.servers.fake_openai import FakeOpenAI


async def peak(folder: Path, cache: int | None) -> int:
    """Requests that a run of 12 dialogues had in flight at once, doctor and patient in one engine."""
    async with FakeOpenAI("What brings you here?", latency_s=0.02, cache=cache) as server:
        model: dict[str, Any] = {"model": "openai:m", "base_url": server.url, "concurrency": 64}
        patient = {**model, "selector": "lexical", "voice": "model"}
        outcome = await execute(
            plan(
                config_from_flags({
                    "doctor": model, "patient": patient, "judges": [{"model": "lexicon"}], "lang": "en", "turns": 2,
                    "limit": 12, "concurrency": 12, "out": str(folder),
                })
            )
        )  # fmt: skip
        assert outcome.scores
        assert outcome.scores["n_dialogues"] == 12
        return server.peak


async def test_a_small_cache_bounds_what_is_under_way_and_a_large_one_does_not(tmp_path: Path) -> None:
    # Doctor and patient hold some 900 tokens of these short dialogues.
    assert (
        await peak(tmp_path / "small", 2400) <= 4
    )  # an ending dialogue frees its seat before its last reply is read
    assert await peak(tmp_path / "none", None) > 4


def spoken(tokens: int) -> Transcript:
    turn = {"number": 0, "speaker": "doctor", "text": "Hello.", "usage": {"prompt": tokens, "completion": 0}}
    return Transcript.model_validate(
        {"dialogue_id": "c/0", "case_id": "c", "language": "en", "turns": [turn]}
    )


def test_seats_follow_what_ended_dialogues_needed() -> None:
    room = Room(50, [Cache(40_960, ("doctor",)), Cache(1_000_000, ("patient",))])
    assert room.seats == 10
    room.learn(spoken(2048))
    assert room.seats == 20
    room.learn(spoken(6144))
    assert room.seats == 10
    assert Room(50, [Cache(10, ("doctor",))]).seats == 1
    assert Room(50, [Cache(10, ())]).seats == 50  # the judge's engine


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ('vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="100"} 1.0', 1600),
        (
            'vllm:cache_config_info{block_size="16",num_gpu_blocks="100"} 1.0\n'
            'vllm:cache_config_info{block_size="16",num_gpu_blocks="50"} 1.0\n',
            2400,
        ),
        ('vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1.0', None),
        ("llamacpp:kv_cache_tokens 7", None),
        ("", None),
    ],
)
def test_the_size_is_read_where_vllm_tells_it(text: str, tokens: int | None) -> None:
    assert from_metrics(text) == tokens


async def test_a_server_that_is_not_ones_own_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    model = open_model("openai:m", ModelSettings(base_url="https://api.example.com/v1"))
    assert await model.cache_tokens() is None  # type: ignore[attr-defined]
    await model.close()
