"""Consultations packed into a page: an index of what can be filtered by, and compressed blocks of the rest.

The page unpacks a block when a consultation in it is opened, and all of them when words are searched
for; so a report of a thousand consultations opens at once, and stays a few megabytes. Where that is
too much for one file, the blocks lie in scripts beside it, which a page may load from disk too.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogue_sim.judging.reasons import told
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.reports.facts import Lines
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.transcript import Transcript, Turn

BLOCK = 12
"""Consultations in one block."""

WHOLE = 8 * 2**20
"""Characters of blocks up to which a page holds them itself; the rest of a page takes under 2 MB."""

PIECE = 2 * 2**20
"""Characters of blocks in one file beside a page, about."""

_MARKS = {"met": "m", "partly": "p", "not": "n", "cannot_tell": "u"}


def packed(
    run: RunFiles, parts: Sequence[str], lines: Lines, first: int = 0
) -> tuple[list[dict[str, Any]], list[str]]:
    """The index, one entry a consultation in the run's order, and the blocks in base64.

    Args:
        parts: ids of the items and caps, in the order of the marks in an entry.
        lines: what the ids in the patient's answers stand for.
        first: number of the first block.
    """
    scored = {one["dialogue_id"]: one for case in run.scores["cases"] for one in case["runs"]}
    index: list[dict[str, Any]] = []
    blocks: list[str] = []
    for batch in _batches(list(run.transcripts)):
        contents: list[dict[str, Any]] = []
        for name in batch:
            transcript, judgement = run.transcripts[name], run.judgements.get(name)
            entry = _entry(transcript, judgement, scored.get(name), parts)
            index.append({**entry, "at": [first + len(blocks), len(contents)]})
            contents.append(_content(transcript, judgement, lines))
        blocks.append(_compressed(contents))
    return index, blocks


def alone(
    transcript: Transcript,
    judgement: Judgement | None,
    scored: Mapping[str, Any] | None,
    parts: Sequence[str],
    lines: Lines | None,
) -> dict[str, Any]:
    """One consultation as a page's script takes it: its entry in an index, and its content.

    Args:
        scored: its `score`, `raw` and `caps`; None while it has no score.
        lines: what the ids in the patient's answers stand for; None keeps it untold how they came about.
    """
    if lines is None:
        bare = [turn.model_copy(update={"selection": None, "guard": []}) for turn in transcript.turns]
        transcript = transcript.model_copy(update={"turns": bare})
    return {
        "entry": _entry(transcript, judgement, scored, parts),
        "talk": _content(transcript, judgement, lines or {}),
    }


@dataclass(frozen=True)
class Shelf:
    """Where a page finds its blocks.

    Attributes:
        inside: the blocks that the page itself holds.
        beside: files beside the page: name → text of a script.
        files: for each block, the file it is in; empty when the page holds them all.
    """

    inside: list[str]
    beside: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def shelved(blocks: Sequence[str], folder: str | None) -> Shelf:
    """Keeps the blocks in the page, or puts them into files beside it where they are too much for one.

    Args:
        folder: name of the folder for such files; None keeps everything in the page.
    """
    if folder is None or sum(map(len, blocks)) <= WHOLE:
        return Shelf(list(blocks))
    shelf = Shelf([])
    pieces: list[list[str]] = []
    room = 0
    for block in blocks:
        if len(block) > room:
            pieces.append([])
            room = PIECE
        pieces[-1].append(block)
        room -= len(block)
    for piece in pieces:
        script = f"stock({len(shelf.files)}, {json.dumps(piece)});\n"
        # Named by its content: a page never takes a later run's file for its own.
        name = f"{folder}/{len(shelf.beside):03d}-{hashlib.sha256(script.encode()).hexdigest()[:10]}.js"
        shelf.beside[name] = script
        shelf.files.extend([name] * len(piece))
    return shelf


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


def _content(transcript: Transcript, judgement: Judgement | None, lines: Lines) -> dict[str, Any]:
    closing, turns = transcript.closing, [_turn(turn) for turn in transcript.turns]
    known = lines.get(transcript.case_id, {})
    named = {one for turn in turns for ids in turn.get("facts", {}).values() for one in ids}
    return {
        "turns": turns,
        "lines": {one: known[one] for one in sorted(named & known.keys())},
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
    chinese = told(verdict, "zh")
    why = verdict.why if chinese == verdict.why else {"zh": chinese, "en": verdict.why}
    return [
        verdict.item, verdict.mark, verdict.value, verdict.turns, verdict.quote, why, verdict.judge, verdict.flags,
    ]  # fmt: skip
