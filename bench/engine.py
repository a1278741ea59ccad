"""Free-running against lockstep, and the prefix cache, on a real engine.

The same dialogues of unequal length (2 to 10 doctor turns, by a seed; replies of unequal length too, as people's and
models' are: the most tokens of each are drawn from a log-normal distribution) are held twice on one engine:
once as `dialogue-sim run` does, each advancing on its own, and once in lockstep, as scripts over a
batch interface do: as many dialogues as go on at once form a batch, no turn begins before all of the batch have
finished the one before, and the next batch begins when the last dialogue of this one has ended. The
barrier is in this file only. The share of prompt tokens that came from the prefix cache is what the
engine itself reported for the calls of the free-running run, its closing blocks and judge calls included.

    python bench/engine.py --model vllm:/path/to/model --engine '{"enforce_eager": true, …}'
    python bench/engine.py --model embedded:smollm2-135m --at-once 4
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from machine import described, table

from dialogue_sim.cases import Case
from dialogue_sim.models.base import ChatModel, Message, Options, Reply, Role
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.roles.doctor import Doctor, DoctorReply
from dialogue_sim.runs import run as running
from dialogue_sim.runs.cast import Cast
from dialogue_sim.runs.config import RunConfig, config_from_flags
from dialogue_sim.transcript import Turn

SHORTEST, LONGEST = 2, 10
SPREAD = 0.6  # of the logarithm of a reply's length


class Batch:
    """A barrier that ended dialogues leave."""

    def __init__(self, size: int) -> None:
        self._most, self._inside, self._waiting = size, 0, 0
        self._turn, self._next = asyncio.Condition(), 0
        self._closed = False

    async def enter(self) -> None:
        """Wait until the batch before has ended and this one is full."""
        async with self._turn:
            await self._turn.wait_for(lambda: not self._closed)
            self._inside += 1
            self._closed = self._inside == self._most
            self._turn.notify_all()
            await self._turn.wait_for(lambda: self._closed)

    async def step(self) -> None:
        """Wait until all of the batch are here."""
        async with self._turn:
            self._waiting, now = self._waiting + 1, self._next
            self._go_on()
            await self._turn.wait_for(lambda: self._next > now)

    async def leave(self) -> None:
        """A dialogue has ended."""
        async with self._turn:
            self._inside -= 1
            self._closed = self._closed and self._inside > 0
            self._go_on()
            self._turn.notify_all()

    def _go_on(self) -> None:
        if self._inside and self._waiting >= self._inside:
            self._waiting, self._next = 0, self._next + 1
            self._turn.notify_all()


class Unequal:
    """A doctor who ends after a number of turns of its own, waiting for the others where there is a batch."""

    def __init__(self, inner: Doctor, turns: int, batch: Batch | None) -> None:
        self.spec, self._inner, self._turns, self._batch = inner.spec, inner, turns, batch
        self._spoken = 0

    async def speak(self, turns: Sequence[Turn], turns_left: int) -> DoctorReply:
        if self._batch:
            await (self._batch.step() if self._spoken else self._batch.enter())
        reply = await self._inner.speak(turns, turns_left)
        self._spoken += 1
        ends = self._spoken >= self._turns
        # Nonsense of a tiny model repeats itself; the consultation must not end early for that.
        return reply._replace(text=f"({self._spoken}) {reply.text}", closes=ends, closing=None)

    async def conclude(self, turns: Sequence[Turn]) -> DoctorReply:
        if self._batch:
            await self._batch.leave()
        return await self._inner.conclude(turns)


class Talkative:
    """A model whose replies in conversation are cut at lengths of their own; forms are not cut."""

    def __init__(self, inner: ChatModel, tokens: int) -> None:
        self.spec, self._inner, self._tokens = inner.spec, inner, tokens

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        if options.json_schema is None:
            drawn = random.Random(options.seed).gauss(-(SPREAD**2) / 2, SPREAD)
            options = options.model_copy(update={"max_tokens": max(1, round(self._tokens * math.exp(drawn)))})
        return await self._inner.chat(messages, options)

    async def close(self) -> None:
        """The inner model belongs to the cast."""


class BenchCast(Cast):
    """The cast of a run whose doctors end at unequal times."""

    batch: Batch | None = None
    tokens = 0

    def _model(self, spec: str, settings: ModelSettings, role: Role, dialogue: str) -> ChatModel:
        model = super()._model(spec, settings, role, dialogue)
        return Talkative(model, self.tokens) if role == "doctor" else model

    def doctor(self, case: Case, replicate: int) -> Doctor:
        turns = random.Random(f"{case.id}/{replicate}").randint(SHORTEST, LONGEST)
        return Unequal(super().doctor(case, replicate), turns, self.batch)


async def held(config: RunConfig, batch: Batch | None, stages: running.Stages) -> tuple[float, Any]:
    """Seconds that the run took, and what its calls used."""
    BenchCast.batch = batch
    started = time.perf_counter()
    outcome = await running.execute(running.plan(config), stages)
    wall = time.perf_counter() - started
    directory = running.RunDirectory(outcome.path, running.plan(config).manifest)
    try:
        return wall, directory.usage()
    finally:
        directory.close()


async def compare(arguments: argparse.Namespace) -> list[list[str]]:
    """The rows of the table."""
    running.Cast = BenchCast  # type: ignore[misc]
    BenchCast.tokens = arguments.tokens
    options = {"temperature": 1.0, "max_tokens": arguments.tokens}
    settings = {"concurrency": arguments.at_once, "engine": arguments.engine, "options": options}
    # One engine for all runs: this model keeps it open, and the runs share it.
    warm = open_model(arguments.model, ModelSettings.model_validate(settings))
    await warm.chat([{"role": "user", "content": "Hello."}], Options(max_tokens=4))
    rows = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            walls: dict[str, list[float]] = {"free-running": [], "lockstep": []}
            for repeat in range(-1, arguments.repeats):
                for name, found in walls.items():
                    flags = {
                        "doctor": {"model": arguments.model, "style": "chat", **settings}, "lang": "en", "turns": LONGEST + 1,
                        "limit": arguments.dialogues, "seeds": arguments.seeds, "concurrency": arguments.at_once,
                        "seed": abs(repeat),
                        "out": f"{folder}/{name}-{repeat}",
                    }  # fmt: skip
                    batch = Batch(arguments.at_once) if name == "lockstep" else None
                    wall, _ = await held(config_from_flags(flags), batch, running.Stages(judge=False))
                    if repeat >= 0:  # the first of each loads lexicons and fills the prefix cache
                        found.append(wall)
                    print(f"{name}: {wall:.1f} s", file=sys.stderr, flush=True)
            rows += [
                [f"{name}, s", " ".join(f"{wall:.1f}" for wall in found)] for name, found in walls.items()
            ]
            rows.append(
                [
                    "lockstep / free-running (best of each)",
                    f"{min(walls['lockstep']) / min(walls['free-running']):.2f}",
                ]
            )
            flags |= {
                "judges": [{"model": arguments.model, "items_per_call": 1, **settings}], "allow_same_family": True,
                "limit": arguments.judged, "seeds": 1, "out": f"{folder}/judged",
            }  # fmt: skip
            _, usage = await held(config_from_flags(flags), None, running.ALL)
            for spent in usage:
                rows.append([f"{spent['role']}: calls, prompt tokens, from the cache",
                             f"{spent['calls']}, {spent['prompt']}, {100 * spent['cached'] / spent['prompt']:.0f} %"])  # fmt: skip
            prompt, cached = (sum(spent[name] for spent in usage) for name in ("prompt", "cached"))
            rows.append(["prefix-cache hit rate over the run", f"{100 * cached / prompt:.0f} %"])
    finally:
        await warm.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="vllm:MODEL, vllm-serve:MODEL or embedded:MODEL")
    parser.add_argument("--engine", type=json.loads, default={}, help="engine arguments, as JSON")
    parser.add_argument("--dialogues", type=int, default=24, help="a multiple of --at-once")
    parser.add_argument("--seeds", type=int, default=1, help="dialogues of each case")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument(
        "--tokens", type=int, default=48, help="tokens of a reply, in the mean; most tokens of any other"
    )
    parser.add_argument("--judged", type=int, default=8, help="dialogues of the run for the hit rate")
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    print(described("aiohttp", "pydantic"))
    print(table(["figure", "value"], asyncio.run(compare(arguments))))


if __name__ == "__main__":
    main()
