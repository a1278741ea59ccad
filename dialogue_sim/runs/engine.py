"""Runs dialogues: each advances on its own, and is judged the moment it ends.

This is the only place that knows about concurrency. There is no barrier anywhere: as many dialogues
are active as the run allows and the engines' caches hold (`room.py`), the expected-longest start first,
and a finished one leaves memory.
Resume is replay: finished dialogues and judgements are read from the journal, and an unfinished
dialogue is played again from the calls that were already paid for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dialogue_sim.cases import Case
from dialogue_sim.consultation import consult
from dialogue_sim.errors import UserError
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric, applicable
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.errors import BudgetError, ModelError
from dialogue_sim.roles.patient.fidelity import FidelityCount
from dialogue_sim.runs.cast import Cast, dialogue_id
from dialogue_sim.runs.progress import Progress
from dialogue_sim.runs.room import Room
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.transcript import Failure, Transcript, Turn

log = logging.getLogger("dialogue_sim.runs")


@dataclass(frozen=True)
class Job:
    """One dialogue to hold or to judge."""

    case: Case
    replicate: int

    @property
    def id(self) -> str:
        """The dialogue's id."""
        return dialogue_id(self.case, self.replicate)


@dataclass
class Interrupt:
    """Asks a run to stop: what is in flight is finished and saved, nothing new is begun."""

    reason: str = ""

    def stop(self, reason: str) -> None:
        """Begin nothing new. The first reason stays."""
        self.reason = self.reason or reason


class Records(Protocol):
    """Where finished dialogues and judgements are kept; see `RunDirectory`, which is one."""

    def finished(self) -> set[str]: ...
    def judged(self, identity: str) -> set[str]: ...
    def transcript(self, dialogue_id: str) -> Transcript: ...
    async def keep_transcript(self, transcript: Transcript) -> None: ...
    async def keep_judgement(self, identity: str, judgement: Judgement) -> None: ...
    async def keep_failure(self, dialogue_id: str, failure: Failure | None) -> None: ...


@dataclass
class Engine:
    """One pass over the dialogues of a run.

    `judging` is the judging identity, or empty to simulate only. Each patient whose doctor is
    handed over to be judged is counted in `fidelity`, where there is one.
    """

    cast: Cast
    directory: Records
    rubric: Rubric
    judging: str
    turns: int
    votes: int
    seed: int
    concurrency: int
    progress: Progress
    interrupt: Interrupt
    fidelity: FidelityCount | None = None
    timeout_s: float | None = None
    _queue: deque[Job] = field(default_factory=deque)
    _room: Room = field(init=False)

    async def run(self, jobs: Sequence[Job], *, simulate: bool = True) -> None:
        """Hold and judge what is missing of these dialogues.

        Raises:
            ConfigError: the run directory can no longer be written. Everything finished is kept.
        """
        finished = self.directory.finished()
        judged = self.directory.judged(self.judging) if self.judging else finished
        self.progress.planned(
            len(jobs), len(finished & {j.id for j in jobs}), len(judged & {j.id for j in jobs})
        )
        self._queue = still_missing(jobs, finished, judged, simulate=simulate)
        self._room = Room(self.concurrency, self.cast.caches)
        if self._room.seats < self.concurrency:
            log.info("the engine's cache holds about %d dialogues at once", self._room.seats)
        handing_over = asyncio.Semaphore(self.concurrency)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(self._queue))):
                    group.create_task(self._work(group, handing_over, finished))
                    await asyncio.sleep(0)  # a round of the loop each, so that the first asks at once
        except* UserError as problems:
            # Several dialogues may have met the same full disk; one message is enough.
            raise _first(problems) from None

    async def _work(
        self, group: asyncio.TaskGroup, handing_over: asyncio.Semaphore, finished: set[str]
    ) -> None:
        while self._queue and not self.interrupt.reason:
            job = self._queue.popleft()
            if job.id in finished:
                transcript: Transcript | None = self.directory.transcript(job.id)
            else:
                async with self._room.seat():
                    transcript = None if self.interrupt.reason else await self._simulate(job)
            if transcript is not None and self.judging:
                # Waiting here, and not in the judge's task, keeps the number of unjudged transcripts bounded.
                await handing_over.acquire()
                group.create_task(self._judge(job, transcript, handing_over))
                if self.fidelity:
                    await asyncio.sleep(
                        0
                    )  # the judge's first question goes out; meanwhile the patient is counted
                    self.fidelity.add(transcript, job.case)

    async def _simulate(self, job: Job) -> Transcript | None:
        cast = self.cast
        try:
            async with asyncio.timeout(self.timeout_s):
                transcript = await consult(
                    job.case,
                    cast.doctor(job.case, job.replicate),
                    cast.patient(job.case, job.replicate),
                    cast.examiner(job.case),
                    max_turns=self.turns,
                    replicate=job.replicate,
                    seed=cast.seed(job.case, job.replicate),
                    on_turn=lambda turn: self._spoken(job, turn),
                )
        except (ModelError, TimeoutError) as problem:
            await self._failed(job, "simulate", problem)
            return None
        await self.directory.keep_transcript(transcript)
        await self.directory.keep_failure(job.id, None)
        self.progress.simulated(transcript)
        self._room.learn(transcript)
        return transcript

    async def _judge(self, job: Job, transcript: Transcript, handed_over: asyncio.Semaphore) -> None:
        try:
            judgement = await judge_transcript(
                transcript, job.case, self.rubric, self.cast.judges(job.id), votes=self.votes, seed=self.seed
            )
            if judgement.failures:
                await self._note_failure(job, judgement.failures[0])
                return
            await self.directory.keep_judgement(self.judging, judgement)
            await self.directory.keep_failure(job.id, None)
            names = [item.id for item in applicable(self.rubric, job.case)]
            self.progress.judged(job.id, dialogue_score(self.rubric, names, judgement).score)
        except ModelError as problem:
            await self._failed(job, "judge", problem)
        finally:
            handed_over.release()

    def _spoken(self, job: Job, turn: Turn) -> None:
        self.progress.turn(job.id, turn)

    async def _failed(self, job: Job, stage: str, problem: ModelError | TimeoutError) -> None:
        if isinstance(problem, BudgetError):
            self.interrupt.stop("budget")
        kind = problem.kind if isinstance(problem, ModelError) else "dialogue_timeout"
        message = str(problem) or f"the dialogue took longer than {self.timeout_s} s"
        await self._note_failure(
            job, Failure.model_validate({"stage": stage, "kind": kind, "message": message, "where": job.id})
        )

    async def _note_failure(self, job: Job, failure: Failure) -> None:
        await self.directory.keep_failure(job.id, failure)
        self.progress.failed(job.id, failure)


def _first(group: BaseExceptionGroup[UserError]) -> UserError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def still_missing(jobs: Sequence[Job], finished: set[str], judged: set[str], *, simulate: bool) -> deque[Job]:
    """The dialogues that are left to hold or to judge, the expected-longest first."""
    missing = [job for job in jobs if job.id not in finished or job.id not in judged]
    return deque(
        sorted((job for job in missing if simulate or job.id in finished), key=_expected_longest_first)
    )


def _expected_longest_first(job: Job) -> tuple[int, int, str, int]:
    band = job.case.judge.turn_band
    return -band[1], -len(job.case.patient.facts), job.case.id, job.replicate
