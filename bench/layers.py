"""Which layer costs what? The same calls, made through one layer more each time.

Every row makes the same growing dialogues (21 calls each) against a mock server that answers at once,
64 at a time, in a fresh process; the difference to the row above is what a layer adds. The last rows
time, alone, what a whole run does between calls: a doctor's request, a patient's and an examiner's
answer, a judgement.

    python bench/layers.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

from machine import described, table
from mock_server import MockServer

DIALOGUES, CALLS, AT_ONCE = 100, 21, 64
SYSTEM = "You are a doctor. " * 55

Ask = Callable[[list[Any]], Awaitable[str]]


async def aiohttp_loop(url: str, stack: AsyncExitStack) -> Ask:
    """A bare client: what every harness on aiohttp pays at least."""
    import aiohttp

    session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))

    async def ask(messages: list[Any]) -> str:
        async with session.post(
            f"{url}/chat/completions", json={"model": "m", "messages": messages}
        ) as reply:
            text: str = (await reply.json())["choices"][0]["message"]["content"]
        return text

    return ask


async def the_model(url: str, stack: AsyncExitStack) -> Ask:
    """`openai:m`: the request's dialect, the reply's reading."""
    from dialogue_sim.models.base import Options
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.settings import ModelSettings

    model = open_model("openai:m", ModelSettings(base_url=url))
    stack.push_async_callback(model.close)

    async def ask(messages: list[Any]) -> str:
        return (await model.chat(messages, Options(seed=1))).text

    return ask


async def limited(url: str, stack: AsyncExitStack) -> Ask:
    """The same with limits and retries."""
    from dialogue_sim.models.base import Options
    from dialogue_sim.models.limits import Limiter
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.retries import retry
    from dialogue_sim.models.settings import ModelSettings

    model = open_model("openai:m", ModelSettings(base_url=url))
    stack.push_async_callback(model.close)
    limiter = Limiter(AT_ONCE)

    async def ask(messages: list[Any]) -> str:
        return (
            await retry(lambda: model.chat(messages, Options(seed=1)), limiter, attempts=3, name="m")
        ).text

    return ask


async def journaled(url: str, stack: AsyncExitStack) -> Ask:
    """The same with the journal: keys, texts, group commit."""
    from dialogue_sim.models.base import Options
    from dialogue_sim.models.budget import Budget
    from dialogue_sim.models.calls import JournaledModel
    from dialogue_sim.models.journal import Journal
    from dialogue_sim.models.limits import Limiter
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.settings import ModelSettings

    inner = open_model("openai:m", ModelSettings(base_url=url))
    stack.push_async_callback(inner.close)
    journal = Journal(stack.enter_context(tempfile.TemporaryDirectory()))
    stack.callback(journal.close)
    limiter = Limiter(AT_ONCE)
    model = JournaledModel(inner, journal, role="doctor", dialogue="d", limiter=limiter, budget=Budget())

    async def ask(messages: list[Any]) -> str:
        return (await model.chat(messages, Options(seed=1))).text

    return ask


LAYERS = {
    "bare aiohttp": aiohttp_loop, "+ dialect, reply": the_model, "+ limits, retries": limited,
    "+ journal": journaled,
}  # fmt: skip


async def child(layer: str, url: str) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        ask = await LAYERS[layer](url, stack)
        await ask([{"role": "user", "content": "warm up"}])

        async def dialogue(number: int) -> None:
            async with gate:
                messages = [
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": f"Hello {number}"},
                ]
                for _ in range(CALLS):
                    said = await ask(messages)
                    messages.append(
                        {"role": "assistant" if len(messages) % 2 == 0 else "user", "content": said}
                    )

        before = time.process_time()
        await asyncio.gather(*map(dialogue, range(DIALOGUES)))
        print(json.dumps(1000 * (time.process_time() - before) / (DIALOGUES * CALLS)))


def between_calls() -> list[list[str]]:
    """Milliseconds of what the roles do themselves, by utterance or dialogue."""
    from dialogue_sim.cases import doctor_view, examiner_view, guarded_terms, load_cases, patient_view
    from dialogue_sim.consultation import consult
    from dialogue_sim.judging.lexicon import LexiconJudge
    from dialogue_sim.judging.panel import judge_transcript
    from dialogue_sim.judging.rubric import load_rubric
    from dialogue_sim.models.base import Message, Options, Reply
    from dialogue_sim.prompts import Prompts
    from dialogue_sim.roles.doctor import ModelDoctor
    from dialogue_sim.roles.examiner import Examiner
    from dialogue_sim.roles.patient import PatientSettings, open_patient
    from dialogue_sim.roles.scripted import ScriptedDoctor

    class Parrot:
        spec = "parrot"

        async def chat(self, messages: list[Message], options: Options) -> Reply:
            return Reply(text="When did it begin, and what were you doing then?")

        async def close(self) -> None: ...

    cases, prompts, rubric, spent = load_cases(limit=8), Prompts(), load_rubric(None), Clock()

    async def all_of_it() -> None:
        for _ in range(2):  # the first round fills the caches and is not counted
            spent.clear()
            for case in cases:
                with spent.of("patient, opened"):
                    patient = open_patient(
                        patient_view(case),
                        PatientSettings(),
                        guarded_terms=guarded_terms(case),
                        prompts=prompts,
                        seed=0,
                    )
                transcript = await consult(
                    case, ScriptedDoctor("expert", case), patient, Examiner(examiner_view(case))
                )
                asked = [turn for turn in transcript.turns if turn.speaker == "doctor"]
                patient = open_patient(
                    patient_view(case),
                    PatientSettings(),
                    guarded_terms=guarded_terms(case),
                    prompts=prompts,
                    seed=0,
                )
                doctor, examiner = (
                    ModelDoctor(Parrot(), doctor_view(case), prompts),
                    Examiner(examiner_view(case)),
                )
                for turn in asked:
                    before = transcript.turns[: turn.number]
                    with spent.of("doctor's request"):
                        await doctor.speak(before, 10)
                    with spent.of("examiner's answer"):
                        examiner.answer(turn.text)
                    with spent.of("patient's answer"), suppress(StopIteration):
                        await patient.reply(turn.text, before)
                with spent.of("judgement by program and lexicon"):
                    await judge_transcript(transcript, case, rubric, [LexiconJudge()])

    asyncio.run(all_of_it())
    return spent.rows()


class Clock:
    """CPU time by name."""

    def __init__(self) -> None:
        self._spent: dict[str, list[float]] = {}

    def clear(self) -> None:
        """Begin anew."""
        self._spent.clear()

    def of(self, name: str) -> Clock:
        """Book what follows under a name."""
        self._name = name
        return self

    def __enter__(self) -> None:
        self._since = time.process_time()

    def __exit__(self, *failure: object) -> None:
        self._spent.setdefault(self._name, []).append(time.process_time() - self._since)

    def rows(self) -> list[list[str]]:
        """Name and mean milliseconds."""
        return [[name, f"{1000 * sum(times) / len(times):.2f}"] for name, times in self._spent.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        asyncio.run(child(*arguments.child))
        return
    print(described("aiohttp", "pydantic"))
    rows, last = [], 0.0
    for layer in LAYERS:
        with MockServer(0.0) as server:
            done = subprocess.run(
                [sys.executable, __file__, "--child", layer, server.url],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
        spent = float(done.stdout)
        rows.append([layer, f"{spent:.2f}", f"{spent - last:+.2f}"])
        last = spent
    print(table(["layer", "CPU ms/call", "adds"], rows))
    print()
    print(table(["between the calls", "CPU ms each"], between_calls()))
    print(f"\npeak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
