"""`compare`, `leaderboard`, `power`, `calibrate` and `rescore` from the command line: figures and exit codes."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dialogue_sim.cli import main
from tests.reports.made_runs import make_run, steady
from tests.servers.fake_openai import FakeOpenAI

COMMANDS = ("compare", "leaderboard", "power", "calibrate", "rescore")


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


Call = Callable[..., Done]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("DIALOGUE_SIM_LANG", "en")

    def carry_out(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["dialogue-sim", *map(str, words)])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as left:
            code = left.code
        return Done(int(code or 0), *capsys.readouterr())

    return carry_out


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs of scripted doctors with the record patient and the lexicon judge."""
    root = tmp_path_factory.mktemp("real")
    patch = pytest.MonkeyPatch()
    for grade in ("expert", "brief"):
        words = [
            "run",
            "--doctor",
            f"scripted:{grade}",
            "--lang",
            "en",
            "--limit",
            "6",
            "--out",
            str(root / grade),
            "--json",
        ]
        patch.setattr(sys, "argv", ["dialogue-sim", *words])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
    patch.undo()
    return {grade: root / grade for grade in ("expert", "brief")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("made")
    return {
        "half": make_run(root / "half", "openai:half", steady(0.5), cases=20),
        "gaps": make_run(
            root / "gaps",
            "openai:gaps",
            steady(0.5),
            cases=20,
            skip=lambda case, replicate: case == "en-case-000",
        ),
        "short": make_run(
            root / "short", "openai:short", steady(0.5), cases=20, changes={"simulation.turns": 5}
        ),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, call: Call) -> None:
    done = call(command, "--help")
    assert done.code == 0
    assert f"Example: dialogue-sim {command}" in done.out


def test_compare_says_which_is_better_and_by_how_much(real: dict[str, Path], call: Call) -> None:
    done = call("compare", real["brief"], real["expert"])
    assert done.code == 0, done.err
    assert "scripted:expert is better than scripted:brief" in done.out
    for word in ("Safety", "p (Holm)", "p (FDR)", "C2 Safety net"):
        assert word in done.out
    found = call("compare", real["brief"], real["expert"], "--json").json
    for side, grade in (("a", "brief"), ("b", "expert")):
        score = json.loads((real[grade] / "scores.json").read_text())["score"]
        assert found[side]["score"] == pytest.approx(score)


def test_a_gate_in_ci_fails_when_the_candidate_is_worse(real: dict[str, Path], call: Call) -> None:
    assert call("compare", real["expert"], real["brief"], "--fail-if-worse").code == 1
    assert call("compare", real["brief"], real["expert"], "--fail-if-worse").code == 0
    assert call("compare", real["expert"], real["brief"]).code == 0


def test_what_is_not_comparable_exits_2_and_names_it(made: dict[str, Path], call: Call) -> None:
    done = call("compare", made["half"], made["short"])
    assert done.code == 2
    assert "turn limit: 5 ≠ 30" in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    forced = call("compare", made["half"], made["short"], "--force")
    assert forced.code == 0
    assert "Forced" in forced.out


def test_missing_dialogues_exit_3(made: dict[str, Path], call: Call) -> None:
    assert call("compare", made["half"], made["gaps"]).code == 3
    assert call("leaderboard", made["half"], made["gaps"]).code == 3


def test_leaderboard_in_every_form(real: dict[str, Path], call: Call, tmp_path: Path) -> None:
    files = [tmp_path / f"board{ending}" for ending in (".md", ".csv", ".json", ".html")]
    done = call("leaderboard", *real.values(), *(word for file in files for word in ("--write", file)))
    assert done.code == 0, done.err
    assert done.out.index("scripted:expert") < done.out.index("scripted:brief")
    assert "How well the patient was played" in done.out, "fidelity stands beside the scores"
    assert all(file.stat().st_size for file in files)
    chinese = call(
        "leaderboard",
        *real.values(),
        "--form",
        "columns",
        "--report-lang",
        "zh",
        "--external",
        "dialogue-2025",
    )
    assert "对话交互能力排行" in chinese.out
    named = call(
        "leaderboard", f"Qingnang-9B={real['expert']}", real["brief"], "--external", "dialogue-2025", "--json"
    )
    assert [row["external"] for row in named.json["rows"]] == [{"dialogue-2025": 73.35}, {}]


def test_json_is_all_there_is_on_stdout(real: dict[str, Path], call: Call) -> None:
    for words in (("leaderboard", *real.values()), ("power",), ("compare", real["brief"], real["expert"])):
        done = call(*words, "--json")
        assert done.json["schema"].startswith("dialogue-sim/")


def test_wrong_usage_exits_2(real: dict[str, Path], call: Call, tmp_path: Path) -> None:
    for words, message in (
        (("leaderboard", tmp_path), "no run directory"),
        (("leaderboard", real["expert"], "--write", "board.pdf"), "no known ending"),
        (("leaderboard", real["expert"], "--external", "medbench"), "medbench-2025"),
        (("leaderboard", real["expert"], "--lang", "zh"), "no scored case in the language 'zh'"),
        (("power", "--noise", "some"), "is no noise"),
        (("power", "--cases", "many"), "no list of whole numbers"),
        (("power", "--pilot", real["expert"]), "no components"),
        (("rescore", real["expert"], "--sheets", "a-b"), "names no sheets"),
        (("rescore", real["expert"], "--rubric", "medflow-2025"), "needs one model"),
        (("rescore", tmp_path / "none.xlsx"), "cannot be read"),
    ):
        done = call(*words)
        assert done.code == 2, words
        assert message in done.err, words
        assert "Traceback" not in done.err


def test_power_prints_a_plan_and_a_study(real: dict[str, Path], call: Call) -> None:
    done = call(
        "power", "--difference", 2, "--noise", "6,8,4", "--seeds", "3", "--votes", "3", "--cases", "300"
    )
    assert done.code == 0
    assert "232" in done.out
    assert "given by you" in done.out
    pilot = call("power", "--pilot", real["expert"], "--pilot", real["brief"], "--json").json
    assert pilot["source"] == "pilot"
    assert pilot["components"]["model"] > pilot["components"]["model_case"]
    assert all(row["phi"] is not None for row in pilot["study"])


def test_calibrate_warns_by_its_exit_code(made: dict[str, Path], call: Call, tmp_path: Path) -> None:
    judged = [json.loads(line) for line in (made["half"] / "verdicts.jsonl").read_text().splitlines()]

    def humans(path: Path, inverted: str) -> Path:
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["dialogue_id", "item", "rater", "verdict"])
            for one in judged:
                for verdict in one["verdicts"]:
                    value = 1 - verdict["value"] if verdict["item"] == inverted else verdict["value"]
                    rows.writerow([one["dialogue_id"], verdict["item"], "kim", "met" if value else "not"])
        return path

    good = call("calibrate", made["half"], humans(tmp_path / "good.csv", ""))
    assert good.code == 0, good.err
    assert "κ 1.00" in good.out
    bad = call("calibrate", made["half"], humans(tmp_path / "bad.csv", "C2"), "--report-lang", "zh")
    assert bad.code == 1
    assert "C2 安全网 读反了" in bad.out


