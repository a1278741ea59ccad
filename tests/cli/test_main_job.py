"""The main job from the command line: reproducible, resumable, and clear about what is wrong."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-c", "from dialogue_sim.cli import main; main()"]


def dialogue_sim(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        env=env(**environment),
        timeout=120,
    )


def env(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI")}
    return {**kept, "PYTHONPATH": str(HERE / "runs"), "DIALOGUE_SIM_LANG": "en", **more}


def scores_of(folder: Path) -> dict:
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


def run(out: Path, *words: object, **environment: str) -> dict:
    done = dialogue_sim("run", "--out", out, "--json", *words, **environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == scores_of(out)
    return scores_of(out)


def test_a_scripted_run_is_reproducible_to_the_last_bit(tmp_path):
    for name in ("a", "b"):
        run(tmp_path / name, "--doctor", "scripted:expert", "--limit", 4)
    for file in ("scores.json", "transcripts.jsonl", "verdicts.jsonl"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_grades_come_out_far_apart(tmp_path):
    found = {
        grade: run(tmp_path / grade, "--doctor", f"scripted:{grade}", "--limit", 6)["score"]
        for grade in ("expert", "snap", "silent")
    }
    assert found["expert"] > found["snap"] + 40
    assert found["silent"] <= 5


def test_a_run_leaves_every_file(tmp_path):
    run(tmp_path / "r", "--doctor", "scripted:thorough", "--limit", 2)
    for name in (
        "run.yaml",
        "journal.sqlite",
        "transcripts.jsonl",
        "verdicts.jsonl",
        "scores.json",
        "summary.md",
        "report.html",
    ):
        assert (tmp_path / "r" / name).stat().st_size > 0, name


def test_killed_in_the_middle_it_goes_on_and_pays_for_nothing_twice(tmp_path):
    words = ("--doctor", "python:doctors:counted", "--limit", 4, "--concurrency", 2)
    whole = run(tmp_path / "whole", *words, CALLS=str(tmp_path / "whole.calls"), PACE="0")
    broken = tmp_path / "broken"
    calls = tmp_path / "broken.calls"
    process = subprocess.Popen(
        [*COMMAND, "run", "--out", str(broken), *map(str, words)], env=env(CALLS=str(calls), PACE="0.1"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: calls.is_file() and len(calls.read_text().splitlines()) >= 9)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (broken / "scores.json").exists()
    resumed = run(broken, *words, CALLS=str(calls), PACE="0")
    assert resumed == whole
    needed = (tmp_path / "whole.calls").read_text().splitlines()
    paid = calls.read_text().splitlines()
    # Only the calls in flight at the moment of the kill, one a dialogue, may have been made again.
    assert len(needed) <= len(paid) <= len(needed) + 2
    assert set(paid) == set(needed)


def wait_for(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_ctrl_c_finishes_what_is_in_flight_and_saves(tmp_path):
    calls = tmp_path / "calls"
    words = (
        "--doctor",
        "python:doctors:counted",
        "--limit",
        "4",
        "--concurrency",
        "1",
        "--out",
        str(tmp_path / "r"),
    )
    process = subprocess.Popen(
        [*COMMAND, "run", *words], env=env(CALLS=str(calls), PACE="0.1"), stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: calls.is_file() and len(calls.read_text().splitlines()) >= 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopping" in said
    finished = (tmp_path / "r" / "transcripts.jsonl").read_text().splitlines()
    assert len(finished) == 1
    assert scores_of(tmp_path / "r")["n_dialogues"] == 1
    assert run(tmp_path / "r", *words[:-2], CALLS=str(calls), PACE="0")["n_dialogues"] == 4


def test_failures_are_counted_shown_and_tried_again(tmp_path):
    words = ("--limit", 4, "--out", tmp_path / "r")
    done = dialogue_sim("run", "--doctor", "python:doctors:failing", *words)
    assert done.returncode == 3, done.stderr
    scores = scores_of(tmp_path / "r")
    assert scores["n_dialogues"] == 2
    assert scores["n_planned"] == 4
    assert scores["failures"] == {"simulate": 2, "judge": 0, "kinds": {"fatal": 2}}
    assert "not scored" in done.stdout


WRONG = {
    "no doctor": (["run"], "--doctor"),
    "mistyped scheme": (["run", "--doctor", "opnai:gpt"], "openai:gpt"),
    "unknown grade": (["run", "--doctor", "scripted:exprt"], "expert"),
    "missing key": (["run", "--doctor", "openai:gpt-x"], "OPENAI_API_KEY"),
    "dead server": (["run", "--doctor", "openai:m", "--base-url", "http://127.0.0.1:9/v1"], "127.0.0.1:9"),
    "unknown case": (["run", "--doctor", "scripted:snap", "--cases", "zh-nobody"], "zh-nobody"),
    "unknown rubric": (
        ["run", "--doctor", "scripted:snap", "--rubric", "clinical-dialog"],
        "clinical-dialogue",
    ),
    "unknown config": (["run", "nowhere.yaml"], "nowhere.yaml"),
    "no run": (["score", "."], "run.yaml"),
    "bad budget": (["run", "--doctor", "scripted:snap", "--budget", "much"], "--budget"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_gets_one_clear_message_and_code_2(tmp_path, words):
    command, named = words
    out = [] if command[0] == "score" else ["--out", str(tmp_path / "r")]
    done = dialogue_sim(*command, *out)
    assert done.returncode == 2, done.stdout + done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r" / "scores.json").exists()


def test_an_empty_case_folder_and_a_bad_case_file_are_named(tmp_path):
    (tmp_path / "cases").mkdir()
    done = dialogue_sim("run", "--doctor", "scripted:snap", "--cases", tmp_path / "cases")
    assert (done.returncode, "no case" in done.stderr) == (2, True)
    bad = tmp_path / "cases" / "bad.yaml"
    bad.write_text("schema: dialogue-sim/case/1\nid: x\n", encoding="utf-8")
    done = dialogue_sim("run", "--doctor", "scripted:snap", "--cases", tmp_path / "cases")
    assert done.returncode == 2
    assert f"{bad}:1" in done.stderr


def test_another_runs_folder_is_refused(tmp_path):
    run(tmp_path / "r", "--doctor", "scripted:snap", "--limit", 2)
    done = dialogue_sim("run", "--doctor", "scripted:expert", "--limit", 2, "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "doctor" in done.stderr
    assert "--out" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    done = dialogue_sim("run", "--doctor", "scripted:snap", "--limit", 1, "--out", tmp_path / "locked" / "r")
    assert (done.returncode, str(tmp_path / "locked") in done.stderr) == (2, True)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "r").write_text("mine")
    done = dialogue_sim("run", "--doctor", "scripted:snap", "--limit", 1, "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (tmp_path / "r").read_text() == "mine"


def test_judging_again_does_not_simulate_again(tmp_path):
    calls = tmp_path / "calls"
    run(tmp_path / "r", "--doctor", "python:doctors:counted", "--limit", 2, CALLS=str(calls), PACE="0")
    before = calls.read_text()
    done = dialogue_sim("judge", tmp_path / "r", "--judge", "lexicon", "--json", CALLS=str(calls))
    assert done.returncode == 0, done.stderr
    done = dialogue_sim("score", tmp_path / "r", "--json", CALLS=str(calls))
    assert done.returncode == 0, done.stderr
    assert calls.read_text() == before


def test_a_run_directory_can_be_moved(tmp_path):
    run(tmp_path / "r", "--doctor", "scripted:snap", "--limit", 2)
    shutil.move(tmp_path / "r", tmp_path / "elsewhere")
    done = dialogue_sim("report", tmp_path / "elsewhere")
    assert done.returncode == 0, done.stderr


def test_a_full_disk_gets_one_clear_message_and_loses_nothing_finished(tmp_path):
    words = ("--doctor", "python:doctors:counted", "--limit", "6", "--concurrency", "1")
    calls = tmp_path / "calls"
    # A limit on the size of files stands in for a full disk: writing fails at the same place.
    limited = subprocess.run(
        [*COMMAND, "run", "--out", str(tmp_path / "r"), *words], check=False, capture_output=True, text=True, timeout=120,
        env=env(CALLS=str(calls), PACE="0"), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )  # fmt: skip
    assert limited.returncode == 2, limited.stderr
    assert "disk" in limited.stderr
    assert "Traceback" not in limited.stderr
    before = calls.read_text().splitlines()
    assert run(tmp_path / "r", *words, CALLS=str(calls), PACE="0")["n_dialogues"] == 6
    after = calls.read_text().splitlines()
    assert len(set(after)) == len(after) or len(after) - len(set(after)) <= 1
    assert len(after) > len(before)
