"""A consultation as rows: what the patient said, and what the assistant answered (the 2025 workbook's form)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dialogue_sim.transcript import Transcript

COLUMNS = ("Role", "Content", "Agent_Role", "Agent_Content")


class Row(NamedTuple):
    """One pair: the patient's line and the reply to it. Fields in the order of `COLUMNS`."""

    role: str
    content: str
    agent_role: str
    agent_content: str


class Sheet(NamedTuple):
    """One consultation. The first row's `content` is the chief complaint."""

    name: str
    rows: Sequence[Row]

    @property
    def complaint(self) -> str:
        """The chief complaint; empty for a sheet without rows."""
        return self.rows[0].content if self.rows else ""


def sheet_of(transcript: Transcript) -> Sheet:
    """A transcript of this project as rows: each doctor turn answers what was said since the one before.

    It holds no generated record, so every row belongs to the dialogue.
    """
    rows: list[Row] = []
    heard: list[str] = []
    for turn in transcript.turns:
        if turn.speaker == "doctor":
            rows.append(Row("user", "\n".join(heard), "assistant", turn.text))
            heard = []
        else:
            heard.append(turn.text)
    if heard:
        rows.append(Row("user", "\n".join(heard), "", ""))
    return Sheet(transcript.dialogue_id, rows)
