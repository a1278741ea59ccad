"""`version` states what a score depends on, and its hashes are those that a run records."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from dialogue_sim.cli.app import app
from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import plan

CASE = "en-back-pain-warehouse"


def told(*words: str) -> dict:
    done = CliRunner().invoke(app, ["version", "--json", *words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_hashes_are_those_a_run_records() -> None:
    manifest = plan(config_from_flags({"doctor": {"model": "scripted:snap"}, "cases": [CASE]})).manifest
    found = told("--cases", CASE)
    assert found["version"] == manifest["version"]
    assert found["prompts"]["sha256"] == manifest["simulation"]["prompts_sha256"]
    assert manifest["judging"]["rubric"] in found["rubrics"]
    assert found["cases"]["en"]["n"] == 1


def test_each_part_changes_alone(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "doctor_system.j2").write_text("You are a doctor.")
    one, other = told("--cases", CASE), told("--cases", CASE, "--prompts", str(tmp_path))
    assert one["prompts"] != other["prompts"]
    assert {**one, "prompts": 0} == {**other, "prompts": 0}
    assert told("--cases", "en-barking-cough-toddler")["cases"] != one["cases"]


def test_it_prints_every_rubric() -> None:
    said = CliRunner().invoke(app, ["version", "--cases", CASE]).stdout
    assert f"clinical-dialogue   {load_rubric(None).version}, sha256 " in said
    assert "medflow-2025" in said
