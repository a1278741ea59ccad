"""Consultations packed into a page: an index of what can be filtered by, and compressed blocks of the rest.

The page unpacks a block when a consultation in it is opened, and all of them when words are searched
for; so a report of a thousand consultations opens at once, and stays a few megabytes.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.transcript import Transcript, Turn

BLOCK = 12
"""Consultations in one block."""

_MARKS = {"met": "m", "partly": "p", "not": "n", "cannot_tell": "u"}


def packed(run: RunFiles, rubric: Rubric) -> tuple[list[dict[str, Any]], list[str]]:
    """The index, one entry a consultation in the run's order, and the blocks in base64."""
    parts = [item.id for item in rubric.items] + [cap.id for cap in rubric.caps]
    scored = {one["dialogue_id"]: one for case in run.scores["cases"] for one in case["runs"]}
    names = list(run.transcripts)
    index = [
        _entry(run.transcripts[name], run.judgements.get(name), scored.get(name), parts) for name in names
    ]
    blocks = [
        _compressed([_content(run.transcripts[name], run.judgements.get(name)) for name in block])
        for block in _batches(names)
    ]
    return index, blocks


def _batches(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + BLOCK] for start in range(0, len(names), BLOCK))


def _compressed(content: Any) -> str:
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(plain, 6, mtime=0)).decode("ascii")


def _entry(
    transcript: Transcript,
    judgement: Judgement | None,
    scored: Mapping[str, Any] | None,
    parts: Sequence[str],
) -> dict[str, Any]:
    marks = {verdict.item: _MARKS[verdict.mark] for verdict in judgement.verdicts} if judgement else {}
    return {
        "id": transcript.dialogue_id,
        "case": transcript.case_id,
        "lang": transcript.language,
        "stop": transcript.stop,
        "broke": transcript.protocol_failures,
        "turns": len(transcript.of("doctor")),
        "score": scored and round(scored["score"], 1),
        "raw": scored and round(scored["raw"], 1),
        "caps": scored["caps"] if scored else [],
        "marks": "".join(marks.get(part, "-") for part in parts),
    }


def _content(transcript: Transcript, judgement: Judgement | None) -> dict[str, Any]:
    closing = transcript.closing
    return {
        "persona": list(transcript.persona.values()),
        "turns": [_turn(turn) for turn in transcript.turns],
        "closing": closing and [[closing.diagnosis], closing.differential, closing.tests, closing.plan],
        "verdicts": [_verdict(verdict) for verdict in judgement.verdicts] if judgement else [],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    said: dict[str, Any] = {"n": turn.number, "who": turn.speaker, "text": turn.text}
    if chosen := turn.selection:
        facts = {
            "disclosed": chosen.disclosed, "volunteered": chosen.volunteered, "withheld": chosen.withheld,
            "unknown": chosen.unknown, "cue": chosen.cues,
        }  # fmt: skip
        said["facts"] = {kind: ids for kind, ids in facts.items() if ids}
    if turn.guard:
        said["guard"] = [[one.action, one.resolution, one.detail, one.draft] for one in turn.guard]
    if turn.findings:
        said["found"] = [[one.request, one.finding, one.status] for one in turn.findings]
    return said


def _verdict(verdict: Verdict) -> list[Any]:
    return [
        verdict.item, verdict.mark, verdict.value, verdict.turns, verdict.quote, verdict.why, verdict.judge, verdict.flags,
    ]  # fmt: skip
