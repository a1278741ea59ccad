"""AI Hospital (LibertFan/AI_Hospital): JSON lines, Chinese; Doctor, Patient and Reporter take turns.

The patient's messages say whom they address; what is said to the reporter relays a test request.
The doctor's last message is a form with headed sections, which becomes the closing block.
"""

from __future__ import annotations

import re
from pathlib import Path

from dialogue_sim.judging.readers.records import (
    Record,
    TranscriptFileError,
    language_of,
    message,
    records,
    spoken,
    want,
)
from dialogue_sim.transcript import ClosingBlock, Speaker, Transcript

_SPEAKERS: dict[str, Speaker] = {"Doctor": "doctor", "Patient": "patient", "Reporter": "examiner"}
_TAG = re.compile(r"<\s*(?:对医生讲|对检查员讲|结束)\s*>|^\s*#检查项目#\s*")
_SECTION = re.compile(r"#\s*(症状|辅助检查|诊断结果|诊断依据|治疗方案)\s*#")
_BULLET = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）.、]|[-*•])\s*")


def read(path: Path) -> list[Transcript]:
    """Read every consultation. Raises TranscriptFileError."""
    return [_transcript(record, path) for record in records(path)]


def _transcript(record: Record, path: Path) -> Transcript:
    said: list[tuple[Speaker, str]] = []
    closing: ClosingBlock | None = None
    for entry in want(record, "dialog_history", list):
        role, content = message(entry, "role", "content") or ("", "")
        if role not in _SPEAKERS:
            raise TranscriptFileError(
                "a message needs a `role` (Doctor, Patient or Reporter) and a `content`", where=record.where
            )
        block = _closing(content) if role == "Doctor" else None
        if block is not None:
            closing = block
            continue
        said.append((_SPEAKERS[role], _TAG.sub("", content)))
    turns = spoken(said)
    patient = str(record.data.get("patient_id", "?"))
    return Transcript(
        dialogue_id=f"{path.stem}/{patient}",
        case_id=f"ai-hospital-{patient}",
        language=language_of(turns),
        doctor=str(record.data.get("doctor_engine_name") or record.data.get("doctor") or ""),
        patient=str(record.data.get("patient_engine_name") or record.data.get("patient") or ""),
        turns=turns,
        closing=closing,
        protocol_failures=[] if closing else ["no_closing_block"],
    )


def _closing(content: str) -> ClosingBlock | None:
    heads = list(_SECTION.finditer(content))
    if not any(head[1] == "诊断结果" for head in heads):
        return None
    sections: dict[str, list[str]] = {}
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = content[head.end() : following.start() if following else len(content)]
        lines = [_BULLET.sub("", line).strip() for line in body.splitlines()]
        sections[head[1]] = [line for line in lines if line]
    named = sections.get("诊断结果", [])
    return ClosingBlock(
        diagnosis=named[0] if named else "",
        differential=named[1:6],
        tests=[],
        plan=sections.get("治疗方案", []),
        text=content.strip(),
    )
