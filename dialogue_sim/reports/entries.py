"""The runs that enter a comparison: read from their folders, and checked for being comparable.

Two scores may be compared only where everything but the doctor was the same: the cases, the patient,
the prompts, the rubric, the judges and the number of turns allowed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from pydantic import ValidationError

from dialogue_sim.errors import ConfigError, UserError
from dialogue_sim.judging.rubric import Rubric, content_hash, load_rubric
from dialogue_sim.reports.runfiles import read_judgements, read_scores, unreadable
from dialogue_sim.runs.directory import read_manifest
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.scoring.scorecard import DialogueResult, Scorecard, scorecard
from dialogue_sim.scoring.shape import Shape

_NEEDED = {"doctor", "n_planned", "failures", "rubric", "prompts_sha256"}


@dataclass(frozen=True)
class Entry:
    """One scored run under the name it is shown by."""

    name: str
    folder: Path
    manifest: dict[str, Any]
    scores: dict[str, Any]
    card: Scorecard

    @property
    def doctor(self) -> str:
        """The model under test, as it was named to the run."""
        return str(self.scores["doctor"])

    @property
    def failed(self) -> int:
        """Dialogues that failed while simulated or judged."""
        return int(self.scores["failures"]["simulate"]) + int(self.scores["failures"]["judge"])

    @property
    def missing(self) -> int:
        """Planned dialogues without a score: failed, or not reached."""
        return int(self.scores["n_planned"]) - int(self.scores["n_dialogues"])

    @cached_property
    def item_values(self) -> dict[str, dict[str, float]]:
        """Item → case → mean value in [0, 1] over the case's runs; cannot_tell counts as 0, as it is scored.

        Raises:
            ConfigError: `verdicts.jsonl` is missing or damaged.
        """
        values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for judgement in read_judgements(self.folder).values():
            for verdict in judgement.verdicts:
                if verdict.item not in self.card.caps:
                    values[verdict.item][judgement.case_id].append(verdict.value or 0.0)
        return {item: {case: fmean(marks) for case, marks in cases.items()} for item, cases in values.items()}


class Setting(NamedTuple):
    """Something besides the doctor that decides a score: plain data. `key` is a message key."""

    key: str
    value: Any


class Departure(Figures):
    """A setting in which a run departs from the first one. `what` tells the two values apart."""

    run: str
    key: str
    what: str


def read_entries(given: Sequence[str]) -> list[Entry]:
    """Read scored runs, each given as `FOLDER` or `NAME=FOLDER`.

    A run without a name of its own is called by its doctor, and by its folder too where two runs
    have the same doctor.

    Raises:
        ConfigError: no run directory, not scored, damaged, or two runs of the same name.
    """
    parts = [_named(text) for text in given]
    read = [(name, folder, *_read(folder)) for name, folder in parts]
    doctors = Counter(str(scores["doctor"]) for name, _, _, scores, _ in read if not name)
    entries = []
    for name, folder, manifest, scores, card in read:
        doctor = str(scores["doctor"])
        own = doctor if doctors[doctor] == 1 else f"{doctor} ({folder.name})"
        entries.append(Entry(name or own, folder, manifest, scores, card))
    twice = [name for name, count in Counter(entry.name for entry in entries).items() if count > 1]
    if twice:
        raise ConfigError(
            f"two runs are called {twice[0]!r}", mend="give them names: NAME=FOLDER, such as before=runs/a"
        )
    return entries


def _named(text: str) -> tuple[str, Path]:
    name, sign, folder = text.partition("=")
    if sign and not Path(text).exists():
        return name.strip(), Path(folder)
    return "", Path(text)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any], Scorecard]:
    manifest, scores = read_manifest(folder), read_scores(folder)
    file = folder / "scores.json"
    if lacking := sorted(_NEEDED - scores.keys()):
        raise unreadable(file, f"the field {lacking[0]!r} is missing")
    try:
        return manifest, scores, Scorecard.model_validate(scores)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise unreadable(file, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def settings(entry: Entry) -> list[Setting]:
    """Everything besides the doctor that decides a run's score, but for the cases."""
    simulation, judging = entry.manifest["simulation"], entry.manifest["judging"]
    rubric = entry.scores["rubric"]
    return [
        Setting("rubric", f"{rubric['id']} {rubric['version']} ({rubric['sha256'][:12]})"),
        Setting("prompts", str(entry.scores["prompts_sha256"])[:12]),
        Setting("patient", simulation["patient"]),
        Setting("judge", judging["judges"]),
        Setting("votes", judging["votes"]),
        Setting("turn_limit", simulation["turns"]),
        Setting("doctor_style", simulation["doctor"].get("style")),
    ]


