"""How the graded doctors fare by specialty: a specialty far from the others has a case to look at."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from dialogue_sim.runs.config import RunConfig
from dialogue_sim.validation.session import Session

GRADES = ("template", "thorough", "expert")


class Spread(NamedTuple):
    """One specialty: how many cases, and by grade the mean, lowest and highest score (0–100)."""

    specialty: str
    cases: int
    means: dict[str, float]
    lowest: dict[str, float]
    highest: dict[str, float]


async def spread_by_specialty(config: RunConfig, folder: Path) -> list[Spread]:
    """Hold every case with the graded doctors, and judge them as `config` says.

    Raises:
        UserError: a case or the rubric cannot be used.
        TransientError: some dialogues could not be judged; running again goes on from here.
    """
    found = await Session(config, folder).doctors(GRADES)
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for grade, held in found.items():
        for marked in held:
            scores[marked.case.specialty][grade].append(marked.score.score)
    return [
        Spread(
            specialty,
            len(next(iter(by.values()))),
            {grade: fmean(values) for grade, values in by.items()},
            {grade: min(values) for grade, values in by.items()},
            {grade: max(values) for grade, values in by.items()},
        )
        for specialty, by in scores.items()
    ]
