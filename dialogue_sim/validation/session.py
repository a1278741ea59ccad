"""Consultations and marks for a validation: the same engine, rubric and judges as any run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from dialogue_sim.cases import Case
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric, applicable
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.errors import TransientError
from dialogue_sim.roles.scripted import GRADES
from dialogue_sim.runs.cast import Cast
from dialogue_sim.runs.config import DoctorConfig, RunConfig
from dialogue_sim.runs.directory import RunDirectory, judging_identity
from dialogue_sim.runs.run import Plan, execute, plan
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.transcript import Transcript


class Marked(NamedTuple):
    """One consultation with its marks."""

    case: Case
    transcript: Transcript
    judgement: Judgement
    score: DialogueScore

    def value(self, item: str) -> float | None:
        """The mark of an item, 0 where the judge could not tell; None where it does not apply."""
        return next(
            (verdict.value or 0.0 for verdict in self.judgement.verdicts if verdict.item == item), None
        )


class Session:
    """A validation in progress. Everything it pays for stays in its folder, so that it resumes.

    Args:
        config: who judges what; the doctor in it is replaced by each scripted doctor in turn.
        folder: where the runs of the scripted doctors are kept.
    """

    def __init__(self, config: RunConfig, folder: Path) -> None:
        self._config, self.folder = config, folder
        self.base: Plan = self._plan("expert")
        self.rubric: Rubric = self.base.rubric
        self.cases = {case.id: case for case in self.base.cases}

    async def doctors(self, grades: Iterable[str] = GRADES) -> dict[str, list[Marked]]:
        """Scripted doctors over every case, judged; all of them unless some are named.

        Raises:
            TransientError: some dialogues could not be judged; running again goes on from here.
        """
        found = {}
        for grade in grades:
            planned = self._plan(grade)
            outcome = await execute(planned)
            if outcome.failures or outcome.stopped:
                raise TransientError(
                    f"{outcome.failures} dialogues of scripted:{grade} are not judged",
                    mend="run the command again",
                )
            found[grade] = self._read(planned)
        return found

    async def judge(self, changed: Sequence[tuple[Case, Transcript]], name: str) -> list[Marked]:
        """Judge changed transcripts. Raises like `doctors`."""
        planned = self._plan("expert")
        directory = RunDirectory(planned.out, planned.manifest)
        cast = Cast(planned.config, planned.prompts, directory.journal)
        limit = asyncio.Semaphore(planned.config.concurrency)

        async def one(case: Case, transcript: Transcript) -> Marked:
            async with limit:
                judgement = await judge_transcript(
                    transcript, case, self.rubric, cast.judges(f"{name}/{transcript.dialogue_id}"),
                    votes=planned.config.votes, seed=planned.config.seed,
                )  # fmt: skip
            if judgement.failures:
                raise TransientError(judgement.failures[0].message, mend="run the command again")
            return self.marked(case, transcript, judgement)

        try:
            await cast.open(["judge"])
            return list(await asyncio.gather(*(one(case, transcript) for case, transcript in changed)))
        finally:
            await cast.close()
            directory.close()

    def marked(self, case: Case, transcript: Transcript, judgement: Judgement) -> Marked:
        """A transcript with its marks rolled up."""
        names = [item.id for item in applicable(self.rubric, case)]
        return Marked(case, transcript, judgement, dialogue_score(self.rubric, names, judgement))

    def _plan(self, grade: str) -> Plan:
        doctor = DoctorConfig(model=f"scripted:{grade}")
        return plan(self._config.model_copy(update={"doctor": doctor, "out": str(self.folder / grade)}))

    def _read(self, planned: Plan) -> list[Marked]:
        directory = RunDirectory(planned.out, planned.manifest)
        try:
            judgements = directory.judgements(judging_identity(planned.manifest))
            transcripts = directory.transcripts()
        finally:
            directory.close()
        return [self.marked(self.cases[t.case_id], t, judgements[name]) for name, t in transcripts.items()]
