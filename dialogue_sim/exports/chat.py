"""Dialogues as OpenAI chat fine-tuning examples: the doctor is the assistant.

A line is `{"messages": […]}` exactly as a model doctor would have been shown the dialogue, with the
prompts in use now: system prompt, patient and results as user, doctor as assistant, then the request
for the closing block and the block. Fine-tuning services refuse keys that they do not know, so what
else is known of each line stands in a second file, line by line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases import Case, content_hash, doctor_view, load_cases
from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.rows import dialogue_scores
from dialogue_sim.models.base import Message
from dialogue_sim.prompts import Prompts
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.roles.closing import parse_closing
from dialogue_sim.roles.doctor import chat_messages, end_mark
from dialogue_sim.runs.directory import replace_file
from dialogue_sim.transcript import Transcript


class ChatAbout(BaseModel):
    """What is known of the line of the same number in `chat.jsonl`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["dialogue-sim/export/openai-chat/1"] = Field(
        default="dialogue-sim/export/openai-chat/1",
        alias="schema",
        description="name and version of this row",
    )
    dialogue_id: str = Field(description="CASE/REPLICATE")
    case_id: str = Field(description="id of the case")
    language: Literal["zh", "en"] = Field(description="language of the dialogue")
    doctor: str = Field(description="spec of the model that spoke")
    score: float | None = Field(description="score of the dialogue, 0-100; null while not scored")
    prompts_sha256: str = Field(description="hash of the prompts the messages were written with")


def write_chat(
    run: RunFiles, folder: Path, *, prompts: Prompts, min_score: float | None = None
) -> list[Path]:
    """Write `chat.jsonl` and `chat.about.jsonl`; returns their paths.

    Args:
        min_score: keep only dialogues with at least this score (0–100, after caps).

    Raises:
        ConfigError: a case of the run is not here in the version it was held with, no dialogue is left,
            or a file cannot be written.
    """
    scored = dialogue_scores(run.scores)
    points = {name: scored[name]["score"] if name in scored else None for name in run.transcripts}
    kept = [
        one
        for name, one in run.transcripts.items()
        if min_score is None or ((score := points[name]) is not None and score >= min_score)
    ]
    if not kept:
        raise ConfigError(
            "no dialogue is left to export" if min_score is None else f"no dialogue has {min_score:g} points",
            where=str(run.folder),
            mend="simulate first, or lower --min-score",
        )
    cases = _cases(run, kept)
    cap = int(run.manifest["config"].get("turns", 30))
    lines = [messages(cases[one.case_id], one, prompts, cap) for one in kept]
    about = [
        ChatAbout(
            dialogue_id=one.dialogue_id,
            case_id=one.case_id,
            language=one.language,
            doctor=one.doctor,
            score=points[one.dialogue_id],
            prompts_sha256=prompts.sha256,
        )
        for one in kept
    ]
    return [
        replace_file(
            folder / "chat.jsonl",
            (f"{json.dumps({'messages': line}, ensure_ascii=False)}\n" for line in lines),
        ),
        replace_file(folder / "chat.about.jsonl", (f"{row.model_dump_json()}\n" for row in about)),
    ]


def messages(case: Case, transcript: Transcript, prompts: Prompts, cap: int) -> list[Message]:
    """One dialogue as chat messages that end with the doctor.

    Args:
        cap: doctor turns that were allowed.
    """
    view = doctor_view(case)
    spoken = chat_messages(view, prompts, transcript.turns, cap)
    last = max((n for n, one in enumerate(spoken) if one["role"] == "assistant"), default=None)
    wrote_it_unasked = last is not None and parse_closing(spoken[last]["content"]) is not None
    if last is not None and transcript.stop == "closed" and not wrote_it_unasked:
        # The mark that ended the dialogue is no part of the turn's text, but it must be learnt.
        mark = end_mark(spoken[0]["content"])
        spoken[last] = Message(role="assistant", content=f"{spoken[last]['content']}\n{mark}".strip())
    if transcript.closing is None or wrote_it_unasked:
        return spoken[: (last or 0) + 1]
    request = prompts.render("doctor_closing", view.language, view=view, turns=transcript.turns)
    block = transcript.closing
    answer = json.dumps(block.model_dump(exclude={"text"}), ensure_ascii=False)
    return [
        *spoken,
        Message(role="user", content=request),
        Message(role="assistant", content=answer),
    ]


def _cases(run: RunFiles, transcripts: list[Transcript]) -> dict[str, Case]:
    sources = run.manifest["config"].get("cases") or None
    known = {case.id: case for case in load_cases(sources)}
    for one in transcripts:
        case = known.get(one.case_id)
        if case is None or content_hash(case) != one.case_sha256:
            raise ConfigError(
                f"the case {one.case_id!r} is not here in the version this run was held with",
                where=str(run.folder),
                mend="bring the case files of the run back to where its run.yaml names them",
            )
    return known
