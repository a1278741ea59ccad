"""A panel: programs, judges and votes → one judgement with a final verdict per item and cap.

A cap needs two agreeing judges, or two agreeing votes where there is one judge; a deterministic
judge counts by itself. Where judges or votes disagree, the item goes to the queue for human review.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from statistics import median_low
from typing import Any

from dialogue_sim.cases.model import Case
from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.families import check_families as check_families
from dialogue_sim.judging.families import family as family
from dialogue_sim.judging.judges import Judge, by_program, items_of
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rubric import Cap, Item, Rubric, content_hash
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.models.errors import BudgetError, ModelError
from dialogue_sim.transcript import Failure, Transcript

AGREEING = 2


async def judge_transcript(
    transcript: Transcript,
    case: Case | None,
    rubric: Rubric,
    judges: Sequence[Judge],
    *,
    votes: int = 1,
    seed: int = 0,
) -> Judgement:
    """Judge one consultation.

    Args:
        case: None for a foreign transcript; only what needs no case is answered then.
        votes: samples per judge that is not deterministic.

    Returns:
        A judgement. When a judge failed, it holds `failures` and no final verdicts: it is never scored.

    Raises:
        BudgetError: the run's budget is spent.
        ConfigError: a judge has no means to answer the rubric, or it is a per-turn rubric.
    """
    if rubric.kind != "items":
        raise ConfigError(
            f"the rubric {rubric.id!r} is judged reply by reply, not item by item",
            mend=f"score stored transcripts with it: dialogue-sim rescore FILE --rubric {rubric.id}",
        )
    reading = Reading(transcript)
    settled = by_program(reading, case, rubric)
    known = {verdict.item for verdict in settled}
    left = [item for item in items_of(transcript, case, rubric) if item.id not in known]
    raw: list[Verdict] = []
    failures: list[Failure] = []
    if not reading.void:
        open_parts = [item.id for item in left] + [cap.id for cap in rubric.caps]
        raw, failures = await _ask(transcript, case, rubric, judges, votes, seed, open_parts)
        if not failures:
            again, failures = await _confirm(transcript, case, rubric, judges, raw, seed)
            raw += again
            failures = failures or _unanswered(left, rubric.caps, raw)
    final = [] if failures else list(settled)
    if not failures and not reading.void:
        final += _final(left, rubric.caps, judges, raw)
    flags = _flags(reading, final, transcript, judges)
    return Judgement(
        dialogue_id=transcript.dialogue_id,
        case_id=transcript.case_id,
        rubric=rubric.id,
        rubric_version=rubric.version,
        rubric_sha256=content_hash(rubric),
        verdicts=sorted(final, key=_place(rubric)),
        votes=raw,
        disputed=[] if failures else _disputed(rubric, raw, final),
        flags=flags,
        failures=failures,
    )


async def _ask(
    transcript: Transcript,
    case: Case | None,
    rubric: Rubric,
    judges: Sequence[Judge],
    votes: int,
    seed: int,
    only: Sequence[str],
) -> tuple[list[Verdict], list[Failure]]:
    rounds = [(judge, vote) for judge in judges for vote in range(1 if judge.deterministic else votes)]
    return await _gather(
        [judge.judge(transcript, case, rubric, seed=seed, vote=vote, only=only) for judge, vote in rounds],
        [judge.spec for judge, _ in rounds],
    )


async def _confirm(
    transcript: Transcript,
    case: Case | None,
    rubric: Rubric,
    judges: Sequence[Judge],
    raw: Sequence[Verdict],
    seed: int,
) -> tuple[list[Verdict], list[Failure]]:
    """Where a single judge gave a single vote, ask once more about the caps that it would fire."""
    caps = {cap.id for cap in rubric.caps}
    fired = sorted({verdict.item for verdict in raw if verdict.item in caps and verdict.mark == "met"})
    sampled = {(verdict.judge, verdict.vote) for verdict in raw}
    if not fired or len(judges) != 1 or judges[0].deterministic or len(sampled) > 1:
        return [], []
    judge = judges[0]
    return await _gather([judge.judge(transcript, case, rubric, seed=seed, vote=1, only=fired)], [judge.spec])


async def _gather(
    calls: Sequence[Coroutine[Any, Any, list[Verdict]]], specs: Sequence[str]
) -> tuple[list[Verdict], list[Failure]]:
    # Every call is let finish, so that what was paid for is in the journal when a sibling fails.
    results = await asyncio.gather(*calls, return_exceptions=True)
    verdicts: list[Verdict] = []
    failures: list[Failure] = []
    for spec, result in zip(specs, results, strict=True):
        if isinstance(result, ModelError) and not isinstance(result, BudgetError):
            failures.append(Failure(stage="judge", kind=result.kind, message=str(result), where=spec))
        elif isinstance(result, BaseException):
            raise result
        else:
            verdicts += result
    return verdicts, failures


def _unanswered(items: Sequence[Item], caps: Sequence[Cap], raw: Sequence[Verdict]) -> list[Failure]:
    parts: list[Item | Cap] = [*items, *caps]
    answered = {verdict.item for verdict in raw}
    missing = [part.id for part in parts if part.id not in answered]
    if not missing:
        return []
    return [Failure(stage="judge", kind="malformed", message=f"no verdict on {', '.join(missing)}")]


def _final(
    items: Sequence[Item], caps: Sequence[Cap], judges: Sequence[Judge], raw: Sequence[Verdict]
) -> list[Verdict]:
    by_item: dict[str, list[Verdict]] = {}
    for verdict in raw:
        by_item.setdefault(verdict.item, []).append(verdict)
    final = [majority(by_item[item.id]) for item in items]
    deterministic = {judge.spec for judge in judges if judge.deterministic}
    return final + [_cap(cap, by_item[cap.id], deterministic, alone=len(judges) == 1) for cap in caps]


def majority(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that stands for several: the lower median value, or cannot_tell where most could not.

    The evidence is that of the first verdict with this value, so it was checked like any other.
    """
    told = [verdict.value for verdict in verdicts if verdict.value is not None]
    if len(told) * 2 <= len(verdicts) and len(told) < len(verdicts):
        return next(verdict for verdict in verdicts if verdict.value is None)
    middle = median_low(told)
    return next(verdict for verdict in verdicts if verdict.value == middle)


