"""How long does a run of a million dialogues take on N engine replicas, and where does more not help?

A simulation, event by event, of what the scheduler does: every dialogue advances on its own, a replica
works on a bounded number of requests, judging starts when a dialogue ends, and one harness process
spends CPU on every call. Calls last lognormally; dialogues have 4 to 16 doctor turns. Nothing is
measured here: `docs/scaling.md` says where the parameters come from.

    python bench/schedule.py --dialogues 1000000 --replicas 1 4 16 64 256
"""

from __future__ import annotations

import argparse
import heapq
import random
from typing import NamedTuple

from machine import table


class Setting(NamedTuple):
    """What is simulated. Times in seconds."""

    dialogues: int
    replicas: int
    slots: int
    """Requests that a replica works on at once."""
    call_s: float
    """Median seconds of a doctor's call on a busy replica."""
    harness_s: float
    """CPU seconds that one harness process spends on a call."""
    processes: int
    """Harness processes (shards, or workers of a Ray cluster)."""
    batch: int
    """Dialogues that are simulated as one, so that a million take seconds and not hours."""


class Result(NamedTuple):
    """What came out: seconds, and the shares of them for which engines and harness were busy."""

    wall_s: float
    engines: float
    harness: float


def simulate(setting: Setting, seed: int = 0) -> Result:
    """Hold all dialogues, longest first, on as many slots as there are."""
    chance = random.Random(seed)
    turns = sorted((chance.randint(4, 16) for _ in range(setting.dialogues // setting.batch)), reverse=True)
    servers = max(1, setting.replicas * setting.slots // setting.batch)
    # A harness that cannot keep up stretches every call: its capacity is shared by all slots.
    share = setting.harness_s * setting.replicas * setting.slots / setting.processes
    free = [0.0] * min(servers, len(turns))
    busy = calls_made = 0.0
    for length in turns:
        calls = (
            length + 1 + 2
        )  # turns, the closing block, and judging: a first call, then its siblings at once
        spans = [setting.call_s * chance.lognormvariate(0.0, 0.4) for _ in range(calls)]
        took = sum(max(span, share) for span in spans)
        busy += sum(spans)
        calls_made += length + 1 + 7
        heapq.heapreplace(free, free[0] + took)
    wall = max(free)
    cpu = calls_made * setting.batch * setting.harness_s
    return Result(wall, busy / (wall * len(free)), cpu / (wall * setting.processes))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dialogues", type=int, default=1_000_000)
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 4, 16, 64, 256, 1024])
    parser.add_argument("--slots", type=int, default=64, help="requests at once on one replica")
    parser.add_argument("--call", type=float, default=3.0, help="median seconds of a call on a busy replica")
    parser.add_argument("--harness", type=float, default=0.0025, help="CPU seconds of the harness a call")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 8, 64], help="shards or Ray workers")
    arguments = parser.parse_args()
    rows = []
    for processes in arguments.processes:
        for replicas in arguments.replicas:
            batch = max(1, min(64, arguments.dialogues // 10_000))
            found = simulate(
                Setting(
                    arguments.dialogues,
                    replicas,
                    arguments.slots,
                    arguments.call,
                    arguments.harness,
                    processes,
                    batch,
                )
            )
            rows.append([
                str(processes), str(replicas), f"{found.wall_s / 3600:.1f}", f"{replicas * found.wall_s / 3600:.0f}",
                f"{100 * found.engines:.0f} %", f"{min(100.0, 100 * found.harness):.0f} %",
            ])  # fmt: skip
    print(f"{arguments.dialogues:,} dialogues, {arguments.slots} requests a replica, {arguments.call:g} s a call, "
          f"{1000 * arguments.harness:g} ms of harness a call")  # fmt: skip
    print(table(["processes", "replicas", "hours", "GPU hours", "engines busy", "harness busy"], rows))


if __name__ == "__main__":
    main()
