"""How long until a run of 10,000 finished dialogues makes its first new call?

Builds a run directory as a run would leave it (100 cases × 100 replicates, 20 journaled calls, a
transcript and a judgement each; all but one dialogue finished), through the journal itself, and starts
`dialogue-sim run` on it in a fresh process. The doctor notes the time at which it is first asked.
The same process then finishes the last dialogue and writes all results: that time and the peak memory
are printed too.

    python bench/resume.py [--dialogues 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import described, table

CALLS = 20
_SAID = "When did it begin, and what were you doing at that moment? Tell me a little about it. " * 2


def doctor(messages: list[dict[str, str]]) -> str:
    """The doctor of the resumed run."""
    if "FIRST_CALL" in os.environ:
        Path(os.environ.pop("FIRST_CALL")).write_text(str(time.time()))
    return f"{len(messages)} {_SAID}"


def make_cases(folder: Path, count: int) -> None:
    """Copies of bundled cases under new ids."""
    from dialogue_sim.resources import bundled

    sources = sorted(bundled("cases").rglob("*.yaml"))
    for number in range(count):
        lines = sources[number % len(sources)].read_text(encoding="utf-8").splitlines()
        renamed = [f"id: case-{number:04d}" if line.startswith("id:") else line for line in lines]
        kept = [line for line in renamed if not line.startswith("parallel:")]
        (folder / f"case-{number:04d}.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")


async def fill(out: Path, cases: Path, seeds: int) -> None:
    """Leave a run in `out` in which only the last dialogue is missing."""
    from dialogue_sim.runs.config import config_from_flags
    from dialogue_sim.runs.directory import RunDirectory, judging_identity
    from dialogue_sim.runs.run import execute, plan

    flags = {"doctor": {"model": "python:resume:doctor"}, "cases": [str(cases)], "turns": 10}
    first = plan(config_from_flags({**flags, "limit": 1, "out": str(out) + "-pattern"}))
    await execute(first)
    pattern = RunDirectory(first.out, first.manifest)
    transcript = next(iter(pattern.transcripts().values()))
    judgement = next(iter(pattern.judgements(judging_identity(first.manifest)).values()))
    pattern.close()
    planned = plan(config_from_flags({**flags, "seeds": seeds, "out": str(out)}))
    identity = judging_identity(planned.manifest)
    directory = RunDirectory(out, planned.manifest)
    for case in planned.cases:
        names = [f"{case.id}/{replicate}" for replicate in range(seeds)]
        if case is planned.cases[-1]:
            names.pop()
        for number, name in enumerate(names):
            said = {"dialogue_id": name, "case_id": case.id, "replicate": number}
            work = [
                directory.keep_transcript(transcript.model_copy(update=said)),
                directory.keep_judgement(
                    identity, judgement.model_copy(update={"dialogue_id": name, "case_id": case.id})
                ),
                *calls(directory, name),
            ]
            await asyncio.gather(*work)
    directory.close()


def calls(directory: object, name: str) -> list[object]:
    """The calls of one dialogue, each with the history before it."""
    from dialogue_sim.models.base import Message, Options, Reply, Usage
    from dialogue_sim.models.calls import call_keys

    messages = [Message(role="system", content="You are a doctor. " * 55)]
    made = []
    for number in range(CALLS):
        messages = [*messages, Message(role="user", content=f"{name} {number} " + _SAID)]
        keys = call_keys("python:resume:doctor", messages, Options(seed=number))
        made.append(
            directory.journal.keep_call(  # type: ignore[attr-defined]
                keys.key, keys.ask, role="doctor", dialogue=name, spec="python:resume:doctor", messages=messages,
                options=Options(seed=number), reply=Reply(text=_SAID, usage=Usage(prompt=900, completion=40)),
            )
        )  # fmt: skip
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dialogues", type=int, default=10_000, help="a multiple of 100")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        asyncio.run(fill(arguments.fill / "run", arguments.fill / "cases", arguments.dialogues // 100))
        return
    print(described("pydantic"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "cases").mkdir()
        make_cases(place / "cases", 100)
        began = time.perf_counter()
        # In a process of its own: what a parent has used counts as its children's peak, too.
        writing = [sys.executable, __file__, "--fill", folder, "--dialogues", str(arguments.dialogues)]
        subprocess.run(writing, check=True)
        filled = time.perf_counter() - began
        size = sum(file.stat().st_size for file in (place / "run").iterdir()) / 2**20
        environment = {
            **os.environ,
            "FIRST_CALL": f"{folder}/first",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
        }
        words = [
            "run", "--doctor", "python:resume:doctor", "--cases", str(place / "cases"), "--turns", "10",
            "--seeds", str(arguments.dialogues // 100), "--out", str(place / "run"), "--json",
        ]  # fmt: skip
        started = time.time()
        command = [sys.executable, "-c", "from dialogue_sim.cli import main; main()", *words]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        _, failed, used = os.wait4(process.pid, 0)
        assert not failed
        whole = time.time() - started
        first = float(Path(folder, "first").read_text()) - started
    print(table(["figure", "value"], [
        ["dialogues", str(arguments.dialogues)], ["journal MB", f"{size:.0f}"], ["s to write it", f"{filled:.0f}"],
        ["s to the first new call", f"{first:.2f}"], ["s to the end, results written", f"{whole:.1f}"],
        ["peak memory MB", f"{used.ru_maxrss / 1024:.0f}"],
    ]))  # fmt: skip


if __name__ == "__main__":
    main()
