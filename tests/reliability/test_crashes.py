"""Whatever happens to the process, the same command afterwards comes to the same scores and pays nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import database
from dialogue_sim.runs import directory
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan

ROOT = Path(__file__).resolve().parents[2]
CONCURRENCY = 3


def flags(out: Path) -> dict:
    return {
        "doctor": {"model": "python:tests.reliability.talkers:counted"},
        "limit": 4,
        "concurrency": CONCURRENCY,
        "out": str(out),
    }


def whole_run(out: Path) -> dict:
    scores = asyncio.run(execute(plan(config_from_flags(flags(out))))).scores
    assert scores is not None
    return scores


def in_child(work: Callable[[], object]) -> int:
    """Start `work` in a forked process; returns its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def ended(child: int) -> int:
    """How a child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> tuple[dict, list[str]]:
    folder = tmp_path_factory.mktemp("unbroken")
    os.environ["CALLS"] = str(folder / "calls")
    scores = whole_run(folder / "r")
    calls = (folder / "calls").read_text().split()
    assert len(set(calls)) == len(calls) > 20
    return scores, calls


def resumed_equals(unbroken, folder: Path) -> None:
    scores, needed = unbroken
    assert whole_run(folder / "r") == scores
    paid = Counter((folder / "calls").read_text().split())
    assert set(paid) == set(needed)
    # Only what was in flight at the moment of the kill, one call a dialogue, may have been made again.
    assert sum(paid.values()) - len(needed) <= CONCURRENCY


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_transaction(number: int, monkeypatch) -> None:
    """Kill at a write to the journal, after the work of the transaction and before its commit."""
    left = [number]

    def put(self, connection, batch):
        connection.execute("BEGIN IMMEDIATE")
        for job in batch:
            job.work(connection)
        left[0] -= 1
        if not left[0]:
            die()
        connection.execute("COMMIT")

    monkeypatch.setattr(database.Database, "_transact", put)


# How many calls share a transaction depends on the machine; that there are this many of them does not.
@pytest.mark.parametrize("number", [1, 4, 9])
def test_killed_inside_a_journal_write(number, unbroken, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    with monkeypatch.context() as patch:
        die_in_transaction(number, patch)
        assert ended(in_child(lambda: whole_run(tmp_path / "r"))) == -signal.SIGKILL
    resumed_equals(unbroken, tmp_path)


def test_killed_while_a_result_is_put_in_place(unbroken, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    def replace(draft, target):
        if Path(target).name == "verdicts.jsonl":
            die()
        os.rename(draft, target)

    with monkeypatch.context() as patch:
        patch.setattr(directory.os, "replace", replace)
        assert ended(in_child(lambda: whole_run(tmp_path / "r"))) == -signal.SIGKILL
    assert not (tmp_path / "r" / "verdicts.jsonl").exists()
    resumed_equals(unbroken, tmp_path)


def test_killed_at_random_moments_again_and_again(unbroken, tmp_path, monkeypatch):
    chance = random.Random(7)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PACE", "0.05")
    for _ in range(4):
        child = in_child(lambda: whole_run(tmp_path / "r"))
        time.sleep(chance.uniform(0.05, 0.5))
        os.kill(child, signal.SIGKILL)
        assert ended(child) in (0, -signal.SIGKILL)
    monkeypatch.setenv("PACE", "0")
    scores, needed = unbroken
    assert whole_run(tmp_path / "r") == scores
    paid = (tmp_path / "calls").read_text().split()
    assert set(paid) == set(needed)
    assert len(paid) - len(needed) <= 4 * CONCURRENCY


def test_a_second_process_is_refused_and_the_first_is_not_disturbed(unbroken, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PACE", "0.05")
    planned = plan(config_from_flags(flags(tmp_path / "r")))
    child = in_child(lambda: whole_run(tmp_path / "r"))
    wait_for((tmp_path / "calls").exists)
    with pytest.raises(ConfigError, match=f"another process \\({child}\\) is running here") as refusal:
        asyncio.run(execute(planned))
    assert "--out" in refusal.value.mend
    assert ended(child) == 0
    assert json.loads((tmp_path / "r" / "scores.json").read_text()) == unbroken[0]


def test_a_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLS", "/dev/null")
    read, write = os.pipe()

    def try_it() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            asyncio.run(execute(plan(config_from_flags(flags(Path("/usr/lib/no-run-here"))))))
        except ConfigError as problem:
            os.write(write, str(problem).encode())

    assert ended(in_child(try_it)) == 0
    told = os.read(read, 4096).decode()
    assert "/usr/lib/no-run-here" in told
    assert "--out" in told


def test_clocks_that_jump_change_nothing(unbroken, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    chance, real = random.Random(3), time.time
    monkeypatch.setattr(time, "time", lambda: real() + chance.choice([-1e8, -3600, 0, 86400, 1e9]))
    resumed_equals(unbroken, tmp_path)
    assert len((tmp_path / "calls").read_text().split()) == len(unbroken[1])


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("doctor", ["counted", "stuck"])
def test_the_second_ctrl_c_stops_at_once_with_everything_saved(doctor, unbroken, tmp_path):
    calls = tmp_path / "calls"
    environment = {
        **os.environ,
        "CALLS": str(calls),
        "PACE": "0.4",
        "PYTHONPATH": str(ROOT),
        "DIALOGUE_SIM_LANG": "en",
    }
    words = [
        "run",
        "--doctor",
        f"python:tests.reliability.talkers:{doctor}",
        "--limit",
        "4",
        "--out",
        str(tmp_path / "r"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", "from dialogue_sim.cli import main; main()", *words], env=environment, cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: calls.exists() and (doctor == "stuck" or len(calls.read_text().split()) >= 5))
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - asked < 5
    assert process.returncode == 130, said
    assert "Traceback" not in said
    if doctor == "counted":
        paid = len(calls.read_text().split())
        os.environ["CALLS"] = str(calls)
        assert whole_run(tmp_path / "r") == unbroken[0]
        assert len(calls.read_text().split()) == len(unbroken[1]), paid
