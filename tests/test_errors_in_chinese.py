"""Every error that a user can meet can be told in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialogue_sim
from dialogue_sim.errors import UserError, told
from tests.sentences import texts

HOUSE = Path(dialogue_sim.__file__).parent
# Errors of programmers, and those whose text is somebody else's.
NOT_FOR_USERS = {
    "ValueError",
    "KeyError",
    "TypeError",
    "AttributeError",
    "LookupError",
    "FileNotFoundError",
    "DatabaseError",
    "RuntimeError",
}
CHECKED_BY_PYDANTIC = ("cases/model.py", "cases/vocabulary.py", "runs/config.py", "models/catalogue.py")


def sentences() -> Iterator[tuple[str, str]]:
    """Where, and what an error says or how it is mended, each value filled with a 1."""
    for file in sorted(HOUSE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        place = file.relative_to(HOUSE).as_posix()
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            ours = (name.endswith("Error") and name not in NOT_FOR_USERS) or name in ("error", "unreadable")
            if name == "ValueError" and place in CHECKED_BY_PYDANTIC:
                ours = True
            if ours:
                said = [*node.args[:2], *(word.value for word in node.keywords if word.arg == "mend")]
                for text in (text for part in said for text in texts(part, tree)):
                    yield place, text


def test_every_error_has_a_chinese_wording() -> None:
    found = {(place, text) for place, text in sentences() if re.search("[a-z]{3}", text)}
    assert len(found) > 250
    assert sorted(pair for pair in found if not re.search(r"[一-鿿]", told(pair[1], "zh"))) == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("there is no model scheme 'nope'", "没有模型类别 'nope'"),
        (
            "the field 'say' is missing (and 3 more findings in this file)",
            "缺少字段 'say'（此文件另有 3 处问题）",
        ),
        ("Input should be 'affirmed' or 'denied'", "只能是 'affirmed' or 'denied'"),
        ("cannot be read: No such file or directory", "读不了：没有这个文件或文件夹"),
        ("cannot be written: No space left on device", "写不了：磁盘满了"),
        ("something that nobody worded", "something that nobody worded"),
        ("{what} of {0}: 5", "{what} of {0}: 5"),
    ],
)
def test_the_values_stand_where_they_belong(english: str, chinese: str) -> None:
    assert told(english, "zh") == chinese
    assert told(english, "en") == english


def test_an_error_is_told_whole() -> None:
    problem = UserError("is not UTF-8 text", where="a.yaml", mend="save the file as UTF-8")
    assert problem.told("zh") == "a.yaml: 不是 UTF-8 文本\n  → 请把文件存成 UTF-8"
    assert str(problem) == problem.told("en") == "a.yaml: is not UTF-8 text\n  → save the file as UTF-8"
