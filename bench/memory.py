"""Does memory grow with the number of finished dialogues?

One process holds 10,000 dialogues, by the program patient, a function as the doctor and the lexicon
judge, through the same scheduler, journal and results as any run, and notes its memory on the way.

    python bench/memory.py [--dialogues 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from pathlib import Path

from machine import described, table
from resume import make_cases

_CLOSING = json.dumps({"diagnosis": "?", "differential": ["a", "b"], "tests": ["ECG"], "plan": ["rest"]})
_ASKED = ["What is the matter?", "When did it start?", "Any fever?", "Any past illnesses?", "Any allergies?"]


def doctor(messages: list[dict[str, str]]) -> str:
    """Asks five questions and closes."""
    if "JSON" in messages[-1]["content"]:
        return _CLOSING
    said = sum(message["role"] == "assistant" for message in messages)
    return _ASKED[said] if said < len(_ASKED) else "Goodbye. [END OF CONSULTATION]"


async def held(cases: Path, dialogues: int) -> list[list[str]]:
    """The rows: memory after each tenth of the dialogues."""
    from dialogue_sim.runs.config import config_from_flags
    from dialogue_sim.runs.progress import Silent
    from dialogue_sim.runs.run import execute, plan

    rows: list[list[str]] = []
    started = time.perf_counter()

    class Watching(Silent):
        finished = 0

        def judged(self, dialogue: str, score: float) -> None:
            self.finished += 1
            if self.finished % (dialogues // 10) == 0:
                rows.append([str(self.finished), f"{resident():.0f}", f"{time.perf_counter() - started:.0f}"])

    flags = {
        "doctor": {"model": "python:memory:doctor", "concurrency": 64}, "cases": [str(cases)], "turns": 8,
        "seeds": dialogues // 100, "concurrency": 64, "out": str(cases.with_name("run")),
    }  # fmt: skip
    await execute(plan(config_from_flags(flags)), progress=Watching())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(
        [f"{dialogues}, results written", f"{peak:.0f} (peak)", f"{time.perf_counter() - started:.0f}"]
    )
    return rows


def resident() -> float:
    """MB of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dialogues", type=int, default=10_000, help="a multiple of 1000")
    arguments = parser.parse_args()
    print(described("pydantic"))
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder) / "cases"
        cases.mkdir()
        make_cases(cases, 100)
        print(table(["dialogues finished", "memory MB", "s"], asyncio.run(held(cases, arguments.dialogues))))


if __name__ == "__main__":
    main()
