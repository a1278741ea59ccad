"""Fine-tuning examples: the messages are those that a model doctor is really shown."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.formats import export_run
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan
from tests.exports.talk import reply
from tests.servers.fake_openai import FakeOpenAI


def read_lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


async def test_an_example_is_what_the_model_was_shown_and_said(tmp_path: Path) -> None:
    async with FakeOpenAI(reply) as server:
        flags = {
            "doctor": {"model": "openai:fake", "base_url": server.url},
            "cases": ["en-back-pain-warehouse", "zh-back-pain-warehouse"],
            "out": str(tmp_path / "run"),
        }
        await execute(plan(config_from_flags(flags)))
        asked = [body["messages"] for body in server.bodies if len(body["messages"]) > 1]
    chat, about = (read_lines(path) for path in export_run(tmp_path / "run", "openai-chat"))
    assert [row["dialogue_id"] for row in about] == ["en-back-pain-warehouse/0", "zh-back-pain-warehouse/0"]
    assert {row["schema"] for row in about} == {"dialogue-sim/export/openai-chat/1"}
    for line in chat:
        assert set(line) == {"messages"}
        messages = line["messages"]
        assert [messages[0]["role"], messages[-1]["role"]] == ["system", "assistant"]
        said = [n for n, message in enumerate(messages) if message["role"] == "assistant"]
        assert len(said) == 7
        for n in said[:-1]:
            assert messages[:n] in asked
            assert messages[n]["content"] == reply({"messages": messages[:n]})
        # In the closing request the doctor's last turn stands without the mark that ended the dialogue.
        shown = [{**one, "content": re.sub(r"\n(\[END OF CONSULTATION\]|【问诊结束】)$", "", one["content"])}
                 for one in messages[:-1]]  # fmt: skip
        assert shown in asked
        assert json.loads(messages[-1]["content"]) == json.loads(reply({"messages": messages[:-1]}))


def test_only_dialogues_above_a_score_are_kept(made_run: Path, tmp_path: Path) -> None:
    scores = json.loads((made_run / "scores.json").read_text())
    points = {one["dialogue_id"]: one["score"] for case in scores["cases"] for one in case["runs"]}
    threshold = max(points.values())
    chat, about = (
        read_lines(path) for path in export_run(made_run, "openai-chat", tmp_path, min_score=threshold)
    )
    kept = {name: score for name, score in points.items() if score >= threshold}
    assert 0 < len(kept) < len(points)
    assert {row["dialogue_id"]: row["score"] for row in about} == kept
    assert len(chat) == len(kept)
    with pytest.raises(ConfigError, match="no dialogue has 99 points"):
        export_run(made_run, "openai-chat", tmp_path, min_score=99)


def test_a_case_that_has_changed_is_not_passed_off_as_the_runs(made_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made_run, copy)
    text = (copy / "transcripts.jsonl").read_text(encoding="utf-8")
    (copy / "transcripts.jsonl").write_text(re.sub(r'"case_sha256": "\w{4}', '"case_sha256": "0000', text))
    with pytest.raises(ConfigError, match="not here in the version"):
        export_run(copy, "openai-chat")
