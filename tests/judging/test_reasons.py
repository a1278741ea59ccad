"""Every reason that a program or a rule can give has a Chinese wording, and a model's stays as it was written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialogue_sim.judging
from dialogue_sim.judging.reasons import told
from dialogue_sim.judging.verdict import Verdict

ROOM = Path(dialogue_sim.judging.__file__).parent
SOURCES = [*ROOM.glob("rules/*.py"), *ROOM.glob("programs/*.py")]
WHY = {"nothing": 0, "cited": 1, "said": 1, "concluded": 1, "Counted": 1}
"""Functions that take a reason, and where."""


def sentences(tree: ast.AST) -> Iterator[str]:
    """The reasons in a module, each value in them filled with a 1."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        named = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WHY:
                given = node.args[WHY[node.func.id]]  # type: ignore[attr-defined]
                yield from texts(named.get(given.id, given) if isinstance(given, ast.Name) else given)
            # What is harmful is said by the function that finds it.
            if function.name in ("_harmful", "_overdose") and isinstance(node, ast.Return) and node.value:
                yield from texts(node.value)


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
        for value in node.value.values:
            yield from texts(value)


def verdict(why: str, judge: str = "lexicon") -> Verdict:
    return Verdict(item="A1", mark="met", value=1.0, why=why, method="lexicon", judge=judge)


def test_every_reason_of_programs_and_rules_can_be_told_in_chinese() -> None:
    found = {text for file in SOURCES for text in sentences(ast.parse(file.read_text(encoding="utf-8")))}
    assert len(found) > 60
    for why in sorted(found):
        assert re.search(r"[一-鿿]", told(verdict(why), "zh")), why
        assert told(verdict(why), "en") == why


@pytest.mark.parametrize(
    ("why", "chinese"),
    [
        ("3 of 4 red flags asked about", "4 个危险信号问了 3 个"),
        ("2 of 2 asked about", "2 项问了 2 项"),
        ("asked for ideas, concerns", "问了：看法、担忧"),
        ("advises urgent, the case is emergency", "建议尽快就诊，病例应为立即急诊"),
        ("greets: True, introduces: False", "问候：有；介绍自己：没有"),
        ("not in the dialogue: {n} of 5\n{0}", "对话里没有：{n} of 5\n{0}"),
        ("overdose: aspirin 20 g, single doses end at 1000 mg", "超量：aspirin 20 g，单次最多 1000 mg"),
    ],
)
def test_the_values_stand_where_they_belong(why: str, chinese: str) -> None:
    assert told(verdict(why), "zh") == chinese


def test_what_nobody_worded_stays_as_it_is() -> None:
    assert told(verdict("asked", judge="openai:m"), "zh") == "asked"
    assert told(verdict("something new"), "zh") == "something new"
