"""The same engine gives the same dialogue, whether it runs in this process or behind an OpenAI-compatible server."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialogue_sim.models.catalogue import catalogue
from dialogue_sim.models.weights import pull
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.directory import RunDirectory
from dialogue_sim.runs.run import Stages, execute, plan

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(
        importlib.util.find_spec("xllamacpp") is None, reason="the embedded engine is not installed"
    ),
]
MODEL = "smollm2-135m"


@pytest.fixture
async def address() -> AsyncIterator[str]:
    weights = await pull(catalogue().find(MODEL), lambda *_: None)
    script = Path(__file__).with_name("llama_server.py")
    threads = str(len(os.sched_getaffinity(0)))
    # The engine prints as it loads; the address is the line that is one.
    process = subprocess.Popen([sys.executable, script, weights, threads], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield next(line.strip() for line in process.stdout if line.startswith("http"))
    finally:
        process.kill()
        process.wait()


async def dialogue(out: Path, doctor: dict[str, object]) -> list[str]:
    settings = {"style": "guided", "options": {"temperature": 0.7, "max_tokens": 40}}
    config = RunConfig.model_validate(
        {
            "doctor": {**doctor, **settings},
            "cases": ["en-headaches-designer"],
            "turns": 4,
            "concurrency": 1,
            "out": str(out),
        }
    )
    planned = plan(config)
    outcome = await execute(planned, Stages(judge=False))
    assert not outcome.failures
    directory = RunDirectory(planned.out, planned.manifest)
    try:
        (transcript,) = directory.transcripts().values()
    finally:
        directory.close()
    return [turn.text for turn in transcript.turns]


async def test_embedded_and_loopback_server_hold_the_same_dialogue(address, tmp_path):
    here = await dialogue(tmp_path / "embedded", {"model": f"embedded:{MODEL}"})
    there = await dialogue(tmp_path / "openai", {"model": f"openai:{MODEL}", "base_url": f"{address}/v1"})
    assert len(here) >= 4
    assert here == there
