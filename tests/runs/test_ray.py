"""A run over a Ray cluster comes out as one process's, even when a worker dies in the middle.

Needs the extra `ray`. CI runs it in a job of its own (`.ci/ray`), because Ray is large.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan

HERE = Path(__file__).parent
FILES = ("scores.json", "transcripts.jsonl", "verdicts.jsonl")
WITHOUT = importlib.util.find_spec("ray") is None
pytestmark = [pytest.mark.ray, pytest.mark.skipif(WITHOUT, reason="ray is not installed (extra ray)")]


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    """Four slots on this machine, in processes of their own."""
    import ray

    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.syspath_prepend(HERE)
    environment = {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}", "RAY_memory_monitor_refresh_ms": "0"}
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": environment})
    yield
    ray.shutdown()


def held(out: Path, **flags):
    asked = {
        "doctor": {"model": "python:doctors:mortal"}, "lang": "en", "limit": 4, "seeds": 2, "concurrency": 6,
        "out": str(out), **flags,
    }  # fmt: skip
    return asyncio.run(execute(plan(config_from_flags(asked))))


def content(run: Path) -> list[str]:
    """The files of a run, but for how long the doctor took."""
    return [re.sub(r'"latency_s": [\d.e-]+', "", (run / name).read_text(encoding="utf-8")) for name in FILES]


def test_a_worker_may_die(cluster, tmp_path):
    calls = tmp_path / "calls"
    alone = held(tmp_path / "alone")
    needed = Counter(calls.read_text(encoding="utf-8").splitlines())
    calls.unlink()
    (tmp_path / "mortal").write_text("one of you", encoding="utf-8")
    spread = held(tmp_path / "spread", executor="ray", workers=3)
    assert not (tmp_path / "mortal").exists(), "nobody died"
    assert (spread.failures, spread.stopped) == (0, "")
    assert content(tmp_path / "spread") == content(tmp_path / "alone")
    assert json.loads(content(tmp_path / "spread")[0])["score"] == alone.scores["score"]
    made = Counter(calls.read_text(encoding="utf-8").splitlines())
    assert set(made) == set(needed)
    # What was in flight in the worker that died is asked once more, and nothing else: two dialogues at a time.
    assert sum((made - needed).values()) <= 2


def test_a_budget_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="budget"):
        held(tmp_path, executor="ray", budget={"tokens": 1000})
