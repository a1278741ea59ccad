"""Reading a run's files for a report."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar
from weakref import finalize

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.runs.directory import read_manifest
from dialogue_sim.transcript import Transcript

_Record = TypeVar("_Record", Transcript, Judgement)


class Records(Mapping[str, _Record], Generic[_Record]):
    """The records of a file by dialogue, each read when it is asked for: a run may have ten thousand.

    The file stays open, so that what was opened is what is read, also where a run replaces it meanwhile.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is no such record.
    """

    def __init__(self, file: Path, kind: type[_Record]) -> None:
        self._kind: type[_Record] = kind
        self._places: dict[str, tuple[int, int]] = {}
        self._open = os.open(file, os.O_RDONLY)
        finalize(self, os.close, self._open)
        start = 0
        with open(self._open, "rb", closefd=False) as lines:
            for line in lines:
                if line.strip():
                    self._places[kind.model_validate_json(line).dialogue_id] = start, len(line)
                start += len(line)

    def __getitem__(self, dialogue: str) -> _Record:
        start, length = self._places[dialogue]
        found: _Record = self._kind.model_validate_json(os.pread(self._open, length, start))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, dialogue: object) -> bool:
        return dialogue in self._places


@dataclass(frozen=True)
class RunFiles:
    """A run as its files tell it. `scores` and `judgements` are empty while it has not been scored."""

    folder: Path
    manifest: dict[str, Any]
    scores: dict[str, Any]
    transcripts: Mapping[str, Transcript]
    judgements: Mapping[str, Judgement]

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
    return RunFiles(folder, manifest, scores, transcripts, _records(folder / "verdicts.jsonl", Judgement))


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


def read_judgements(folder: Path) -> Mapping[str, Judgement]:
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


def _records(file: Path, kind: type[_Record]) -> Mapping[str, _Record]:
    """The records of a file, one a line, by dialogue; none where there is no file. Raises ConfigError."""
    if not file.is_file():
        return {}
    try:
        return Records(file, kind)
    except (OSError, ValueError) as problem:
        what = (
            str(problem.strerror) if isinstance(problem, OSError) else f"a line is no {kind.__name__.lower()}"
        )
        raise unreadable(file, what) from None
