"""Reading a run's files for a report."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

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
    scores = read_scores(folder) if scored or (folder / "scores.json").is_file() else {}
    transcripts = _records(folder / "transcripts.jsonl", Transcript)
    judgements = _records(folder / "verdicts.jsonl", Judgement)
    return RunFiles(
        folder,
        manifest,
        scores,
        {t.dialogue_id: t for t in transcripts},
        {j.dialogue_id: j for j in judgements},
    )


def read_scores(folder: Path) -> dict[str, Any]:
    """`scores.json` of a run.

    Raises:
        ConfigError: the run has not been scored, or the file cannot be read.
    """
    file = folder / "scores.json"
    if not file.is_file():
        raise ConfigError(
            "this run has not been scored", where=str(folder), mend=f"run `dialogue-sim judge {folder}` first"
        )
    try:
        scores = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise unreadable(file, str(problem)) from None
    if not isinstance(scores, dict):
        raise unreadable(file, "it holds no scores")
    return scores


def read_judgements(folder: Path) -> list[Judgement]:
    """The judgements of a run, by dialogue.

    Raises:
        ConfigError: `verdicts.jsonl` is missing or damaged.
    """
    file = folder / "verdicts.jsonl"
    if not file.is_file():
        raise unreadable(file, "it is not there")
    return _records(file, Judgement)


def unreadable(file: Path, what: str) -> ConfigError:
    """What is told of a run's file that cannot be used."""
    return ConfigError(
        f"cannot be read: {what}",
        where=str(file),
        mend=f"`dialogue-sim score {file.parent}` writes it again from the journal",
    )


_Record = TypeVar("_Record", Transcript, Judgement)


def _records(file: Path, kind: type[_Record]) -> list[_Record]:
    """The records of a file, one a line; none where there is no file. Raises ConfigError."""
    if not file.is_file():
        return []
    try:
        lines = file.read_text(encoding="utf-8").split("\n")  # splitlines would cut inside texts
        return [kind.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, ValueError) as problem:
        what = (
            str(problem.strerror) if isinstance(problem, OSError) else f"a line is no {kind.__name__.lower()}"
        )
        raise unreadable(file, what) from None
