"""What a rescoring works on, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from dialogue_sim.judging.medflow import MedflowReport
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.models.journal import Journal
from dialogue_sim.prompts import Prompts
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.progress import Progress
from dialogue_sim.runs.stored import TranscriptSet
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval
from dialogue_sim.scoring.leaderboard import Leaderboard
from dialogue_sim.scoring.scorecard import MeanFigure
from dialogue_sim.transcript import Failure


class RescoredSet(Figures):
    """One set, scored. `score` is None when nothing could be; `cases` maps each to its mean score.

    Attributes:
        without_case: consultations judged without a case file, by the items that need none.
        dimensions: of a rubric of items; `medflow` of the per-turn profile.
    """

    name: str
    files: list[str]
    n: int
    n_scored: int
    score: float | None
    ci95: Interval | None
    failures: list[Failure]
    without_case: int
    dimensions: dict[str, MeanFigure]
    medflow: MedflowReport | None
    cases: dict[str, float]


class Rescored(Figures):
    """Everything `rescore` found.

    Attributes:
        own_family: judges of a doctor's own model family; only when that was forced.
        ranking: of two sets or more, over the consultations that all of them share; None without any.
        stopped: why it stopped early (`budget`); empty when it did not.
    """

    schema_: Literal["dialogue-sim/rescore/1"] = Field(default="dialogue-sim/rescore/1", alias="schema")
    rubric: dict[str, str]
    judges: list[str]
    votes: int
    own_family: list[str]
    sets: list[RescoredSet]
    ranking: Leaderboard | None
    stopped: str

    @property
    def missing(self) -> int:
        """Consultations without a score."""
        return sum(one.n - one.n_scored for one in self.sets)


class Work(NamedTuple):
    """What either kind of rubric needs to score sets."""

    sets: Sequence[TranscriptSet]
    config: RunConfig
    rubric: Rubric
    prompts: Prompts
    journal: Journal
    progress: Progress
