"""What will a large run cost? A pilot of a few dialogues, scaled up, and checked against a run four times as large.

The model is linear: calls, tokens and disk of a run are those of one dialogue times cases × replicates,
the judge's for each vote as the rubric has them. Both runs are real runs against the mock server, which
counts a token for every four bytes; give your own pilot's `usage` (scores.json) for real tokens.

    python bench/costs.py --votes 3
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from machine import table
from mock_server import MockServer

CASES, SEEDS, MODELS = 300, 3, 10


class Spent(NamedTuple):
    """What one dialogue takes."""

    doctor_calls: float
    judge_calls: float
    prompt: float
    completion: float
    kilobytes: float


async def measured(url: str, folder: Path, cases: list[str], seeds: int, votes: int) -> Spent:
    """Hold and judge some dialogues, and divide what they took by their number."""
    from dialogue_sim.runs.config import config_from_flags
    from dialogue_sim.runs.run import execute, plan

    model = {"model": "openai:m", "base_url": url}
    flags: dict[str, Any] = {
        "doctor": model, "judges": [model], "allow_same_family": True, "turns": 10, "cases": cases, "seeds": seeds,
        "votes": votes, "out": str(folder),
    }  # fmt: skip
    outcome = await execute(plan(config_from_flags(flags)))
    assert outcome.scores
    usage, number = outcome.scores["usage"], outcome.scores["n_dialogues"]

    def total(name: str, *roles: str) -> float:
        return sum(spent[name] for spent in usage if spent["role"] in roles) / number

    size = kilobytes(folder) / number
    return Spent(
        total("calls", "doctor"), total("calls", "judge"), total("prompt", "doctor", "judge"),
        total("completion", "doctor", "judge"), size,
    )  # fmt: skip


def kilobytes(folder: Path) -> float:
    """What lies in a folder."""
    return sum(file.stat().st_size for file in folder.iterdir()) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--votes", type=int, default=3)
    arguments = parser.parse_args()
    from dialogue_sim.cases import load_cases

    names = [case.id for case in load_cases()]
    pilot_cases = names[:: len(names) // 4][:4]
    other_cases = [name for name in names[3 :: len(names) // 8] if name not in pilot_cases][:8]
    with MockServer(0.0) as server, tempfile.TemporaryDirectory() as place:
        pilot = asyncio.run(measured(server.url, Path(place, "pilot"), pilot_cases, 1, arguments.votes))
        large = asyncio.run(measured(server.url, Path(place, "large"), other_cases, 2, arguments.votes))
    dialogues = CASES * SEEDS * MODELS
    rows = [
        [name, f"{one:.1f}", f"{real:.1f}", f"{100 * (one - real) / real:+.0f} %", f"{one * dialogues:,.0f}"]
        for name, one, real in zip(Spent._fields, pilot, large, strict=True)
    ]
    head = ["a dialogue", "pilot (4)", "measured (16)", "error", f"× {CASES} × {SEEDS} × {MODELS}"]
    print(f"{arguments.votes} votes")
    print(table(head, rows))


if __name__ == "__main__":
    main()