def test_rescoring_a_run_gives_its_own_score(real: dict[str, Path], call: Call, tmp_path: Path) -> None:
    done = call("rescore", *real.values(), "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    for one in done.json["sets"]:
        known = json.loads((real[one["name"]] / "scores.json").read_text())
        assert one["score"] == pytest.approx(known["score"])
        assert one["without_case"] == 0
    assert done.json["ranking"]["rows"][0]["model"] == "expert"


@contextmanager
def served(**more: Any) -> Iterator[FakeOpenAI]:
    """A judge on the loopback, in a thread of its own."""
    server = FakeOpenAI(**more)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def test_rescoring_with_a_judge_that_fails_exits_3_and_is_made_up(
    real: dict[str, Path], call: Call, tmp_path: Path
) -> None:
    words = (
        "rescore",
        real["brief"],
        "--rubric",
        "medflow-2025",
        "--judge",
        "openai:fake",
        "--out",
        tmp_path / "out",
    )
    pytest.importorskip("openpyxl", reason="the extra `xlsx` is not installed")
    with served(reply="I would rather not say") as server:
        done = call(*words, "--base-url", server.url)
    assert done.code == 3, done.err
    assert "6 of 6 consultations could not be scored (malformed 6)" in done.out
    with served(
        reply=lambda body: "40,20,10" if "round" in body["messages"][0]["content"].lower() else "1"
    ) as server:
        done = call(*words, "--base-url", server.url, "--json")
    assert done.code == 0, done.err
    assert done.json["sets"][0]["failures"] == []
    report = done.json["sets"][0]["medflow"]
    assert [sheet["base"] for sheet in report["sheets"]] == [70.0] * 6
    assert done.json["sets"][0]["score"] == pytest.approx(report["overall"])
    assert (tmp_path / "out" / "brief-medflow-2025.xlsx").is_file()
