"""Every example runs as its README says, with scripted doctors or a loopback server where no engine is."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dialogue_sim.models.catalogue import catalogue
from tests.exports.talk import reply
from tests.servers.fake_openai import FakeOpenAI

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SMALL = [
    "--cases",
    "en-back-pain-warehouse",
    "--cases",
    "zh-back-pain-warehouse",
    "--cases",
    "en-barking-cough-toddler",
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder in which `dialogue-sim` is a command."""
    command = tmp_path / "bin" / "dialogue-sim"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom dialogue_sim.cli import main\nmain()\n")
    command.chmod(0o755)
    return tmp_path


def environment(place: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join([str(place / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "DIALOGUE_SIM_LANG": "en", "PYTHONPATH": str(ROOT), **more}


def carry_out(place: Path, words: list[str], *, at: Path | None = None, **more: str) -> tuple[int, str]:
    done = subprocess.run(
        words, check=False, cwd=at or place, env=environment(place, **more), capture_output=True, text=True, timeout=170
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def scores(folder: Path) -> dict:
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


async def test_score_a_model_that_vllm_serves(place: Path) -> None:
    config = EXAMPLES / "score-vllm-model" / "run.yaml"
    async with FakeOpenAI(reply, model="Qwen/Qwen3-8B") as server:
        words = ["dialogue-sim", "run", str(config), "--base-url", server.url, *SMALL]
        code, said = await asyncio.to_thread(carry_out, place, words, OPENAI_API_KEY="none")
        assert code == 0, said
        body = server.bodies[-1]
    assert (body["model"], body["chat_template_kwargs"]) == ("Qwen/Qwen3-8B", {"enable_thinking": False})
    assert scores(place / "runs" / "vllm-model")["n_dialogues"] == 3


def test_compare_two_models(place: Path) -> None:
    script = str(EXAMPLES / "compare-two-models" / "compare.sh")
    code, said = carry_out(place, ["bash", script, "scripted:brief", "scripted:expert", "--limit", "2"])
    assert code == 0, said
    found = json.loads((place / "runs" / "compare" / "comparison.json").read_text())
    a, b = (scores(place / "runs" / "compare" / name)["score"] for name in "ab")
    assert found["comparison"]["score"]["mean"] == pytest.approx(b - a)
    assert b > a
    assert (place / "runs" / "compare" / "comparison.html").stat().st_size > 1000


def test_every_embedded_model_that_is_named_is_in_the_catalogue() -> None:
    """No example may end at a model that does not exist, after the run before it was paid for."""
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for folder in ("examples", "docs", "README.md", "README.zh-CN.md", "Dialogue_eval.md")
        for path in ([ROOT / folder] if (ROOT / folder).is_file() else (ROOT / folder).rglob("*"))
        if path.suffix in (".md", ".sh", ".yaml", ".py")
        for name in re.findall(r"embedded:([a-z0-9][a-z0-9.-]*[a-z0-9])(?![\w/])", path.read_text("utf-8"))
    }
    assert ("examples/compare-two-models/compare.sh", "smollm2-135m") in named
    for where, name in named:
        assert catalogue().find(name), where


def test_a_function_as_the_doctor(place: Path) -> None:
    folder = EXAMPLES / "custom-doctor"
    words = ["dialogue-sim", "run", "--doctor", "python:doctor:reply", "--out", str(place / "run"), *SMALL]
    code, said = carry_out(place, words, at=folder)
    assert code == 0, said
    by_command = {case["id"]: case["score"] for case in scores(place / "run")["cases"]}
    code, said = carry_out(place, [sys.executable, "doctor.py"], at=folder)
    assert code == 0, said
    (points,) = re.findall(r"^score: ([\d.]+)$", said, re.MULTILINE)
    assert float(points) == pytest.approx(by_command["en-back-pain-warehouse"], abs=0.051)


def test_a_backend_by_entry_point(place: Path) -> None:
    folder, target = EXAMPLES / "custom-backend", place / "installed"
    install = [
        sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index",
        "--disable-pip-version-check", "--target", str(target), str(folder),
    ]  # fmt: skip
    code, said = carry_out(place, install)
    assert code == 0, said
    words = [
        "dialogue-sim",
        "run",
        "--doctor",
        f"phrasebook:{folder / 'phrases.yaml'}",
        "--out",
        "run",
        "--lang",
        "en",
        "--limit",
        "1",
    ]
    code, said = carry_out(place, words)
    assert code == 2
    assert "no model scheme 'phrasebook'" in said
    code, said = carry_out(place, words, PYTHONPATH=f"{target}{os.pathsep}{ROOT}")
    assert code == 0, said
    held = json.loads((place / "run" / "transcripts.jsonl").read_text().splitlines()[0])
    assert held["closing"]["diagnosis"] == "not yet clear"
    assert held["turns"][1]["text"] == "Hello, what has brought you here today?"
    code, said = carry_out(
        place,
        ["dialogue-sim", "run", "--doctor", "phrasebook:none.yaml"],
        PYTHONPATH=f"{target}{os.pathsep}{ROOT}",
    )
    assert code == 2
    assert "no phrasebook" in said


def test_a_rubric_of_ones_own(place: Path) -> None:
    rubric = str(EXAMPLES / "custom-rubric" / "rubric.yaml")
    found = {}
    for grade in ("snap", "expert"):
        words = [
            "dialogue-sim",
            "run",
            "--doctor",
            f"scripted:{grade}",
            "--rubric",
            rubric,
            "--out",
            grade,
            *SMALL,
        ]
        code, said = carry_out(place, words)
        assert code == 0, said
        found[grade] = scores(place / grade)
    assert found["expert"]["rubric"]["id"] == "telephone-triage"
    assert list(found["expert"]["dimensions"]) == ["safety", "manner"]
    assert found["expert"]["score"] > found["snap"]["score"] + 20


def test_the_gate_stops_a_worse_checkpoint_and_lets_an_equal_one_pass(place: Path) -> None:
    script = str(EXAMPLES / "ci-gate" / "gate.sh")
    cases = ["--limit", "6"]
    code, said = carry_out(
        place, ["dialogue-sim", "run", "--doctor", "scripted:expert", "--out", "baseline", *cases]
    )
    assert code == 0, said
    for candidate, wanted in (("scripted:expert", 0), ("scripted:brief", 1)):
        words = ["bash", script, "baseline", candidate, *cases]
        code, said = carry_out(place, words, OUT=candidate.replace(":", "-"))
        assert code == wanted, said
        assert (place / candidate.replace(":", "-") / "gate.md").is_file()
    assert carry_out(place, ["bash", script])[0] == 2


def test_the_gates_workflow_calls_the_gate() -> None:
    job = yaml.safe_load((EXAMPLES / "ci-gate" / "workflow.yml").read_text(encoding="utf-8"))["jobs"]["gate"]
    assert any("examples/ci-gate/gate.sh baselines/released" in step.get("run", "") for step in job["steps"])


def test_every_example_is_listed_and_speaks_both_languages() -> None:
    listed = set(re.findall(r"\]\(([\w-]+)/[\w.-]+\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert listed == folders
    for name in folders - {"demo"}:
        text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
        assert len(re.findall(r"[\u4e00-\u9fff]", text)) > 20
