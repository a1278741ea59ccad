"""What does the harness cost beside the model? Whole runs against a mock server.

Each row is one run in a fresh process: N dialogues of ten doctor turns, the closing block and a model judge, journal,
limiter and all; the server answers after a set time. In `run` the patient is the program, in `models` a model
plays it too (selection and wording are calls of their own). In `peers` a whole run does what the measured peers do:
the patient is one bare call a turn and the judge one call. In `calls` two models simply answer each other and
a third judges, with journal, limiter, budget and retries, but nobody understands, guards or counts anything: what
the harness costs without its roles. Beside them a bare aiohttp loop that sends as many calls of as many messages
and keeps nothing, and, with `--inspect PYTHON` (an interpreter that has inspect-ai), Inspect AI on dialogues of the
shape of `calls`.

The bound is what no client can beat: max(longest dialogue, all latencies / C); see docs/performance.md.
CPU is user and system time of the client process, by call. Walls on a busy machine mean little.

    python bench/throughput.py --dialogues 200 --latency 0.1 1 --concurrency 16 64 200
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from machine import described, table
from mock_server import MockServer

HERE = Path(__file__).parent
TURNS = 10
JUDGE_CALLS = 7
CASES = 50
OURS = ("run", "models", "one-call")
SYSTEM = "You are a doctor. " * 55


async def with_model_patient(url: str, dialogues: int, concurrency: int) -> None:
    """The same with a model as the patient."""
    await whole_run(url, dialogues, concurrency, {})


async def with_one_call_patient(url: str, dialogues: int, concurrency: int) -> None:
    """The same with a patient who is one call a turn, as in most simulators: its replies are not guarded."""
    await whole_run(url, dialogues, concurrency, {"voice": "one_call", "guard": False})


async def whole_run(
    url: str, dialogues: int, concurrency: int, patient: dict[str, Any] | None = None, **more: Any
) -> None:
    """`dialogue-sim run` from the opened configuration to the written scores."""
    from dialogue_sim.runs.config import config_from_flags
    from dialogue_sim.runs.run import execute, plan

    model = {"model": "openai:m", "base_url": url, "concurrency": concurrency}
    with tempfile.TemporaryDirectory() as folder:
        flags: dict[str, Any] = {
            "doctor": model, "judges": [model], "allow_same_family": True, "turns": TURNS, "limit": CASES,
            "seeds": dialogues // CASES, "concurrency": concurrency, "out": f"{folder}/run", **more,
        }  # fmt: skip
        if patient is not None:
            flags["patient"] = model | patient
        # Modules and lexicons are loaded once a process; bench/startup.py says what that costs.
        for lang in ("en", "zh"):
            warm = {
                **flags,
                "lang": lang,
                "limit": 1,
                "seeds": 1,
                "turns": 1,
                "seed": 1,
                "out": f"{folder}/{lang}",
            }
            await execute(plan(config_from_flags(warm)))
        figures.calls_before = called(url)
        planned = plan(config_from_flags(flags))
        figures.begin()
        outcome = await execute(planned)
        assert outcome.scores
        assert outcome.scores["n_dialogues"] == dialogues, outcome


async def with_bare_roles(url: str, dialogues: int, concurrency: int) -> None:
    """A whole run on the workload of the measured peers."""
    import bare_roles

    from dialogue_sim.runs import run

    run.Cast = bare_roles.BareCast
    with tempfile.TemporaryDirectory() as folder:
        rubric = Path(folder) / "rubric.yaml"
        rubric.write_text(bare_roles.RUBRIC, encoding="utf-8")
        await whole_run(url, dialogues, concurrency, {}, rubric=str(rubric))


async def journaled_calls(url: str, dialogues: int, concurrency: int) -> None:
    """Dialogues of Inspect's shape through journal, limiter, budget and retries, with nobody who understands them."""
    from dialogue_sim.models.base import Message, Options
    from dialogue_sim.models.budget import Budget
    from dialogue_sim.models.calls import JournaledModel
    from dialogue_sim.models.journal import Journal
    from dialogue_sim.models.limits import Limiter
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.settings import ModelSettings

    gate, limiter, budget = asyncio.Semaphore(concurrency), Limiter(concurrency), Budget()
    inner = open_model("openai:m", ModelSettings(base_url=url))

    async def dialogue(number: int, journal: Journal) -> None:
        async with gate:
            doctor, patient, judge = (
                JournaledModel(
                    inner, journal, role=role, dialogue=f"case/{number}", limiter=limiter, budget=budget
                )
                for role in ("doctor", "patient", "judge")
            )
            messages = [
                Message(role="system", content=SYSTEM), Message(role="user", content=f"Hello, case {number}. " * 6)
            ]  # fmt: skip
            for turn in range(2 * TURNS):
                reply = await (patient if turn % 2 else doctor).chat(messages, Options(seed=number))
                messages.append(Message(role="user" if turn % 2 else "assistant", content=reply.text))
            await judge.chat([*messages, Message(role="user", content="Judge this.")], Options(seed=number))

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(folder)
        figures.begin()
        await asyncio.gather(*(dialogue(number, journal) for number in range(dialogues)))
        journal.close()
    await inner.close()