def departures(entries: Sequence[Entry]) -> list[Departure]:
    """Where later runs depart from the first in what must be equal."""
    found: list[Departure] = []
    first, *others = entries
    own = settings(first)
    for entry in others:
        cases = _case_departure(_cases(first), _cases(entry))
        found += [Departure(run=entry.name, key="cases", what=cases)] if cases else []
        for mine, theirs in zip(own, settings(entry), strict=True):
            if mine.value != theirs.value:
                what = _told_apart(theirs.value, mine.value)
                found.append(Departure(run=entry.name, key=mine.key, what=what))
    return found


def _cases(entry: Entry) -> dict[str, str]:
    return dict(entry.manifest["simulation"]["cases"])


def _case_departure(first: Mapping[str, str], other: Mapping[str, str]) -> str:
    changed = sorted(case for case in first.keys() & other.keys() if first[case] != other[case])
    parts = {
        "content": changed,
        "only here": sorted(other.keys() - first.keys()),
        "only there": sorted(first.keys() - other.keys()),
    }
    return "; ".join(f"{what}: {_some(ids)}" for what, ids in parts.items() if ids)


def _some(ids: Sequence[str], most: int = 3) -> str:
    more = f" +{len(ids) - most}" if len(ids) > most else ""
    return ", ".join(ids[:most]) + more


def _told_apart(one: Any, other: Any) -> str:
    """The parts in which two values differ, as `path: one ≠ other`."""
    here, there = dict(_parts(one)), dict(_parts(other))
    differing = [path for path in {**here, **there} if here.get(path) != there.get(path)]
    return "; ".join(
        (f"{path}: " if path else "") + f"{here.get(path, '–')} ≠ {there.get(path, '–')}"
        for path in differing
    )


def _parts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        inner: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list):
        inner = enumerate(value, start=1)
    else:
        yield path, "–" if value is None else str(value)
        return
    for key, part in inner:
        yield from _parts(part, f"{path}.{key}" if path else str(key))


def require_comparable(entries: Sequence[Entry], *, force: bool) -> list[Departure]:
    """The departures, which only `force` lets pass.

    Raises:
        ConfigError: there is one and `force` is false; it names every setting that differs.
    """
    found = departures(entries)
    if found and not force:
        keys = ", ".join(dict.fromkeys(departure.key.replace("_", " ") for departure in found))
        details = "".join(f"\n    {one.run}: {one.key.replace('_', ' ')}: {one.what}" for one in found)
        raise ConfigError(
            f"these runs are not comparable with {entries[0].name}; they differ in: {keys}{details}",
            mend="run or judge them alike; --force goes on all the same, and the report says so",
        )
    return found


def rubric_of(entries: Sequence[Entry]) -> Rubric | None:
    """The rubric all runs were judged by; None when it is no longer at hand in that version."""
    first = entries[0]
    wanted = str(first.manifest["config"].get("rubric") or "clinical-dialogue")
    try:
        rubric = load_rubric(wanted)
    except UserError:
        return None
    digest = content_hash(rubric)
    return rubric if all(entry.scores["rubric"]["sha256"] == digest for entry in entries) else None


def restricted(card: Scorecard, cases: Collection[str]) -> Scorecard:
    """The scorecard over some of its cases only."""
    if len(cases) == len(card.cases):
        return card
    results = [
        DialogueResult(
            case_id=case.id,
            replicate=run.replicate,
            score=DialogueScore(run.score, run.raw, run.dimensions, run.caps, run.unsure),
            dialogue_id=run.dialogue_id,
            strata=case.strata,
            protocol_failures=run.protocol_failures,
        )
        for case in card.cases
        if case.id in cases
        for run in case.runs
    ]
    # A scorecard of finished dialogues needs the names of dimensions and caps; no weight enters it again.
    names = Shape(dict.fromkeys(card.dimensions, 1.0), {}, dict.fromkeys(card.caps, 0.0))
    return scorecard(results, names)


def of_language(entries: Iterable[Entry], language: str) -> list[Entry]:
    """The entries with only their cases in one language.

    Raises:
        ConfigError: a run has no scored case in it.
    """
    kept = []
    for entry in entries:
        cases = {case.id for case in entry.card.cases if case.strata.get("language") == language}
        if not cases:
            raise ConfigError(
                f"has no scored case in the language {language!r}",
                where=str(entry.folder),
                mend="use zh or en, whichever the run's cases are in",
            )
        kept.append(replace(entry, card=restricted(entry.card, cases)))
    return kept
