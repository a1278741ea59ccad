"""The runs in a folder, and where each stands, also while it goes on. Everything here only reads.

A run is addressed by the name it has in this listing, never by a path. Its journal stays open for
reading; the run that writes it is not disturbed, and its lock is not touched.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.rubric import Item, Rubric, RubricError, load_rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.budget import cost
from dialogue_sim.models.journal import FILE, Journal
from dialogue_sim.models.runlock import held
from dialogue_sim.models.settings import Price
from dialogue_sim.reports.facts import Lines, fact_lines
from dialogue_sim.runs.config import DoctorConfig, JudgeConfig, PatientConfig, RunConfig, fingerprint
from dialogue_sim.runs.directory import in_order, read_manifest
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.scoring.scorecard import DialogueResult, Scorecard, scorecard
from dialogue_sim.transcript import Failure, Transcript

_WINDOW_S = 60.0


class Pace(NamedTuple):
    """How fast a run goes, over the last minute."""

    dialogues_a_minute: float
    tokens_a_second: float


class Standing(NamedTuple):
    """Where a run stands.

    Attributes:
        planned: dialogues it is to hold.
        tokens: prompt and completion together, over all roles.
        money: what they cost; None where no price is known.
        pace: None until it has been watched for a moment.
    """

    running: bool
    planned: int
    finished: int
    judged: int
    failures: dict[str, Failure]
    calls: int
    tokens: int
    money: float | None
    pace: Pace | None

    @property
    def complete(self) -> bool:
        """Whether every dialogue has been judged."""
        return self.judged >= self.planned


class _Sample(NamedTuple):
    at: float
    judged: int
    tokens: int


@dataclass(eq=False)
class Run:
    """One run directory, open for reading."""

    name: str
    folder: Path
    manifest: dict[str, Any]
    config: RunConfig
    rubric: Rubric | None
    journal: Journal
    identity: str
    _samples: deque[_Sample] = field(default_factory=lambda: deque(maxlen=240))
    _results: dict[str, DialogueResult] = field(default_factory=dict)
    _marks: dict[str, list[float]] = field(default_factory=dict)
    _card: Scorecard | None = None

    @property
    def doctor(self) -> str:
        """The model under test."""
        return self.config.doctor.model

    @cached_property
    def lines(self) -> Lines:
        """What the ids in the patient's answers stand for, where the cases are still at hand."""
        return fact_lines(self.manifest)

    def standing(self) -> Standing:
        """Where it stands now."""
        usage = self.journal.usage()
        prices = _prices(self.config)
        tokens = sum(spent.usage.prompt + spent.usage.completion for spent in usage)
        money = sum(cost(spent.usage, prices[spent.spec]) for spent in usage if spent.spec in prices)
        judged = len(self.journal.record_keys(f"judgement:{self.identity}"))
        running = held(self.folder)
        return Standing(
            running=running,
            planned=self._planned(),
            finished=len(self.journal.record_keys("transcript")),
            judged=judged,
            failures={key: Failure.model_validate(body) for key, body in self.journal.records("failure")},
            calls=sum(spent.calls for spent in usage),
            tokens=tokens,
            money=money if prices else None,
            pace=self._pace(judged, tokens) if running else None,
        )

    def dialogues(self) -> list[str]:
        """Ids of the finished dialogues, in order."""
        return in_order(self.journal.record_keys("transcript"))

    def transcript(self, dialogue: str) -> Transcript | None:
        """One finished dialogue."""
        body = self.journal.get_record("transcript", dialogue)
        return Transcript.model_validate(body) if body else None

    def judgement(self, dialogue: str) -> Judgement | None:
        """What was decided about it, once it has been judged."""
        body = self.journal.get_record(f"judgement:{self.identity}", dialogue)
        return Judgement.model_validate(body) if body else None

    def score(self, dialogue: str) -> DialogueScore | None:
        """Its score; None while it has not been judged, or where the rubric is no longer at hand."""
        if dialogue not in self._results and self.rubric:
            judgement = self.judgement(dialogue)
            if judgement is None:
                return None
            caps = {cap.id for cap in self.rubric.caps}
            items = [verdict.item for verdict in judgement.verdicts if verdict.item not in caps]
            for verdict in judgement.verdicts:
                self._marks.setdefault(verdict.item, []).append(verdict.value or 0.0)
            case_id, _, replicate = dialogue.rpartition("/")
            self._results[dialogue] = DialogueResult(
                case_id, int(replicate), dialogue_score(self.rubric, items, judgement), dialogue
            )
        found = self._results.get(dialogue)
        return found.score if found else None

    def card(self) -> Scorecard | None:
        """The scores so far, rolled up; None before the first."""
        for dialogue in self.dialogues():
            self.score(dialogue)
        if not self._results or self.rubric is None:
            return None
        if self._card is None or self._card.n_dialogues != len(self._results):
            self._card = scorecard(list(self._results.values()), self.rubric.shape())
        return self._card

    def hardest(self) -> list[tuple[Item, float]]:
        """The rubric's items with their mean value in [0, 1] so far, the hardest first."""
        items = self.rubric.items if self.rubric else []
        means = [(item, fmean(self._marks[item.id])) for item in items if item.id in self._marks]
        return sorted(means, key=lambda pair: pair[1])

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()

    def _planned(self) -> int:
        number, parts = self.config.part()
        whole = len(self.manifest["simulation"]["cases"]) * self.config.seeds
        return len(range(number - 1, whole, parts))

    def _pace(self, judged: int, tokens: int) -> Pace | None:
        now = time.monotonic()
        self._samples.append(_Sample(now, judged, tokens))
        while now - self._samples[0].at > _WINDOW_S:
            self._samples.popleft()
        first = self._samples[0]
        passed = now - first.at
        if passed < 1:
            return None
        return Pace(60 * (judged - first.judged) / passed, (tokens - first.tokens) / passed)


