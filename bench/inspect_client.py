"""Inspect AI on dialogues of the same length, as `throughput.py --inspect PYTHON` runs it.

A solver that lets two sides take turns and a scorer that asks once: 21 calls a dialogue. Inspect's
fast settings: no display, no realtime log. It prints the same figures of itself.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, get_model
from inspect_ai.scorer import Score, Target, mean, scorer
from inspect_ai.solver import Generate, TaskState, solver
from throughput import SYSTEM, TURNS, figures


@solver
def consultation() -> Any:
    """Two sides take turns; the history grows by a reply a call."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        model = get_model()
        if not hasattr(figures, "_watch"):
            figures.begin()
        state.messages = [ChatMessageSystem(content=SYSTEM), ChatMessageUser(content="Hello. " * 20)]
        for number in range(2 * TURNS):
            said = (await model.generate(state.messages)).completion
            speaker = ChatMessageUser if number % 2 else ChatMessageAssistant
            state.messages.append(speaker(content=said))
        return state

    return solve


@scorer(metrics=[mean()])
def judged() -> Any:
    """One call over the whole dialogue."""

    async def score(state: TaskState, target: Target) -> Score:
        said = await get_model().generate([*state.messages, ChatMessageUser(content="Judge this.")])
        return Score(value=1.0 if said.completion else 0.0)

    return score


def main() -> None:
    _, _, _, url, dialogues, concurrency = sys.argv
    os.environ["INSPECT_LOG_LEVEL"] = "warning"
    samples = [Sample(input=f"case {number}", target="") for number in range(int(dialogues))]
    with tempfile.TemporaryDirectory() as folder:
        eval(
            Task(dataset=samples, solver=consultation(), scorer=judged()), model="openai/m", model_base_url=url,
            model_args={"responses_api": False},
            display="none", log_dir=folder, log_realtime=False, max_samples=int(concurrency),
            max_connections=int(concurrency), adaptive_connections=False,
        )  # fmt: skip
        print(json.dumps(figures.end()))


if __name__ == "__main__":
    main()
