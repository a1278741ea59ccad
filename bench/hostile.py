"""Does a run keep its word over a server at its worst? Three passes over the same dialogues, compared.

1. The server breaks about a quarter of its replies, by seed (tests/servers/hostile.py names how).
2. The same command again, with the server well: only what is missing may be asked for.
3. Another folder, over a server that breaks nothing and says the same.

It must hold that the score over the dialogues that the first pass finished is that of the calm run
over the same dialogues, that failures are counted by kind, and that over the first two passes every
usable reply that the client read whole stands in the journal once, and nothing was asked for again that
stood there (a judge's replies that were withdrawn as useless are meant to be). What left the server when
the client had given up waiting is counted apart. Exits with 1 when anything of that does not.

    python bench/hostile.py --dialogues 200 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.reliability.accounts import account, replies_read
from tests.reliability.passes import calls_kept, one_pass, score_over, transcripts
from tests.servers.hostile import FAULTS, HostileOpenAI

FIELDS = ("score", "ci95", "dimensions", "caps", "unsure", "cases")


async def main(arguments: argparse.Namespace, folder: Path) -> dict[str, bool]:
    broken, calm = folder / "hostile", folder / "calm"
    with replies_read() as read:
        async with HostileOpenAI(FAULTS, seed=arguments.seed) as server:
            first, seconds = await _timed(server, broken, arguments.dialogues)
            judged = set(transcripts(broken)) - set(first["unjudged"])
            _tell("hostile", first, seconds, server, broken)
            print("faults met:", ", ".join(f"{word} {count}" for word, count in server.met.most_common()))
            in_between = account(server, read, broken)
            server.faults = {}
            again, seconds = await _timed(server, broken, arguments.dialogues)
            _tell("again, server well", again, seconds, server, broken)
            found = account(server, read, broken)
    async with HostileOpenAI() as well:
        clean, seconds = await _timed(well, calm, arguments.dialogues)
        _tell("calm", clean, seconds, well, calm)
    print("replies:", ", ".join(f"{len(names)} {word}" for word, names in found._asdict().items()))
    over = score_over(calm, judged)
    return {
        "the score of what finished equals the calm run's over the same dialogues": all(
            over[field] == first[field] for field in FIELDS
        ),
        "after the second pass the whole score equals the calm run's": again["score"] == clean["score"],
        "failures by kind add up to the dialogues that are missing": sum(first["failures"]["kinds"].values())
        == first["n_planned"] - first["n_dialogues"],
        "every reply read whole is in the journal once, and nothing kept was asked for again": in_between.squares
        and found.squares,
        "both folders asked for the same calls": set(server.delivered) == set(well.delivered),
    }


async def _timed(server: HostileOpenAI, out: Path, dialogues: int) -> tuple[dict[str, Any], float]:
    started = time.perf_counter()
    outcome = await one_pass(server.url, out, dialogues)
    assert outcome.scores is not None
    marked = {line.split('"', 4)[3] for line in (out / "verdicts.jsonl").read_text().splitlines()}
    unjudged = [name for name in transcripts(out) if name not in marked]
    return {**outcome.scores, "unjudged": unjudged}, time.perf_counter() - started


def _tell(name: str, scores: dict[str, Any], seconds: float, server: HostileOpenAI, out: Path) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {scores['n_dialogues']} of {scores['n_planned']} dialogues in {seconds:.0f} s, score {scores['score']:.2f}, "
        f"failures {scores['failures']['kinds'] or 'none'}; server: {server.calls} calls, {len(server.sent)} "
        f"replies sent whole; journal: {calls_kept(out)} paid; peak memory {memory:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dialogues", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    os.environ["OPENAI_API_KEY"] = "none"
    logging.getLogger("dialogue_sim.models").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as place:
        held = asyncio.run(main(parser.parse_args(), Path(place)))
    for promise, true in held.items():
        print("held  " if true else "BROKEN", promise)
    sys.exit(not all(held.values()))
