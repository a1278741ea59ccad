"""One JSON object of a form, or a malformed reply: nothing in between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.budget import Budget
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.models.journal import Journal
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.python_function import FunctionModel
from dialogue_sim.models.reasoning import split_reasoning
from dialogue_sim.models.structured import ask_json, find_object

ASKED = [Message(role="user", content="judge this")]


class Mark(BaseModel):
    model_config = ConfigDict(extra="forbid")
    verdict: str = Field(pattern="^(met|not)$")
    quotes: list[dict[str, int]] = Field(default_factory=list)


class Says:
    """Answers with one text after another, and remembers what it was asked."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.asked: list[list[Message]] = []

    def __call__(self, messages: list[Message]) -> str:
        self.asked.append(list(messages))
        return self.texts.pop(0)


@pytest.mark.parametrize(
    "text",
    [
        '{"verdict": "met"}',
        '```json\n{"verdict": "met"}\n```',
        'Sure! Here it is:\n{"verdict": "met"}\nHope this helps {really}.',
        '<think>maybe {"verdict": "not"}</think>{"verdict": "met"}',
        'I said {"verdict": "met"} and repeat: {"verdict": "met"}',
    ],
)
async def test_the_object_is_found_in_what_surrounds_it(text: str) -> None:
    mark, replies = await ask_json(FunctionModel(Says(text), "python:t"), ASKED, Mark, Options())
    assert (mark.verdict, len(replies)) == ("met", 1)


@pytest.mark.parametrize(
    "text",
    [
        "met",
        "",
        '{"verdict": "perhaps"}',
        '{"verdict": "met", "more": 1}',
        '{"verdict": "met"} or {"verdict": "not"}',
        '{"verdict": "met", "quotes": [{"a": 1}, {"a"',
        '{"quotes": [{"verdict": "met"}',
    ],
)
async def test_a_bad_reply_is_shown_and_asked_again_once(text: str) -> None:
    says = Says(text, '{"verdict": "not"}')
    mark, replies = await ask_json(FunctionModel(says, "python:t"), ASKED, Mark, Options())
    assert (mark.verdict, len(replies)) == ("not", 2)
    again = says.asked[1]
    assert again[0] == ASKED[0]
    assert again[1] == Message(role="assistant", content=text or "{}")
    assert '"verdict"' in again[2]["content"]


async def test_what_stays_bad_is_malformed_with_the_last_reply() -> None:
    with pytest.raises(MalformedError, match="in 3 replies") as caught:
        await ask_json(FunctionModel(Says("a", "b", "c"), "python:t"), ASKED, Mark, Options(), repairs=2)
    assert caught.value.reply == "c"


async def test_malformed_replies_are_paid_for_but_not_replayed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    says = Says("bad", "worse", '{"verdict": "met"}')
    for attempt in range(2):
        model = JournaledModel(
            FunctionModel(says, "python:t"),
            journal,
            role="judge",
            dialogue="d",
            limiter=Limiter(),
            budget=Budget(),
        )
        if attempt == 0:
            with pytest.raises(MalformedError):
                await ask_json(model, ASKED, Mark, Options())
        else:
            mark, _ = await ask_json(model, ASKED, Mark, Options())
            assert mark.verdict == "met"
    assert journal.usage()[0].calls == 3
    journal.close()


@given(
    st.dictionaries(
        st.text(max_size=8), st.one_of(st.integers(), st.text(max_size=20), st.none()), max_size=5
    ),
    st.text("abc \n`,.:", max_size=30),
    st.text("abc \n`,.:", max_size=30),
)
def test_any_object_is_found_between_any_prose(value: dict[str, object], before: str, after: str) -> None:
    text = f"{before}{json.dumps(value, ensure_ascii=False)}{after}"
    if "<" not in text:
        assert find_object(text) == value


@pytest.mark.parametrize(
    ("raw", "text", "reasoning"),
    [
        ("<think>a</think>b", "b", "a"),
        ("<think>a", "", "a"),
        ("a</think>b", "b", "a"),
        ("x <THINK>a</THINK> y", "x  y", "a"),
        ("<think>\n\n</think>\n\nb", "b", ""),
        ("1 < 2", "1 < 2", ""),
        ("<think>a</think>b<think>c", "b", "a\n\nc"),
    ],
)
def test_reasoning_is_split_off_closed_or_not(raw: str, text: str, reasoning: str) -> None:
    assert split_reasoning(raw) == (text, reasoning)
