"""A whole run: open, simulate, judge, score. What `dialogue-sim run` and the Python API call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dialogue_sim.cases import Case, load_cases
from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.panel import check_families
from dialogue_sim.judging.rubric import Rubric, load_rubric
from dialogue_sim.models.base import Role
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient.fidelity import FidelityCount
from dialogue_sim.runs.cast import Cast
from dialogue_sim.runs.config import RunConfig, fingerprint
from dialogue_sim.runs.directory import (
    RunDirectory,
    in_order,
    judging_identity,
    manifest,
    simulation_identity,
)
from dialogue_sim.runs.engine import Engine, Interrupt, Job
from dialogue_sim.runs.progress import Progress, Silent
from dialogue_sim.runs.scores import Tally, scores, scores_text


class Stages(NamedTuple):
    """Which parts of a run to do."""

    simulate: bool = True
    judge: bool = True

    def passes(self, phased: bool) -> list[Stages]:
        """The passes over the dialogues: one, or, phased, one that simulates and one that judges."""
        both = self.simulate and self.judge
        return [Stages(judge=False), Stages(simulate=False)] if phased and both else [self]

    def roles(self) -> list[Role]:
        """Whose models are needed."""
        return [*(("doctor", "patient") if self.simulate else ()), *(("judge",) if self.judge else ())]


ALL = Stages()


class Outcome(NamedTuple):
    """A run after one pass.

    `scores` is the content of `scores.json`, None when only simulated. `failures` counts dialogues
    that could not be finished or judged, `stopped` says why the pass ended early (empty: it did not).
    """

    path: Path
    scores: dict[str, Any] | None
    failures: int
    stopped: str


class Plan(NamedTuple):
    """A checked configuration: everything loaded, nothing called yet."""

    config: RunConfig
    cases: list[Case]
    prompts: Prompts
    rubric: Rubric
    manifest: dict[str, Any]
    out: Path

    def jobs(self) -> list[Job]:
        """The dialogues of this run, or of its part."""
        number, parts = self.config.part()
        jobs = [Job(case, replicate) for case in self.cases for replicate in range(self.config.seeds)]
        return jobs[number - 1 :: parts]


def plan(config: RunConfig) -> Plan:
    """Load what a configuration names.

    Raises:
        ConfigError, CaseError, RubricError: with what, where and how to mend.
    """
    cases = load_cases(config.cases or None, language=config.lang, limit=config.limit)
    prompts = Prompts(Path(config.prompts) if config.prompts else None)
    rubric = load_rubric(config.rubric)
    check_families(
        config.doctor.model, [judge.model for judge in config.judges], allow=config.allow_same_family
    )
    described = manifest(config, cases, prompts, rubric)
    identity = fingerprint(simulation_identity(described), judging_identity(described))
    return Plan(
        config,
        cases,
        prompts,
        rubric,
        described,
        Path(config.out) if config.out else config.default_out(identity),
    )


async def execute(
    planned: Plan,
    stages: Stages = ALL,
    *,
    progress: Progress | None = None,
    interrupt: Interrupt | None = None,
) -> Outcome:
    """Do what is missing of a run, and write its files.

    Raises:
        ConfigError: the run directory cannot be used.
        ModelError: a model did not answer the first question put to it (before any dialogue).
    """
    interrupt = interrupt or Interrupt()
    progress = progress or Silent()
    if planned.config.executor == "ray":
        from dialogue_sim.runs.ray_cluster import spread

        for one in stages.passes(planned.config.phased):
            if not interrupt.reason:
                await spread(planned, one, progress, interrupt)
    directory = RunDirectory(planned.out, planned.manifest)
    cast = Cast(planned.config, planned.prompts, directory.journal)
    fidelity = FidelityCount()
    try:
        for one in stages.passes(planned.config.phased) if planned.config.executor == "local" else ():
            if not interrupt.reason:
                await cast.open(one.roles())
                engine = _engine(planned, one, cast, directory, progress, interrupt, fidelity)
                await engine.run(planned.jobs(), simulate=one.simulate)
                await cast.close()
        content = write_results(planned, directory, stages, fidelity)
        return Outcome(directory.path, content, len(directory.failures()), interrupt.reason)
    finally:
        await cast.close()
        directory.close()


def _engine(
    planned: Plan,
    stages: Stages,
    cast: Cast,
    directory: RunDirectory,
    progress: Progress,
    interrupt: Interrupt,
    fidelity: FidelityCount,
) -> Engine:
    config = planned.config
    return Engine(
        cast=cast, directory=directory, rubric=planned.rubric,
        judging=judging_identity(planned.manifest) if stages.judge else "",
        turns=config.turns, votes=config.votes, seed=config.seed, concurrency=config.concurrency,
        progress=progress, interrupt=interrupt, fidelity=fidelity, timeout_s=config.dialogue_timeout_s,
    )  # fmt: skip


def write_results(
    planned: Plan, directory: RunDirectory, stages: Stages = ALL, fidelity: FidelityCount | None = None
) -> dict[str, Any] | None:
    """Write transcripts, verdicts and scores from the journal; returns the content of `scores.json`.

    Args:
        fidelity: the patients that were counted already; those of other dialogues are added to it.
    """
    directory.export_transcripts()
    if not stages.judge:
        return None
    identity = judging_identity(planned.manifest)
    directory.export_judgements(identity)
    content = _content(planned, directory, identity, fidelity or FidelityCount())
    directory.write("scores.json", scores_text(content))
    return content


def _content(
    planned: Plan, directory: RunDirectory, identity: str, fidelity: FidelityCount
) -> dict[str, Any]:
    cases = {case.id: case for case in planned.cases}
    wanted = {job.id for job in planned.jobs()}
    judged, tally = directory.judged(identity), Tally(planned.rubric)
    # One dialogue after the other, so that a run of any size fits into memory.
    for name in in_order(directory.finished() & wanted):
        if name in judged or name not in fidelity.dialogues:
            transcript = directory.transcript(name)
            case = cases[transcript.case_id]
            if name in judged:
                tally.add(case, transcript, directory.judgement(identity, name))
            if name not in fidelity.dialogues:
                fidelity.add(transcript, case)
    return scores(
        tally,
        manifest=planned.manifest,
        planned=len(wanted),
        failures={name: failure for name, failure in directory.failures().items() if name in wanted},
        fidelity=fidelity.figures(),
        usage=directory.usage(),
        notes=_notes(planned.config),
    )


def _notes(config: RunConfig) -> list[str]:
    """Remarks that belong beside the score, as message keys."""
    models = [judge.model for judge in config.judges]
    notes = []
    if config.doctor.model.split(":")[0] == "embedded":
        notes.append("demonstration")
    if "lexicon" in models:
        notes.append("lexicon_judge")
    elif len(models) == 1:
        notes.append("single_judge")
    if config.allow_same_family and same_family(config.doctor.model, models):
        notes.append("same_family")
    return notes


def same_family(doctor: str, judges: Sequence[str]) -> bool:
    """Whether a judge belongs to the doctor's own model family."""
    try:
        check_families(doctor, judges)
    except ConfigError:
        return True
    return False