class Gallery:
    """The runs that a server shows.

    Args:
        home: the folder whose runs are listed, looked at anew each time.
        named: run directories shown instead, when any are named.
    """

    def __init__(self, home: Path, named: Sequence[Path] = ()) -> None:
        self._home, self._named = home, list(named)
        self._open: dict[str, tuple[tuple[int, int], Run]] = {}
        self.unreadable: dict[str, str] = {}
        for folder in self._named:
            read_manifest(folder)

    def names(self) -> list[str]:
        """Names of the runs, the last begun first."""
        return sorted(self._folders(), key=lambda name: -self._begun(name))

    def runs(self) -> list[Run]:
        """The runs, the last begun first. What cannot be read is left out and noted in `unreadable`."""
        self.unreadable = {}
        found = []
        for name in self.names():
            try:
                run = self.run(name)
            except ConfigError as problem:
                self.unreadable[name] = problem.what
                continue
            if run:
                found.append(run)
        return found

    def run(self, name: str) -> Run | None:
        """One run by its name in the listing; None where there is none of that name.

        Raises:
            ConfigError: it is there and cannot be read.
        """
        folder = self._folders().get(name)
        if folder is None:
            return None
        edition = _edition(folder)
        known = self._open.get(name)
        if known and known[0] == edition:
            return known[1]
        if known:
            known[1].close()
        self._open[name] = edition, _open_run(name, folder)
        return self._open[name][1]

    def close(self) -> None:
        """Close every journal."""
        for _, run in self._open.values():
            run.close()
        self._open.clear()

    def _folders(self) -> Mapping[str, Path]:
        if self._named:
            return {_unlike(folder, self._named): folder for folder in self._named}
        if not self._home.is_dir():
            return {}
        return {path.name: path for path in self._home.iterdir() if (path / "run.yaml").is_file()}

    def _begun(self, name: str) -> float:
        file = self._folders()[name] / "run.yaml"
        return file.stat().st_mtime if file.exists() else 0.0


def _unlike(folder: Path, among: Sequence[Path]) -> str:
    """A folder's name, with its place where two have the same."""
    name = folder.resolve().name
    alike = [other for other in among if other.resolve().name == name]
    return name if len(alike) == 1 else f"{name} ({among.index(folder) + 1})"


def _edition(folder: Path) -> tuple[int, int]:
    """Changes when a run was begun anew, or is judged by other means."""
    journal, manifest = folder / FILE, folder / "run.yaml"
    inode = journal.stat().st_ino if journal.is_file() else 0
    return inode, manifest.stat().st_mtime_ns


def _open_run(name: str, folder: Path) -> Run:
    manifest = read_manifest(folder)
    try:
        config = RunConfig.model_validate(manifest["config"])
    except ValueError as problem:
        raise ConfigError(f"its run.yaml cannot be used: {problem}", where=str(folder)) from None
    try:
        rubric = load_rubric(config.rubric)
    except RubricError:
        rubric = None
    identity = fingerprint({**config.judging(), "rubric": manifest["judging"]["rubric"]})[:16]
    return Run(name, folder, manifest, config, rubric, Journal(folder, read_only=True), identity)


def _prices(config: RunConfig) -> dict[str, Price]:
    players: list[DoctorConfig | PatientConfig | JudgeConfig] = [
        config.doctor,
        config.patient,
        *config.judges,
    ]
    return {player.model: player.price for player in players if player.price}
