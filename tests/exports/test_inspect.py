"""Inspect in both directions: our log in its reader, and our benchmark in its runner."""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.formats import export_run
from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.errors import ContextOverflowError, RefusedError
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan
from tests.exports.talk import reply
from tests.servers.fake_openai import FakeOpenAI

inspect_ai = pytest.importorskip("inspect_ai")
CASES = ["en-back-pain-warehouse", "zh-back-pain-warehouse"]


def figures(log: Any) -> dict[str, dict[str, float]]:
    """Score or dimension → its metrics by name."""
    return {
        one.name: {m.name.split("/")[-1]: m.value for m in one.metrics.values()} for one in log.results.scores
    }


def wanted(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    everything = {"score": scores, **scores["dimensions"]}
    return {
        name: {"case_mean": one["score"], "low": one["ci95"][0], "high": one["ci95"][1]}
        for name, one in everything.items()
    }


def dialogues(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        one["dialogue_id"]: {"score": one["score"], **one["dimensions"]}
        for case in scores["cases"]
        for one in case["runs"]
    }


async def test_a_log_opens_in_inspects_reader_and_its_scores_are_the_runs(
    made_run: Path, tmp_path: Path
) -> None:
    from inspect_ai.log import read_eval_log_async, read_eval_log_sample_summaries_async

    (path,) = export_run(made_run, "inspect", tmp_path)
    assert path.name == "brief.eval"
    log = await read_eval_log_async(str(path))
    scores = json.loads((made_run / "scores.json").read_text())
    assert log.status == "success"
    assert (log.eval.model, log.eval.metadata["schema"]) == (
        "scripted:brief",
        "dialogue-sim/export/inspect/1",
    )
    assert figures(log) == wanted(scores)
    found = {s.metadata["dialogue_id"]: s.scores["dialogue_interaction"].value for s in log.samples}
    assert found == dialogues(scores)
    assert {(s.id, s.epoch) for s in log.samples} == {(case, n) for case in CASES for n in (1, 2)}
    sample = log.samples[0]
    assert [one.role for one in sample.messages[:2]] == ["user", "assistant"]
    assert sample.messages[0].text == sample.input
    assert "A1 " in sample.scores["dialogue_interaction"].explanation
    assert len(await read_eval_log_sample_summaries_async(str(path))) == 4


async def test_inspect_eval_gives_the_score_that_run_gives(tmp_path: Path) -> None:
    from inspect_ai.log import list_eval_logs, read_eval_log_async

    async with FakeOpenAI(reply) as server:
        flags = {
            "doctor": {"model": "openai:fake", "base_url": server.url},
            "cases": CASES, "seeds": 2, "out": str(tmp_path / "run"),
        }  # fmt: skip
        outcome = await execute(plan(config_from_flags(flags)))
        command = [
            sys.executable, "-m", "inspect_ai", "eval", "dialogue_sim/clinical_dialogue", "--model", "openai-api/loop/fake",
            "-T", f"cases={','.join(CASES)}", "-T", "seeds=2", "--log-dir", str(tmp_path / "logs"), "--display", "none",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "LOOP_BASE_URL": server.url, "LOOP_API_KEY": "none"},
        )  # fmt: skip
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-2000:]
    (info,) = list_eval_logs(str(tmp_path / "logs"))
    log = await read_eval_log_async(info)
    assert log.status == "success", log.error
    for name, one in wanted(outcome.scores or {}).items():
        assert figures(log)[name] == pytest.approx(one, abs=1e-9)
    found = {s.metadata["dialogue_id"]: s.scores["dialogue_interaction"].value for s in log.samples}
    assert found == dialogues(outcome.scores or {})


async def test_what_inspects_model_says_is_told_apart() -> None:
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from dialogue_sim.inspect_task import InspectModel

    def output(text: str, stop: Any) -> ModelOutput:
        made = ModelOutput.from_content("mockllm/model", text, stop_reason=stop)
        made.usage = ModelUsage(input_tokens=5, output_tokens=2, total_tokens=10, input_tokens_cache_read=3)
        return made

    outputs = [
        output("<think>hm</think>Hello", "max_tokens"),
        output("", "content_filter"),
        output("", "model_length"),
    ]
    model = InspectModel(get_model("mockllm/model", custom_outputs=outputs, memoize=False))
    asked = [Message(role="system", content="s"), Message(role="user", content="u")]
    said = await model.chat(asked, Options(seed=1, json_schema={"type": "object", "properties": {}}))
    assert (said.text, said.reasoning, said.finish) == ("Hello", "hm", "length")
    assert (said.usage.prompt, said.usage.cached, said.usage.completion) == (8, 3, 2)
    with pytest.raises(RefusedError):
        await model.chat(asked, Options())
    with pytest.raises(ContextOverflowError):
        await model.chat(asked, Options())


def test_the_tasks_arguments_are_checked_before_anything_is_asked() -> None:
    from dialogue_sim.inspect_task import clinical_dialogue

    assert clinical_dialogue(cases="en-back-pain-warehouse").epochs == 1
    with pytest.raises(ConfigError, match="cannot play under Inspect"):
        clinical_dialogue(judge="openai:gpt")
    with pytest.raises(Exception, match="no-such-case"):
        clinical_dialogue(cases="no-such-case")


def test_an_interval_needs_two_cases() -> None:
    from inspect_ai.scorer import SampleScore, Score

    from dialogue_sim.inspect_task import ci95

    one = ci95()([SampleScore(score=Score(value=50.0), sample_id="a")])
    assert all(math.isnan(value) for value in one.values())
