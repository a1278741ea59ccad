"""What a consultation and its marks look like in Inspect: messages, a score, its explanation.

Shared by the log export (a run of ours, for Inspect's viewer) and by the task (Inspect runs us), so
that both can be read side by side. Needs the extra `inspect`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageUser
from inspect_ai.scorer import Score

from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.transcript import Transcript

SCORE = "score"
"""Key of the score itself, beside the dimensions' ids."""

SCORER = "dialogue_interaction"
SCORE_SCHEMA = "dialogue-sim/export/inspect-score/1"


def chat_of(transcript: Transcript) -> list[ChatMessage]:
    """The dialogue as chat messages: patient and examiner as user, doctor as assistant, the block last."""
    messages: list[ChatMessage] = []
    for turn in transcript.turns:
        about = {"turn": turn.number, "speaker": turn.speaker}
        if turn.speaker == "doctor":
            messages.append(
                ChatMessageAssistant(
                    content=turn.text, model=transcript.doctor, source="generate", metadata=about
                )
            )
        else:
            messages.append(ChatMessageUser(content=turn.text, metadata=about))
    if transcript.closing is not None:
        messages.append(
            ChatMessageAssistant(
                content=closing_text(transcript),
                model=transcript.doctor,
                source="generate",
                metadata={"turn": -1, "speaker": "doctor"},
            )
        )
    return messages


def closing_text(transcript: Transcript) -> str:
    """The closing block as the doctor wrote it, or its content as JSON; empty where there is none."""
    block = transcript.closing
    if block is None:
        return ""
    return block.text or json.dumps(block.model_dump(exclude={"text"}), ensure_ascii=False)


def inspect_score(scored: Mapping[str, Any], transcript: Transcript, judgement: Judgement) -> Score:
    """The marks of one dialogue.

    Args:
        scored: `score`, `raw`, `dimensions`, `caps` and `unsure` of the dialogue, as in `scores.json`.
    """
    dimensions: Mapping[str, float] = scored["dimensions"]
    return Score(
        value={SCORE: scored["score"], **dimensions},
        answer=transcript.closing.diagnosis if transcript.closing else None,
        explanation=_explanation(scored, judgement),
        metadata={
            "schema": SCORE_SCHEMA,
            **{key: scored[key] for key in ("raw", "caps", "unsure")},
            "stop": transcript.stop,
            "protocol_failures": list(transcript.protocol_failures),
            "disputed": judgement.disputed,
            "rubric": f"{judgement.rubric}@{judgement.rubric_version}",
            "rubric_sha256": judgement.rubric_sha256,
            "verdicts": [verdict.model_dump(mode="json") for verdict in judgement.verdicts],
        },
    )


def sample_metadata(transcript: Transcript) -> dict[str, Any]:
    """What is known of a sample besides its messages."""
    return {
        "dialogue_id": transcript.dialogue_id,
        "case_sha256": transcript.case_sha256,
        "language": transcript.language,
        "seed": transcript.seed,
        "patient": transcript.patient,
        "persona": transcript.persona,
    }


def _explanation(scored: Mapping[str, Any], judgement: Judgement) -> str:
    lines = [f"caps: {', '.join(scored['caps'])}"] if scored["caps"] else []
    for verdict in judgement.verdicts:
        value = "?" if verdict.value is None else f"{verdict.value:.2f}"
        evidence = f" · {verdict.turns} “{verdict.quote}”" if verdict.quote else ""
        lines.append(f"{verdict.item} {verdict.mark} {value} ({verdict.judge}) {verdict.why}{evidence}")
    return "\n".join(lines)
