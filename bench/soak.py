"""Ten thousand dialogues in one process, the models behind a loopback server: what grows, and what does not?

The server (tests/servers/hostile.py, breaking nothing) runs in a process of its own. Memory, open files, tasks and
threads of the run's process are read after every tenth of the dialogues are judged. It must hold that memory at
the end is no more than a twentieth above that after six tenths, when all that is bounded has filled up, that no
file, task or thread is left over, and that nothing failed. Exits with 1 when anything of that does not.

    python bench/soak.py --dialogues 10000
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dialogue_sim.cases import load_cases
from dialogue_sim.cases.importers.writing import write_cases
from dialogue_sim.models.base import Usage
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import execute, plan
from dialogue_sim.transcript import Failure, Transcript, Turn

HOME = Path(__file__).resolve().parent.parent
MEGABYTE = 2**20
SEEDS = 100


class Reading(NamedTuple):
    """What the process holds after a number of judged dialogues."""

    judged: int
    seconds: float
    memory_mb: float
    files: int
    tasks: int
    threads: int


class Gauge:
    """Listens to a run and reads the process now and then."""

    def __init__(self, every: int) -> None:
        self.readings: list[Reading] = []
        self._every, self._judged, self._failed, self._started = every, 0, 0, time.monotonic()

    def planned(self, dialogues: int, finished: int, judged: int) -> None: ...
    def turn(self, dialogue: str, turn: Turn) -> None: ...
    def simulated(self, transcript: Transcript) -> None: ...
    def used(self, usage: Usage) -> None: ...
    def stopping(self) -> None: ...

    def failed(self, dialogue: str, failure: Failure) -> None:
        self._failed += 1
        if self._failed < 4:
            print(f"failed: {dialogue}: {failure.kind}: {failure.message}", flush=True)

    def judged(self, dialogue: str, score: float) -> None:
        self._judged += 1
        if self._judged % self._every == 0:
            self.read()

    def read(self) -> None:
        """Take a reading and print it."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        one = Reading(
            self._judged, time.monotonic() - self._started, pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE,
            len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()), threading.active_count(),
        )  # fmt: skip
        self.readings.append(one)
        print(
            f"{one.judged:6d} judged in {one.seconds:6.0f} s: {one.memory_mb:6.0f} MB, {one.files} files, "
            f"{one.tasks} tasks, {one.threads} threads",
            flush=True,
        )


async def soak(arguments: argparse.Namespace, folder: Path, url: str) -> dict[str, bool]:
    gauge = Gauge(arguments.dialogues // 10)
    bundled = load_cases()
    wanted = -(-arguments.dialogues // SEEDS)
    copies = [
        case.model_copy(update={"id": f"{case.id}-{n}"})
        for n in range(-(-wanted // len(bundled)))
        for case in bundled
    ]
    write_cases(copies[:wanted], folder / "cases")
    model = {"model": "openai:m", "base_url": url, "concurrency": 64}
    flags = {
        "doctor": model, "judges": [{"model": "lexicon"} if arguments.judge == "lexicon" else model],
        "allow_same_family": True, "concurrency": 64, "turns": 6, "cases": [str(folder / "cases")], "seeds": SEEDS,
        "out": str(folder / "r"),
    }  # fmt: skip
    before = len(os.listdir("/proc/self/fd"))
    gauge.read()
    outcome = await execute(plan(config_from_flags(flags)), progress=gauge)
    gauge.read()
    assert outcome.scores is not None
    done = outcome.scores["n_dialogues"]
    size = sum(file.stat().st_size for file in (folder / "r").glob("journal*"))
    texts = (folder / "r" / "transcripts.jsonl").stat().st_size
    print(
        f"{done} of {outcome.scores['n_planned']} dialogues, failures {outcome.scores['failures']['kinds'] or 'none'}; "
        f"journal {size / done / 1024:.1f} KB a dialogue, transcripts {texts / done / 1024:.1f} KB a dialogue"
    )
    during = gauge.readings[1:-1]
    warm, last = during[5], during[-1]
    grown = (last.memory_mb - warm.memory_mb) / (last.judged - warm.judged) * 1024
    print(f"in the last four tenths: {grown:+.1f} KB a dialogue")
    return {
        "every dialogue finished and was judged": done == outcome.scores["n_planned"]
        and not outcome.failures,
        "memory is flat after warm-up": last.memory_mb <= warm.memory_mb * 1.05,
        "no file stays open": gauge.readings[-1].files <= before + 2,
        "files, tasks and threads do not grow": last.files <= warm.files + 8
        and last.tasks <= warm.tasks * 1.5 + 32
        and last.threads <= warm.threads + 2,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dialogues", type=int, default=10_000)
    parser.add_argument("--judge", choices=["lexicon", "model"], default="lexicon")
    arguments = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = "none"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.hostile"], cwd=HOME, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as place:
            held = asyncio.run(soak(arguments, Path(place), url))
    finally:
        server.terminate()
        server.wait()
    for promise, true in held.items():
        print("held  " if true else "BROKEN", promise)
    return not all(held.values())


if __name__ == "__main__":
    sys.exit(main())
