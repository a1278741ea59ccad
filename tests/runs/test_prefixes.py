"""What a dialogue sends only grows at its end, so that a server's prefix cache holds all that was sent before."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import pytest

from dialogue_sim.models.journal import Call, Journal
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan

HERE = Path(__file__).parent


@pytest.fixture(params=["zh", "en"])
def calls(request, monkeypatch, tmp_path) -> dict[str, list[Call]]:
    """The calls of a run's dialogues, in the order in which they were made."""
    monkeypatch.syspath_prepend(HERE)
    flags = {
        "doctor": {"model": "python:doctors:plain"}, "judges": [{"model": "python:doctors:examining"}],
        "lang": request.param, "limit": 3, "turns": 4, "out": str(tmp_path / "run"),
    }  # fmt: skip
    outcome = asyncio.run(execute(plan(config_from_flags(flags))))
    assert (outcome.failures, outcome.scores["n_dialogues"]) == (0, 3)
    journal = Journal(tmp_path / "run", read_only=True)
    try:
        found: dict[str, list[Call]] = {}
        for call in journal.calls():
            found.setdefault(f"{call.role} {call.dialogue}", []).append(call)
    finally:
        journal.close()
    return found


def test_a_doctors_prompts_are_append_only(calls):
    doctors = [made for name, made in calls.items() if name.startswith("doctor")]
    assert len(doctors) == 3
    for made in doctors:
        assert len(made) == 5  # four turns and the closing block
        for earlier, later in pairwise(made[:4]):
            assert later.messages[: len(earlier.messages)] == earlier.messages
        # The closing block is asked for after everything that was said.
        before, closing = made[3].messages, made[4].messages
        assert closing[: len(before)] == before
        assert closing[len(before)] == {"role": "assistant", "content": made[3].reply.text}


def test_a_judge_reads_the_dialogue_before_the_items_and_one_call_goes_first(calls):
    judges = [made for name, made in calls.items() if name.startswith("judge")]
    assert len(judges) == 3
    for made in judges:
        assert len(made) > 3
        assert len({call.messages[0]["content"] for call in made}) == 1
        asked = [call.messages[1]["content"] for call in made]
        shared = min(text.index('"CLOSING"') for text in asked)
        assert len({text[:shared] for text in asked}) == 1
        first_item = min(re.search(r"\b[A-G]\d+\b", text[shared:]).start() for text in asked)
        assert first_item > 0
        # The first call has ended before any of its siblings begins.
        begun = [call.created - call.reply.latency_s for call in made]
        assert min(begun[1:]) >= made[0].created - made[0].reply.latency_s + 0.9 * made[0].reply.latency_s
