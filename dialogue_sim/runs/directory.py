"""A run directory: everything a run knows, on disk, so that the same command continues it.

run.yaml           what the run is: resolved configuration, hashes, versions; no secrets
journal.sqlite     every model call, and every finished dialogue and judgement (SQLite, WAL)
transcripts.jsonl  ┐
verdicts.jsonl     │ written from the journal at the end of a run, sorted and
scores.json        │ complete, each replaced in one step
summary.md         │
report.html        ┘
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dialogue_sim
from dialogue_sim import yamlio
from dialogue_sim.cases import Case, content_hash
from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.rubric import content_hash as rubric_hash
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.journal import Journal
from dialogue_sim.prompts import Prompts
from dialogue_sim.runs.config import RunConfig, fingerprint
from dialogue_sim.transcript import Failure, Transcript


class RunDirectory:
    """One open run directory. Only one process may hold it at a time.

    Raises:
        ConfigError: it holds another run, is held by another process, or cannot be written.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path, self.manifest = path, manifest
        self.journal = Journal(path)
        try:
            self._check_identity()
            self.write("run.yaml", yamlio.dump(manifest))
        except ConfigError:
            self.journal.close()
            raise

    def _check_identity(self) -> None:
        file = self.path / "run.yaml"
        if not file.exists() or not self.journal.begun:
            # A run that failed before its first call leaves nothing worth protecting.
            return
        known = read_manifest(self.path)
        theirs, ours = known.get("simulation", {}), as_read(self.manifest["simulation"])
        different = sorted(key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key))
        if different:
            raise ConfigError(
                f"this folder holds another run; it differs in: {', '.join(different)}",
                where=str(self.path),
                mend="choose another folder with --out DIR, or repeat the other run's command",
            )

    def write(self, name: str, text: str | Iterable[str]) -> Path:
        """Replace one of its files. Raises ConfigError."""
        return replace_file(self.path / name, text)

    def transcripts(self) -> dict[str, Transcript]:
        """Finished dialogues by id, in order of id."""
        return {name: self.transcript(name) for name in in_order(self.finished())}

    def transcript(self, dialogue_id: str) -> Transcript:
        """One finished dialogue. Raises KeyError."""
        body = self.journal.get_record("transcript", dialogue_id)
        if body is None:
            raise KeyError(dialogue_id)
        return Transcript.model_validate(body)

    def judgement(self, identity: str, dialogue_id: str) -> Judgement:
        """One complete judgement. Raises KeyError."""
        body = self.journal.get_record(f"judgement:{identity}", dialogue_id)
        if body is None:
            raise KeyError(dialogue_id)
        return Judgement.model_validate(body)

    def finished(self) -> set[str]:
        """Ids of the finished dialogues, without reading them."""
        return self.journal.record_keys("transcript")

    async def keep_transcript(self, transcript: Transcript) -> None:
        """Write a finished dialogue; it is on disk when this returns."""
        await self.journal.put_record(
            "transcript", transcript.dialogue_id, transcript.model_dump(mode="json", by_alias=True)
        )

    def judgements(self, identity: str) -> dict[str, Judgement]:
        """Complete judgements made under one judging identity, by dialogue id."""
        return {name: self.judgement(identity, name) for name in in_order(self.judged(identity))}

    def judged(self, identity: str) -> set[str]:
        """Ids of the dialogues judged under one judging identity."""
        return self.journal.record_keys(f"judgement:{identity}")

    async def keep_judgement(self, identity: str, judgement: Judgement) -> None:
        """Write a complete judgement; it is on disk when this returns."""
        await self.journal.put_record(
            f"judgement:{identity}", judgement.dialogue_id, judgement.model_dump(mode="json")
        )

    async def keep_failure(self, dialogue_id: str, failure: Failure | None) -> None:
        """Write down that a dialogue failed in a stage, or, with None, that it no longer does."""
        if failure is None:
            await self.journal.drop_record("failure", dialogue_id)
        else:
            await self.journal.put_record("failure", dialogue_id, failure.model_dump(mode="json"))

    def failures(self) -> dict[str, Failure]:
        """Failures that are left, by dialogue id."""
        return {key: Failure.model_validate(body) for key, body in self.journal.records("failure")}

    def usage(self) -> list[dict[str, Any]]:
        """Paid calls and their tokens, by role and model, earlier sessions included."""
        return [
            {"role": spent.role, "model": spent.spec, "calls": spent.calls, **spent.usage.model_dump()}
            for spent in sorted(self.journal.usage(), key=lambda spent: (spent.role, spent.spec))
        ]

    def export_transcripts(self) -> Path:
        """Write transcripts.jsonl, sorted by dialogue."""
        return self._export("transcripts.jsonl", "transcript")

    def export_judgements(self, identity: str) -> Path:
        """Write the judgements made under one judging identity to verdicts.jsonl, sorted by dialogue."""
        return self._export("verdicts.jsonl", f"judgement:{identity}")

    def _export(self, name: str, kind: str) -> Path:
        bodies = (self.journal.get_record(kind, key) for key in in_order(self.journal.record_keys(kind)))
        return replace_file(
            self.path / name, (f"{json.dumps(body, ensure_ascii=False)}\n" for body in bodies)
        )

    def close(self) -> None:
        """Let go of the directory."""
        self.journal.close()