async def bare_loop(url: str, dialogues: int, concurrency: int) -> None:
    """The same number of calls, in dialogues that grow by a reply a call."""
    import aiohttp

    gate = asyncio.Semaphore(concurrency)
    connector = aiohttp.TCPConnector(limit=0)

    async def dialogue(session: aiohttp.ClientSession) -> None:
        async with gate:
            messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Hello. " * 20}]
            for _ in range(2 * TURNS + 1):
                async with session.post(
                    f"{url}/chat/completions", json={"model": "m", "messages": messages}
                ) as reply:
                    said = (await reply.json())["choices"][0]["message"]["content"]
                messages.append({"role": "assistant" if len(messages) % 2 == 0 else "user", "content": said})

    async with aiohttp.ClientSession(connector=connector) as session:
        figures.begin()
        await asyncio.gather(*(dialogue(session) for _ in range(dialogues)))


class Figures:
    """What a child process measures of itself."""

    calls_before = 0

    def begin(self) -> None:
        """Everything is loaded: count from here."""
        self._cpu, self._wall = _cpu(), time.perf_counter()
        self._lags: list[float] = []
        self._watch = asyncio.create_task(self._watch_loop())

    async def _watch_loop(self) -> None:
        while True:
            due = time.perf_counter() + 0.02
            await asyncio.sleep(0.02)
            self._lags.append(max(0.0, time.perf_counter() - due))

    def end(self) -> dict[str, float]:
        """Seconds of CPU and wall, peak memory in MB, 99th percentile of the loop's lag in ms."""
        if not self._watch.get_loop().is_closed():
            self._watch.cancel()
        lags = sorted(self._lags) or [0.0]
        return {
            "cpu_s": _cpu() - self._cpu,
            "wall_s": time.perf_counter() - self._wall,
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "lag_p99_ms": 1000 * lags[int(len(lags) * 0.99)],
            "calls_before": self.calls_before,
        }


def called(url: str) -> int:
    """The calls that the server has counted."""
    with urllib.request.urlopen(url.replace("/v1", "/stats")) as reply:
        return int(json.load(reply)["calls"])


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


figures = Figures()
CLIENTS: dict[str, Callable[[str, int, int], Coroutine[Any, Any, None]]] = {
    "run": whole_run,
    "models": with_model_patient,
    "one-call": with_one_call_patient,
    "peers": with_bare_roles,
    "calls": journaled_calls,
    "bare": bare_loop,
}


async def child(client: str, url: str, dialogues: int, concurrency: int) -> None:
    await CLIENTS[client](url, dialogues, concurrency)
    print(json.dumps(figures.end()))


def measure(client: str, arguments: argparse.Namespace, latency: float, concurrency: int) -> list[str]:
    """One row of the table."""
    with MockServer(latency, shape=arguments.shape) as server:
        words = [client, server.url, str(arguments.dialogues), str(concurrency)]
        script = (
            [sys.executable, __file__]
            if client != "inspect"
            else [arguments.inspect, str(HERE / "inspect_client.py")]
        )
        done = subprocess.run(
            [*script, "--child", *words], check=True, stdout=subprocess.PIPE, text=True, env=_quiet()
        )
        counts = server.stats()
    found = json.loads(done.stdout.splitlines()[-1])
    calls = counts["calls"] - int(found["calls_before"])
    # All calls of a dialogue follow one another, but for the judge's: after its first it makes the others at once.
    chain = calls / arguments.dialogues - (JUDGE_CALLS - 2 if client in OURS else 0)
    bound = latency * max(chain, calls / concurrency)
    return [
        client, f"{latency:g}", str(concurrency), str(calls), f"{1000 * found['cpu_s'] / calls:.2f}",
        f"{found['wall_s']:.1f}", f"{bound:.1f}", f"{bound / found['wall_s']:.2f}", f"{found['rss_mb']:.0f}",
        f"{found['lag_p99_ms']:.0f}", str(counts["peak"]),
    ]  # fmt: skip


def _quiet() -> dict[str, str]:
    return {**os.environ, "OPENAI_API_KEY": "none"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dialogues", type=int, default=200, help=f"a multiple of {CASES}")
    parser.add_argument("--latency", type=float, nargs="+", default=[0.1])
    parser.add_argument("--concurrency", type=int, nargs="+", default=[16, 64, 200])
    parser.add_argument("--shape", choices=("fixed", "jitter", "heavy"), default="fixed")
    parser.add_argument("--clients", nargs="+", default=["run", "calls", "bare"])
    parser.add_argument("--inspect", metavar="PYTHON", help="also measure Inspect AI, with this interpreter")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        client, url, dialogues, concurrency = arguments.child
        asyncio.run(child(client, url, int(dialogues), int(concurrency)))
        return
    print(described("aiohttp", "pydantic"))
    head = [
        "client",
        "latency s",
        "C",
        "calls",
        "CPU ms/call",
        "wall s",
        "bound s",
        "bound/wall",
        "RSS MB",
        "lag p99 ms",
        "peak",
    ]
    clients = [*arguments.clients, *(["inspect"] if arguments.inspect else [])]
    rows = [
        measure(client, arguments, latency, concurrency)
        for latency in arguments.latency for concurrency in arguments.concurrency for client in clients
    ]  # fmt: skip
    print(table(head, rows))


if __name__ == "__main__":
    main()
