"""The ten models of 2025 as an example: the configuration is right, and what is served is run and ranked."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yaml

from dialogue_sim.judging.families import check_families
from dialogue_sim.reports.external import load_reference
from dialogue_sim.runs.config import DoctorConfig, load_config
from tests.servers.fake_openai import FakeOpenAI

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "leaderboard-2025"
MODELS = yaml.safe_load((EXAMPLE / "models.yaml").read_text(encoding="utf-8"))["models"]


def test_it_holds_the_ten_published_models_and_no_others() -> None:
    reference = load_reference("dialogue-2025")
    assert {(m["name"], m["size_class"]) for m in MODELS} == {
        (m.name, m.size_class) for m in reference.models
    }
    for model in MODELS:
        for name in model["served_as"]:
            found = reference.find([name])
            # What GLM calls `-hf` is the same weights in another layout, and no other table's name.
            assert found is None or found.name == model["name"]
        DoctorConfig.model_validate(
            {"model": f"openai:{model['served_as'][0]}", "options": model.get("options", {})}
        )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
def test_no_judge_is_of_a_doctors_family(model: dict) -> None:
    config = load_config(EXAMPLE / "run.yaml")
    assert check_families(f"openai:{model['served_as'][0]}", [judge.model for judge in config.judges]) == []


async def test_whatever_is_served_is_run_and_ranked(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        served = [
            await stack.enter_async_context(FakeOpenAI("Where does it hurt?", model=name))
            for name in ("Qwen/Qwen3-32B", "THUDM/glm-4-9b-chat", "somebody/else")
        ]
        words = [word for server in served for word in ("--server", server.url)]
        words += [
            "--server",
            "http://127.0.0.1:9/v1",
            "--judge",
            "lexicon",
            "--limit",
            "2",
            "--seeds",
            "1",
            "--out",
            str(tmp_path),
        ]
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLE / "run.py"), *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "DIALOGUE_SIM_LANG": "en", "PYTHONPATH": str(EXAMPLE.parents[1])},
        )  # fmt: skip
        out, err = (part.decode() for part in await process.communicate())
        assert process.returncode == 0, err
        bodies = {server.model: server.bodies[-1] for server in served[:2]}
    assert bodies["Qwen/Qwen3-32B"]["chat_template_kwargs"] == {"enable_thinking": False}
    assert bodies["THUDM/glm-4-9b-chat"]["stop_token_ids"] == [151329, 151336, 151338]
    assert err.count("not served") == 8
    assert "no answer from http://127.0.0.1:9/v1" in err
    assert "Models of about 8B" in out
    board = json.loads((tmp_path / "leaderboard.json").read_text())
    assert {row["model"]: row["external"]["dialogue-2025"] for row in board["rows"]} == {
        "Qwen3-32B": 77.65, "Glm-4-9b-chat": 39.51,
    }  # fmt: skip
