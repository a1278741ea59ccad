"""What is generated is what the code says, and the site builds without a broken link."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import pages, rubric_tables
from tests.docs.pages import ROOT


def test_the_generated_pages_are_committed_as_the_code_makes_them() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"{stale}: run `python -m docs.generate`"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_manual_shows_every_item_of_the_rubric(language: str) -> None:
    from dialogue_sim.judging.rubric import load_rubric

    shown = rubric_tables(language)
    rubric = load_rubric(None)
    for part in (*rubric.items, *rubric.caps):
        assert f"**{part.id}** {part.wording(language).name}" in shown
        assert part.wording(language).statement in shown.replace("\\|", "|")


def test_every_field_of_scores_json_is_explained(tmp_path: Path) -> None:
    code = "from dialogue_sim.cli import main; main()"
    words = ["run", "--doctor", "scripted:brief", "--cases", "en-heart-skips-student", "--out", "r", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    written = set(json.loads(done.stdout))
    table = re.findall(r"^\| (.*?) \|", (ROOT / "docs/scores.md").read_text(encoding="utf-8"), re.MULTILINE)
    explained = {name for cell in table for name in re.findall(r"`(\w+)`", cell)}
    assert written - {"schema"} <= explained
    assert explained <= written | {"schema"}


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the extra `docs` is not installed")
    command = ["sphinx.cmd.build", "-W", "--keep-going", "-q", "-c", "docs", "-d", str(tmp_path / "trees"), ".", str(tmp_path / "site")]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "site" / "docs" / "index.html").is_file()
