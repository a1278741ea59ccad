"""No bundled case is broken: on each of them the grades of the scripted doctors come out as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GRADES = ("template", "thorough", "expert")


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    found = {}
    for grade in GRADES:
        out = tmp_path_factory.mktemp(grade) / "run"
        code = "from dialogue_sim.cli import main; main()"
        words = ["run", "--doctor", f"scripted:{grade}", "--out", str(out), "--json"]
        done = subprocess.run(
            [sys.executable, "-c", code, *words], check=True, capture_output=True, text=True, timeout=300
        )
        found[grade] = {case["id"]: case["score"] for case in json.loads(done.stdout)["cases"]}
    return found


def test_there_are_sixty_cases_in_both_languages(scores):
    names = list(scores["expert"])
    assert len(names) == 60
    assert sum(name.startswith("zh-") for name in names) == 30


def test_the_expert_reaches_85_on_every_case(scores):
    assert {name: score for name, score in scores["expert"].items() if score < 85} == {}


def test_thorough_lies_between_template_and_expert_on_every_case(scores):
    for name, score in scores["thorough"].items():
        assert scores["template"][name] < score < scores["expert"][name], name


def test_the_bundled_cases_are_clean():
    from dialogue_sim.cases.lint import lint
    from dialogue_sim.resources import bundled

    found = lint([Path(bundled("cases"))])
    assert [str(finding) for finding in found.findings] == []
    assert found.balance == []
