"""Scoring stored consultations again: ours or others', by any rubric, with any judge.

Every model call is journaled in the output folder, so the same command pays only for what is missing.
What could not be judged is a failure: counted, left out of every mean, never a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.panel import check_families
from dialogue_sim.judging.rubric import Rubric, content_hash
from dialogue_sim.models.journal import Journal
from dialogue_sim.prompts import Prompts
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.item_scoring import by_items
from dialogue_sim.runs.progress import Progress, Silent
from dialogue_sim.runs.rescored import Rescored, RescoredSet, Work
from dialogue_sim.runs.stored import TranscriptSet
from dialogue_sim.runs.turn_scoring import by_turns
from dialogue_sim.scoring.leaderboard import Leaderboard, leaderboard


async def rescore(
    sets: Sequence[TranscriptSet],
    config: RunConfig,
    rubric: Rubric,
    out: Path,
    *,
    progress: Progress | None = None,
) -> Rescored:
    """Score the sets.

    Args:
        config: names judges, votes, budget and concurrency; its doctor and patient are not used.
        out: folder of the journal and of `verdicts.jsonl`.

    Raises:
        ConfigError: the judge does not fit the rubric, is of a doctor's own family, or cannot be opened.
        ModelError: a judge did not answer the first question put to it.
    """
    kin = _check_judges(sets, config, rubric)
    prompts = Prompts(Path(config.prompts) if config.prompts else None)
    journal = Journal(out)
    work = Work(sets, config, rubric, prompts, journal, progress or Silent())
    work.progress.planned(sum(len(one.consultations) for one in sets), 0, 0)
    try:
        done, stopped = await (by_turns(work) if rubric.kind == "medflow" else by_items(work))
    finally:
        journal.close()
    return Rescored(
        rubric={"id": rubric.id, "version": rubric.version, "sha256": content_hash(rubric)},
        judges=[judge.model for judge in config.judges],
        votes=config.votes,
        own_family=kin,
        sets=done,
        ranking=_ranking(done),
        stopped=stopped,
    )


def _check_judges(sets: Sequence[TranscriptSet], config: RunConfig, rubric: Rubric) -> list[str]:
    """The judges of a doctor's own family, which only `allow_same_family` lets pass."""
    judges = [judge.model for judge in config.judges]
    if rubric.kind == "medflow" and (len(judges) != 1 or judges == ["lexicon"]):
        raise ConfigError(
            f"{rubric.id} marks every turn, which needs one model as the judge",
            where=", ".join(judges),
            mend="name it: --judge openai:MODEL",
        )
    doctors = {one.transcript.doctor for each in sets for one in each.consultations} - {"", "human"}
    # Foreign files name a model without our scheme.
    specs = sorted(doctor if ":" in doctor else f"openai:{doctor}" for doctor in doctors)
    kin = [judge for spec in specs for judge in check_families(spec, judges, allow=config.allow_same_family)]
    return list(dict.fromkeys(kin))


def _ranking(sets: Sequence[RescoredSet]) -> Leaderboard | None:
    scored = {one.name: one.cases for one in sets if one.cases}
    if len(scored) < 2 or not set.intersection(*(set(cases) for cases in scored.values())):
        return None
    return leaderboard(scored)