def _cap(cap: Cap, verdicts: Sequence[Verdict], deterministic: set[str], *, alone: bool) -> Verdict:
    met = [verdict for verdict in verdicts if verdict.mark == "met"]
    others = [verdict for verdict in verdicts if verdict.mark != "met"]
    if not met:
        return majority(others)
    counted = any(verdict.judge in deterministic for verdict in met)
    agreeing = len(met) if alone else len(_fully_agreeing(verdicts))
    if counted or (agreeing >= AGREEING and (not alone or agreeing > len(others))):
        flag = "cap_deterministic" if counted else "cap_by_votes" if alone else "cap_by_judges"
        return met[0].model_copy(update={"flags": [*met[0].flags, flag]})
    return met[0].model_copy(
        update={"mark": "not", "value": 0.0, "flags": [*met[0].flags, "cap_unconfirmed"]}
    )


def _fully_agreeing(verdicts: Sequence[Verdict]) -> set[str]:
    """The judges most of whose votes say that a cap fires."""
    votes: dict[str, list[bool]] = {}
    for verdict in verdicts:
        votes.setdefault(verdict.judge, []).append(verdict.mark == "met")
    return {judge for judge, said in votes.items() if sum(said) * 2 > len(said)}


def _disputed(rubric: Rubric, raw: Sequence[Verdict], final: Sequence[Verdict]) -> list[str]:
    marks: dict[str, set[str]] = {}
    for verdict in raw:
        marks.setdefault(verdict.item, set()).add(verdict.mark)
    unsure = {verdict.item for verdict in final if verdict.mark == "cannot_tell"}
    parts: list[Item | Cap] = [*rubric.items, *rubric.caps]
    names = [part.id for part in parts]
    return [name for name in names if len(marks.get(name, ())) > 1 or name in unsure]


def _flags(
    reading: Reading, final: Sequence[Verdict], transcript: Transcript, judges: Sequence[Judge]
) -> dict[str, int]:
    counts = Counter(flag for verdict in final for flag in verdict.flags)
    counts["cannot_tell"] = sum(verdict.mark == "cannot_tell" for verdict in final)
    counts["injection_suspected"] = len(reading.injected)
    counts["own_family"] = len(
        check_families(transcript.doctor, [judge.spec for judge in judges], allow=True)
    )
    return {name: number for name, number in sorted(counts.items()) if number}


def _place(rubric: Rubric) -> Callable[[Verdict], int]:
    parts: list[Item | Cap] = [*rubric.items, *rubric.caps]
    order = {part.id: place for place, part in enumerate(parts)}
    return lambda verdict: order[verdict.item]
