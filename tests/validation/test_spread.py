"""Scores of the graded doctors by specialty."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from dialogue_sim.cli.app import app

CASES = ["zh-heart-skips-student", "en-heart-skips-student", "en-infant-fever"]


def test_the_spread_is_printed_by_specialty(monkeypatch):
    monkeypatch.setenv("DIALOGUE_SIM_LANG", "zh")
    ran = CliRunner().invoke(app, ["case", "stats", "--graded", *CASES])
    assert ran.exit_code == 0, ran.output
    assert "全科" in ran.output
    assert "scripted:expert" in ran.output


def test_its_figures_are_those_of_the_cases():
    ran = CliRunner().invoke(app, ["case", "stats", "--graded", "--json", *CASES])
    found = {row["specialty"]: row for row in json.loads(ran.output)["graded"]}
    assert {name: row["cases"] for name, row in found.items()} == {"general_practice": 2, "pediatrics": 1}
    heart = found["general_practice"]
    for grade in ("template", "thorough", "expert"):
        assert heart["lowest"][grade] <= heart["means"][grade] <= heart["highest"][grade]
    assert heart["means"]["template"] < heart["means"]["thorough"] < heart["means"]["expert"]
