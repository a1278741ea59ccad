"""Kill -9 at random moments of a run, each time followed by the same command: do the scores equal the unbroken run's?

Every round starts a run in a folder of its own and kills it in the middle: after a number of calls drawn
over those of the unbroken run and a part of the next one, or, every third, inside a write to the journal
before its commit. Then it runs the same command again to its end. It must hold that nearly all died by
the kill, that the scores are those of the unbroken run, and that no call was paid for twice beyond those
in flight at the kill. Exits with 1 when anything of that does not.

    python bench/crashes.py --kills 50
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pytest

from tests.reliability.test_crashes import CONCURRENCY, die_in_transaction, ended, in_child, whole_run

PACE_S = 0.02  # of a call


def wait_for_calls(file: Path, number: int) -> None:
    """Return when so many calls were made."""
    while not file.exists() or len(file.read_text().split()) < number:
        time.sleep(0.001)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        os.environ.update(CALLS=str(home / "calls"), PACE=str(PACE_S))
        scores = whole_run(home / "unbroken")
        needed = (home / "calls").read_text().split()
        killed = same = 0
        twice: Counter[int] = Counter()
        for number in range(arguments.kills):
            folder = home / str(number)
            folder.mkdir()
            os.environ["CALLS"] = str(folder / "calls")
            with pytest.MonkeyPatch.context() as patch:
                if number % 3 == 2:
                    die_in_transaction(chance.randrange(1, 10), patch)
                child = in_child(lambda folder=folder: whole_run(folder / "r"))
                if number % 3 != 2:
                    wait_for_calls(folder / "calls", chance.randrange(1, len(needed)))
                    time.sleep(chance.uniform(0.0, PACE_S))
                    os.kill(child, signal.SIGKILL)
                killed += ended(child) == -signal.SIGKILL
            same += whole_run(folder / "r") == scores
            paid = (folder / "calls").read_text().split()
            twice[len(paid) - len(needed)] += 1
    print(f"unbroken run: {len(needed)} calls")
    print(
        f"{arguments.kills} rounds, {killed} died by the kill; {same} came to the scores of the unbroken run"
    )
    print(
        "calls paid twice:",
        ", ".join(f"{count} in {rounds} rounds" for count, rounds in sorted(twice.items())),
    )
    return not (same == arguments.kills and killed >= 0.95 * arguments.kills and max(twice) <= CONCURRENCY)


if __name__ == "__main__":
    sys.exit(main())
