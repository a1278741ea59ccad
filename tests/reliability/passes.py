"""Whole runs against a server of tests/servers, and what is compared of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dialogue_sim.cases import load_cases
from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.journal import Journal, Spent
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import Outcome, execute, plan
from dialogue_sim.runs.scores import dialogue_result
from dialogue_sim.scoring.scorecard import scorecard
from dialogue_sim.transcript import Transcript

TIMEOUT_S = 4.0


async def one_pass(url: str, out: Path, dialogues: int, **more: Any) -> Outcome:
    """One run of `dialogues` dialogues, doctor and judge behind the server at `url`."""
    seeds = -(-dialogues // len(load_cases()))
    model = {
        "model": "openai:m",
        "base_url": url,
        "timeout_s": TIMEOUT_S,
        "concurrency": 64,
        **more.pop("model", {}),
    }
    flags = {
        "doctor": model, "judges": [model], "allow_same_family": True, "concurrency": 64, "turns": 12,
        "limit": -(-dialogues // seeds), "seeds": seeds, "out": str(out), **more,
    }  # fmt: skip
    return await execute(plan(config_from_flags(flags)))


def transcripts(out: Path) -> dict[str, Transcript]:
    """The finished dialogues as they were exported."""
    found = [Transcript.model_validate_json(line) for line in _lines(out / "transcripts.jsonl")]
    return {transcript.dialogue_id: transcript for transcript in found}


def judgements(out: Path) -> dict[str, Judgement]:
    """The complete judgements as they were exported."""
    found = [Judgement.model_validate_json(line) for line in _lines(out / "verdicts.jsonl")]
    return {judgement.dialogue_id: judgement for judgement in found}


def score_over(out: Path, dialogues: Iterable[str]) -> dict[str, Any]:
    """The scorecard of some dialogues of a run, computed from what it exported."""
    rubric, cases = load_rubric(None), {case.id: case for case in load_cases()}
    said, marked = transcripts(out), judgements(out)
    results = [
        dialogue_result(rubric, cases[said[name].case_id], said[name], marked[name])
        for name in said
        if name in set(dialogues)
    ]
    return scorecard(results, rubric.shape()).model_dump(mode="json")


def usage_kept(out: Path) -> list[Spent]:
    """What a run's journal counts as paid."""
    journal = Journal(out, read_only=True)
    try:
        return journal.usage()
    finally:
        journal.close()


def calls_kept(out: Path) -> int:
    """Calls in a run's journal that are counted as paid."""
    return sum(spent.calls for spent in usage_kept(out))


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if json.loads(line)]
