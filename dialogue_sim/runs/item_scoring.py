"""Rescoring by a rubric of items: each consultation by a panel, with its case file where we have it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from dialogue_sim.cases import Case, content_hash, load_cases
from dialogue_sim.judging.judges import items_of
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.errors import BudgetError
from dialogue_sim.runs.cast import Cast
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.directory import replace_file
from dialogue_sim.runs.rescored import RescoredSet, Work
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.runs.stored import Consultation, TranscriptSet
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard


async def by_items(work: Work) -> tuple[list[RescoredSet], str]:
    """Score the sets of a piece of work; returns them and why it stopped early (empty: it did not).

    Raises:
        ConfigError: a judge cannot be opened.
        ModelError: a judge did not answer the first question put to it.
    """
    cases = _known_cases(work.sets, work.config)
    cast = Cast(work.config, work.prompts, work.journal)
    panel = _Panel(work, cast, cases)
    try:
        await cast.open(["judge"])
        async with asyncio.TaskGroup() as group:
            tasks = [
                [group.create_task(panel.judge(one)) for one in each.consultations] for each in work.sets
            ]
    finally:
        await cast.close()
    found = [[task.result() for task in each] for each in tasks]
    kept = [one for each in found for one in each if one]
    lines = (json.dumps(one.model_dump(mode="json"), ensure_ascii=False) for one in kept)
    replace_file(work.journal.folder / "verdicts.jsonl", "".join(f"{line}\n" for line in lines))
    done = [
        _item_set(each, results, work.rubric, cases) for each, results in zip(work.sets, found, strict=True)
    ]
    return done, panel.stopped


class _Panel:
    """Judges consultations, so many at once; begins nothing new once the budget is spent."""

    def __init__(self, work: Work, cast: Cast, cases: Mapping[str, Case]) -> None:
        self.stopped = ""
        self._work, self._cast, self._cases = work, cast, cases
        self._gate = asyncio.Semaphore(work.config.concurrency)

    async def judge(self, one: Consultation) -> Judgement | None:
        work, transcript = self._work, one.transcript
        name, case = transcript.dialogue_id, self._cases.get(transcript.dialogue_id)
        async with self._gate:
            if self.stopped:
                return None
            try:
                found = await judge_transcript(
                    transcript,
                    case,
                    work.rubric,
                    self._cast.judges(name),
                    votes=work.config.votes,
                    seed=work.config.seed,
                )
            except BudgetError:
                self.stopped = "budget"
                return None
        work.progress.simulated(transcript)
        if found.failures:
            work.progress.failed(name, found.failures[0])
        else:
            items = [item.id for item in items_of(transcript, case, work.rubric)]
            work.progress.judged(name, dialogue_score(work.rubric, items, found).score)
        return found


def _known_cases(sets: Sequence[TranscriptSet], config: RunConfig) -> dict[str, Case]:
    """Dialogue → its case file, where we have the very version it was held with."""
    transcripts = [
        one.transcript for each in sets for one in each.consultations if one.transcript.case_sha256
    ]
    if not transcripts:
        return {}
    cases = {case.id: case for case in load_cases(config.cases or None)}
    return {
        one.dialogue_id: cases[one.case_id]
        for one in transcripts
        if one.case_id in cases and content_hash(cases[one.case_id]) == one.case_sha256
    }


def _item_set(
    each: TranscriptSet, found: Sequence[Judgement | None], rubric: Rubric, cases: Mapping[str, Case]
) -> RescoredSet:
    results = []
    for one, judgement in zip(each.consultations, found, strict=True):
        if judgement is None or judgement.failures:
            continue
        transcript = one.transcript
        items = [item.id for item in items_of(transcript, cases.get(transcript.dialogue_id), rubric)]
        score = dialogue_score(rubric, items, judgement)
        results.append(DialogueResult(one.case, transcript.replicate, score, transcript.dialogue_id))
    card = scorecard(results, rubric.shape())
    return RescoredSet(
        name=each.name,
        files=[str(file) for file in each.files],
        n=len(each.consultations),
        n_scored=len(results),
        score=card.score,
        ci95=card.ci95,
        failures=[failure for judgement in found if judgement for failure in judgement.failures],
        without_case=sum(one.transcript.dialogue_id not in cases for one in each.consultations),
        dimensions=card.dimensions,
        medflow=None,
        cases=card.case_scores(),
    )