def replace_file(target: Path, text: str | Iterable[str]) -> Path:
    """Replace a file in one step, so that a reader never sees half of it; returns its path. Raises ConfigError."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.writelines([text] if isinstance(text, str) else text)
        os.replace(draft, target)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise ConfigError(
            f"cannot be written: {problem.strerror}",
            where=str(target),
            mend="make room or rights there and run the same command again; nothing finished is lost",
        ) from None
    return target


def in_order(dialogues: Iterable[str]) -> list[str]:
    """Ids of dialogues by case, then by the number of the replicate."""

    def place(dialogue: str) -> tuple[str, int]:
        case_id, _, replicate = dialogue.rpartition("/")
        return case_id, int(replicate)

    return sorted(dialogues, key=place)


def as_read(value: Any) -> Any:
    """What a part of a manifest looks like after having been written and read back: every scalar is text."""
    return yamlio.parse(yamlio.dump(value), Path("run.yaml")).data


def manifest(config: RunConfig, cases: list[Case], prompts: Prompts, rubric: Rubric) -> dict[str, Any]:
    """What `run.yaml` holds. `simulation` is the identity of the dialogues, `judging` that of the marks."""
    return {
        "schema": "dialogue-sim/run-manifest/1",
        "version": dialogue_sim.__version__,
        "simulation": {
            **config.simulation(),
            "cases": {case.id: content_hash(case) for case in cases},
            "prompts_sha256": prompts.sha256,
        },
        "judging": {
            **config.judging(),
            "rubric": {"id": rubric.id, "version": rubric.version, "sha256": rubric_hash(rubric)},
        },
        "config": config.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run directory, every scalar as text. Raises ConfigError when it is no run directory."""
    file = folder / "run.yaml"
    if not file.is_file():
        raise ConfigError(
            "this is no run directory: it has no run.yaml",
            where=str(folder),
            mend="name a folder that `dialogue-sim run` made",
        )
    known = yamlio.read(file, ConfigError).data
    if not isinstance(known, dict) or "simulation" not in known or "config" not in known:
        raise ConfigError(
            "is not a run manifest",
            where=str(file),
            mend="restore it, or start the run again in another folder",
        )
    return known


def simulation_identity(manifest: dict[str, Any]) -> str:
    """Fingerprint of what decides the dialogues."""
    return fingerprint(manifest["simulation"])


def judging_identity(manifest: dict[str, Any]) -> str:
    """Fingerprint of what decides the marks."""
    return fingerprint(manifest["judging"])[:16]
