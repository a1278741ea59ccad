"""`run --executor ray`: the dialogues of a run, spread over the workers of a Ray cluster.

One keeper on the machine of the command holds the run directory, and its journal stays the single
truth: a worker asks the keeper for every call before it makes it and hands every reply over before it
goes on. So a worker holds nothing that could be lost. When one dies, Ray starts another, which plays
the dialogue again from the journal and pays only for the call that was in flight. Seeds come from run, case and
replicate alone, so the scores are those of one process.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

from dialogue_sim.errors import ConfigError, UserError
from dialogue_sim.models.base import Reply
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.journal import Spent
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.prompts import Prompts
from dialogue_sim.runs.cast import Cast
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.directory import RunDirectory, judging_identity
from dialogue_sim.runs.engine import Engine, Interrupt, Job, still_missing
from dialogue_sim.runs.progress import Progress, Silent
from dialogue_sim.runs.run import Plan, Stages
from dialogue_sim.transcript import Failure, Transcript, Turn

_AT_ONCE = 10_000  # calls that the keeper may have waiting for the disk


class Held(NamedTuple):
    """What came of one dialogue in a worker."""

    transcript: Transcript | None
    score: float | None
    failure: Failure | None
    stopped: str


class Keeper:
    """The run directory, open in one process; runs as a Ray actor on the machine of the command."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self._directory = RunDirectory(path, manifest)

    async def ids(self, identity: str) -> tuple[set[str], set[str]]:
        """Ids of the finished dialogues, and of those judged under an identity."""
        finished = self._directory.finished()
        return finished, self._directory.judged(identity) if identity else finished

    async def transcript(self, name: str) -> Transcript | None:
        """One finished dialogue; None where it is not finished."""
        return self._directory.transcript(name) if name in self._directory.finished() else None

    async def find_call(self, key: str) -> Reply | None:
        """See `Journal.find_call`."""
        return await self._directory.journal.find_call(key)

    async def journal(self, method: str, *values: Any, **named: Any) -> None:
        """A writing method of the journal; returns when it is on the disk."""
        await getattr(self._directory.journal, method)(*values, **named)

    async def directory(self, method: str, *values: Any) -> None:
        """A writing method of the run directory; returns when it is on the disk."""
        await getattr(self._directory, method)(*values)

    async def close(self) -> None:
        """Let go of the run directory."""
        self._directory.close()


class RemoteJournal:
    """The journal as a worker has it: behind the keeper."""

    def __init__(self, keeper: Any) -> None:
        self.in_flight: dict[str, asyncio.Future[Reply]] = {}
        self._keeper = keeper

    async def find_call(self, key: str) -> Reply | None:
        found: Reply | None = await self._keeper.find_call.remote(key)
        return found

    async def keep_call(self, key: str, ask: str, **call: Any) -> None:
        await self._keeper.journal.remote("keep_call", key, ask, **call)

    async def withdraw_calls(self, keys: list[str]) -> None:
        await self._keeper.journal.remote("withdraw_calls", keys)

    def usage(self) -> list[Spent]:
        """Nothing: a run over a cluster has no budget, so nobody counts against one here."""
        return []


class RemoteRecords:
    """The run directory as a worker has it, for one dialogue."""

    def __init__(self, keeper: Any, name: str, finished: Transcript | None) -> None:
        self._keeper, self._name, self.held = keeper, name, finished

    def finished(self) -> set[str]:
        return {self._name} if self.held else set()

    def judged(self, identity: str) -> set[str]:
        return set()  # a worker is only given what is not judged yet

    def transcript(self, dialogue_id: str) -> Transcript:
        if self.held is None:
            raise KeyError(dialogue_id)
        return self.held

    async def keep_transcript(self, transcript: Transcript) -> None:
        self.held = transcript
        await self._keeper.directory.remote("keep_transcript", transcript)

    async def keep_judgement(self, identity: str, judgement: Any) -> None:
        await self._keeper.directory.remote("keep_judgement", identity, judgement)

    async def keep_failure(self, dialogue_id: str, failure: Failure | None) -> None:
        await self._keeper.directory.remote("keep_failure", dialogue_id, failure)


class Notes(Silent):
    """What a worker's engine tells of one dialogue."""

    def __init__(self) -> None:
        self.score: float | None = None
        self.failure: Failure | None = None

    def judged(self, dialogue: str, score: float) -> None:
        self.score = score

    def failed(self, dialogue: str, failure: Failure) -> None:
        self.failure = failure


class Worker:
    """Holds dialogues with models of its own; runs as a Ray actor, wherever there is room."""

    def __init__(self, planned: Plan, stages: Stages, keeper: Any) -> None:
        prompts = Prompts(Path(planned.config.prompts) if planned.config.prompts else None)
        if prompts.sha256 != planned.manifest["simulation"]["prompts_sha256"]:
            raise ConfigError(
                "a machine of the cluster has other prompts", mend="install the same version there"
            )
        self._planned, self._stages, self._keeper = planned, stages, keeper
        self._cast = Cast(planned.config, prompts, RemoteJournal(keeper))
        self._opening = asyncio.Lock()
        self._open = False

    async def hold(self, job: Job) -> Held:
        """Hold and judge one dialogue, from where the journal has it."""
        async with self._opening:
            if not self._open:
                await self._cast.open(self._stages.roles())
                self._open = True
        planned, notes, interrupt = self._planned, Notes(), Interrupt()
        records = RemoteRecords(self._keeper, job.id, await self._keeper.transcript.remote(job.id))
        config = planned.config
        engine = Engine(
            cast=self._cast, directory=records, rubric=planned.rubric,
            judging=judging_identity(planned.manifest) if self._stages.judge else "",
            turns=config.turns, votes=config.votes, seed=config.seed, concurrency=1,
            progress=notes, interrupt=interrupt, timeout_s=config.dialogue_timeout_s,
        )  # fmt: skip
        await engine.run([job], simulate=self._stages.simulate)
        return Held(records.held, notes.score, notes.failure, interrupt.reason)

    async def close(self) -> None:
        """Free the models."""
        await self._cast.close()


