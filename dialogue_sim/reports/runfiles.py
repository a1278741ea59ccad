"""Reading a run's files for a report."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.runs.directory import read_manifest
from dialogue_sim.transcript import Transcript


@dataclass(frozen=True)
class RunFiles:
    """A run as its files tell it. `scores` and `judgements` are empty while it has not been scored."""

    folder: Path
    manifest: dict[str, Any]
    scores: dict[str, Any]
    transcripts: dict[str, Transcript]
    judgements: dict[str, Judgement]

    @property
    def rubric(self) -> str:
        """Name or file of the rubric it was judged by."""
        return str(self.manifest["config"].get("rubric", "clinical-dialogue"))

    def over(self, cases: Collection[str]) -> RunFiles:
        """The run with only the consultations over some cases."""
        return replace(
            self,
            transcripts={name: one for name, one in self.transcripts.items() if one.case_id in cases},
            judgements={name: one for name, one in self.judgements.items() if one.case_id in cases},
        )


def read_run(folder: Path, *, scored: bool = True) -> RunFiles:
    """Read a run.

    Args:
        scored: whether it must have been scored.

    Raises:
        ConfigError: it is no run directory, it cannot be read, or it has not been scored though it must.
    """
    manifest = read_manifest(folder)
    if scored and not (folder / "scores.json").is_file():
        raise ConfigError(
            "this run has not been scored", where=str(folder), mend=f"run `dialogue-sim judge {folder}` first"
        )
    try:
        scores = json.loads("".join(_lines(folder / "scores.json")) or "{}")
        transcripts = [Transcript.model_validate_json(line) for line in _lines(folder / "transcripts.jsonl")]
        judgements = [Judgement.model_validate_json(line) for line in _lines(folder / "verdicts.jsonl")]
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"a file of this run cannot be read: {problem}",
            where=str(folder),
            mend=f"`dialogue-sim score {folder}` writes them again from the journal",
        ) from None
    return RunFiles(
        folder,
        manifest,
        scores,
        {t.dialogue_id: t for t in transcripts},
        {j.dialogue_id: j for j in judgements},
    )


def _lines(file: Path) -> list[str]:
    return (
        [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
        if file.is_file()
        else []
    )
