"""Every finding of the linter can be told in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialogue_sim.cases.lint
from dialogue_sim.cases.lint import Finding, told
from tests.sentences import texts

ROOM = Path(dialogue_sim.cases.lint.__file__).parent
SAYING = {"Raw": (2, 3), "Finding": (3, 4)}


def sentences() -> Iterator[str]:
    """What the rules say, each value filled with a 1."""
    for file in ROOM.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in SAYING and file.stem != "finding":
                for place in SAYING[name]:
                    yield from texts(node.args[place], tree)  # type: ignore[attr-defined]
            elif getattr(getattr(node, "func", None), "attr", "") == "append" and file.stem == "sets":
                yield from texts(node.args[0], tree)  # type: ignore[attr-defined]
            elif isinstance(node, ast.Tuple) and file.stem == "sets" and len(node.elts) == 5:
                yield from (text for place in (3, 4) for text in texts(node.elts[place], tree))


def test_every_finding_has_a_chinese_wording() -> None:
    found = {sentence for sentence in sentences() if sentence}
    assert len(found) > 75
    plain = [sentence for sentence in sorted(found) if not re.search(r"[一-鿿]", told(sentence, "zh"))]
    assert plain == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("not recorded: denied symptoms", "未记录：否认的症状"),
        ("differs from 'en-a' in red flags", "与 'en-a' 的危险信号不同"),
        ("no emergency case", "没有急症病例"),
        ("2 facts", "有 2 条事实"),
    ],
)
def test_the_values_stand_where_they_belong(english: str, chinese: str) -> None:
    assert told(english, "zh") == chinese
    assert told(english, "en") == english


def test_a_finding_is_told_whole() -> None:
    finding = Finding(
        "cues_can_fire", "warning", "a.yaml:3 (patient.cues)", "there is no cue", "add its result"
    )
    assert finding.told("zh") == "a.yaml:3 (patient.cues): 警告 [cues_can_fire] 没有一条线索\n    → 补上结果"
    assert finding.told("en").startswith("a.yaml:3 (patient.cues): warning [cues_can_fire] there is no cue\n")