async def spread(planned: Plan, stages: Stages, progress: Progress, interrupt: Interrupt) -> None:
    """Do what is missing of a run on a Ray cluster; afterwards the run directory can be opened as usual.

    The cluster is the one that `RAY_ADDRESS` names, or one on this machine.

    Raises:
        ConfigError: Ray is not installed, a worker cannot start, or the run has a budget.
        ModelError: a model did not answer the first question put to it.
    """
    if importlib.util.find_spec("ray") is None:
        raise ConfigError(
            "Ray is not installed", where="--executor ray", mend='pip install "dialogue-sim[ray]"'
        )
    if planned.config.budget:
        raise ConfigError(
            "a budget is not kept across a cluster",
            where="--budget",
            mend="leave it out, or run on one machine",
        )
    import ray
    from ray.exceptions import RayError, RayTaskError

    begun = not ray.is_initialized()
    if begun:
        ray.init(
            log_to_driver=False, configure_logging=False, include_dashboard=False,
            # A worker must find what this process can import, such as a doctor in the working folder.
            runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(path for path in [os.getcwd(), *sys.path] if path)}},
        )  # fmt: skip
    try:
        await _Crew(planned, stages, progress, interrupt).work()
    except RayTaskError as problem:
        if isinstance(problem.cause, UserError | ModelError):
            raise problem.cause from None
        raise
    except RayError as problem:
        raise ConfigError(
            f"the Ray cluster failed: {str(problem).splitlines()[0]}",
            where="--executor ray",
            mend="run the same command again; every finished call is kept",
        ) from problem
    finally:
        if begun:
            ray.shutdown()


class _Crew:
    """The workers of one pass, and what each has to do."""

    def __init__(self, planned: Plan, stages: Stages, progress: Progress, interrupt: Interrupt) -> None:
        self._planned, self._stages = planned, stages
        self._progress, self._interrupt = progress, interrupt

    async def work(self) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        planned, config = self._planned, self._planned.config
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        keeper: Any = ray.remote(Keeper).options(
            num_cpus=0, max_concurrency=_AT_ONCE, scheduling_strategy=here
        ).remote(planned.out.resolve(), planned.manifest)  # fmt: skip
        try:
            jobs = await self._missing(keeper)
            resources: Any = ray.cluster_resources  # untyped where Ray is installed
            count = min(config.workers or int(resources().get("CPU", 1)), max(1, len(jobs)))
            each = -(-config.concurrency // count)
            # Held here until the end: a worker that is started again needs what the first one was given.
            given = ray.put(planned._replace(config=share_of(config, count)))
            crew: list[Any] = [
                ray.remote(Worker)
                .options(
                    num_cpus=1, num_gpus=config.worker_gpus, max_concurrency=each + 1,
                    max_restarts=-1, max_task_retries=-1,
                )
                .remote(given, self._stages, keeper)
                for _ in range(count)
            ]  # fmt: skip
            async with asyncio.TaskGroup() as group:
                for worker in crew:
                    for _ in range(each):
                        group.create_task(self._feed(worker, jobs))
            await asyncio.gather(*(worker.close.remote() for worker in crew))
        except* Exception as problems:
            raise _first(problems) from None
        finally:
            await keeper.close.remote()

    async def _missing(self, keeper: Any) -> deque[Job]:
        planned, stages = self._planned, self._stages
        jobs = planned.jobs()
        wanted = {job.id for job in jobs}
        finished, judged = await keeper.ids.remote(judging_identity(planned.manifest) if stages.judge else "")
        self._progress.planned(len(jobs), len(finished & wanted), len(judged & wanted))
        return still_missing(jobs, finished, judged, simulate=stages.simulate)

    async def _feed(self, worker: Any, jobs: deque[Job]) -> None:
        """Give a worker one dialogue after the other."""
        while jobs and not self._interrupt.reason:
            job = jobs.popleft()
            held: Held = await worker.hold.remote(job)
            self._tell(job, held)

    def _tell(self, job: Job, held: Held) -> None:
        progress = self._progress
        if held.transcript and self._stages.simulate:
            for turn in held.transcript.turns:
                self._turn(job, turn)
            progress.simulated(held.transcript)
        if held.score is not None:
            progress.judged(job.id, held.score)
        if held.failure:
            progress.failed(job.id, held.failure)
        if held.stopped:
            self._interrupt.stop(held.stopped)

    def _turn(self, job: Job, turn: Turn) -> None:
        self._progress.turn(job.id, turn)


def share_of(config: RunConfig, workers: int) -> RunConfig:
    """The configuration of one of so many workers: limits on a model count for all of them together."""

    def divided(settings: ModelSettings) -> dict[str, Any]:
        return {
            "concurrency": -(-settings.concurrency // workers),
            "rpm": settings.rpm and settings.rpm / workers,
            "tpm": settings.tpm and settings.tpm / workers,
        }

    return config.model_copy(
        update={
            "doctor": config.doctor.model_copy(update=divided(config.doctor)),
            "patient": config.patient.model_copy(update=divided(config.patient)),
            "judges": [judge.model_copy(update=divided(judge)) for judge in config.judges],
        }
    )


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
