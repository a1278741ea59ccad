"""A judge against people: human verdicts from a CSV, laid beside a run's verdicts.

The CSV has a head line and the columns

    dialogue_id   as in the run's transcripts, `<case id>/<replicate>`
    item          id of the rubric's item or cap
    rater         who decided; each rater at most once for an item of a dialogue
    verdict       met, partly, not, cannot_tell (or 做到, 部分做到, 未做到, 无法判断), or a share from 0 to 1
    note          free text; optional, not read

What the raters saw must be the same transcripts, and the labelled rows a random choice of them:
otherwise the corrected mean is a mean of what happened to be labelled.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

from pydantic import Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.verdict import VALUE_OF, Judgement
from dialogue_sim.reports.entries import Entry, rubric_of
from dialogue_sim.reports.external import Named
from dialogue_sim.reports.messages import LANGUAGES, say
from dialogue_sim.reports.runfiles import read_judgements
from dialogue_sim.scoring.calibrate import (
    Calibration,
    CorrectedMean,
    HumanVerdict,
    Scored,
    calibrate,
    corrected_mean,
)
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.rollup import case_score

COLUMNS = ("dialogue_id", "item", "rater", "verdict")

MARKS: Mapping[str, float | None] = {
    **{str(mark): value for mark, value in VALUE_OF.items()},
    **{say(f"mark_{mark}", language): value for mark, value in VALUE_OF.items() for language in LANGUAGES},
}
"""Every word a verdict may be written with, and its value."""


class HumanRow(NamedTuple):
    """One line of the CSV; `line` counts from 1, the head included."""

    line: int
    dialogue: str
    item: str
    rater: str
    value: float | None


class ItemMean(Figures):
    """The mean of one item over the whole run, corrected by the human verdicts on it."""

    item: str
    mean: CorrectedMean


class Calibrated(Figures):
    """Everything `calibrate` prints.

    Attributes:
        raters: rater → verdicts given.
        means: per item, the corrected mean value.
        mean_mark: over all verdicts on items (not caps) that people gave some on; None without one.
        score: the run's score, corrected by the dialogues that were labelled whole; None with
            fewer than two of these, or where the rubric is no longer at hand.
        inverted: items the judge seems to read upside down.
    """

    schema_: Literal["dialogue-sim/calibration/1"] = Field(
        default="dialogue-sim/calibration/1", alias="schema"
    )
    run: str
    judges: list[str]
    n_verdicts: int
    n_dialogues: int
    raters: dict[str, int]
    calibration: Calibration
    means: list[ItemMean]
    mean_mark: CorrectedMean | None
    score: CorrectedMean | None
    labelled_whole: int
    inverted: list[str]
    item_names: list[Named]


def read_human(path: Path) -> list[HumanRow]:
    """Read human verdicts.

    Raises:
        ConfigError: unreadable, a column missing, or a line that cannot be used: with file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        what = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"cannot be read: {what}", where=str(path), mend="save it as UTF-8 CSV") from None
    reader = csv.DictReader(text.splitlines())
    head = [name.strip() for name in reader.fieldnames or []]
    if missing := [name for name in COLUMNS if name not in head]:
        raise ConfigError(
            f"the column {missing[0]!r} is missing",
            where=f"{path}:1",
            mend=f"the columns are {','.join(COLUMNS)}[,note]",
        )
    reader.fieldnames = head
    rows = [_human_row(line, row, path) for line, row in enumerate(reader, start=2)]
    if not rows:
        raise ConfigError("holds no verdict", where=str(path))
    return rows


def _human_row(line: int, row: Mapping[str, str | None], path: Path) -> HumanRow:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    where = f"{path}:{line}"
    for name, cell in cells.items():
        if not cell:
            raise ConfigError(f"the {name} is empty", where=where)
    return HumanRow(
        line, cells["dialogue_id"], cells["item"], cells["rater"], _value(cells["verdict"], where)
    )


def _value(text: str, where: str) -> float | None:
    if text.casefold() in MARKS:
        return MARKS[text.casefold()]
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ConfigError(
            f"{text!r} is no verdict",
            where=where,
            mend=f"write {', '.join(VALUE_OF)}, or a share from 0 to 1",
        )
    return share


def calibrated(entry: Entry, rows: Sequence[HumanRow], path: Path) -> Calibrated:
    """Lays human verdicts beside a run's.

    Raises:
        ConfigError: a dialogue or item the run does not have, a rater with two verdicts on the same
            item, or no decided verdict at all.
    """
    judgements = read_judgements(entry.folder)
    judged = {
        (name, verdict.item): verdict.value or 0.0
        for name, judgement in judgements.items()
        for verdict in judgement.verdicts
    }
    _check(rows, judgements, judged, path)
    verdicts = [
        HumanVerdict(row.dialogue, row.item, row.rater, row.value, judged[row.dialogue, row.item])
        for row in rows
    ]
    try:
        found = calibrate(verdicts)
    except ValueError as problem:
        raise ConfigError(
            str(problem), where=str(path), mend="give verdicts other than cannot_tell"
        ) from None
    human = _human_means(rows)
    marked = {item for _, item in human} - set(entry.card.caps)
    rubric = rubric_of([entry])
    whole = _whole_scores(judgements, human, rubric) if rubric else {}
    return Calibrated(
        run=str(entry.folder),
        judges=[str(judge) for judge in entry.scores["judges"]],
        n_verdicts=len(rows),
        n_dialogues=len({row.dialogue for row in rows}),
        raters=_counts(row.rater for row in rows),
        calibration=found,
        means=[ItemMean(item=item.item, mean=_corrected(judged, human, {item.item})) for item in found.items],
        mean_mark=_corrected(judged, human, marked) if marked else None,
        score=_corrected_score(entry, whole) if len(whole) > 1 else None,
        labelled_whole=len(whole),
        inverted=[item.item for item in found.items if item.inverted],
        item_names=_names(rubric),
    )


def _check(
    rows: Sequence[HumanRow],
    judgements: Mapping[str, Judgement],
    judged: Mapping[tuple[str, str], float],
    path: Path,
) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        where = f"{path}:{row.line}"
        if row.dialogue not in judgements:
            raise ConfigError(
                f"the run has no judged dialogue {row.dialogue!r}",
                where=where,
                mend="dialogue ids stand in the run's transcripts.jsonl",
            )
        if (row.dialogue, row.item) not in judged:
            raise ConfigError(
                f"the item {row.item!r} was not judged in {row.dialogue}",
                where=where,
                mend="remove the line; the item may not apply to this case",
            )
        first = seen.setdefault((row.dialogue, row.item, row.rater), row.line)
        if first != row.line:
            raise ConfigError(
                f"{row.rater} has already given a verdict on {row.item} of {row.dialogue}, in line {first}",
                where=where,
                mend="keep one of the two",
            )


def _counts(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return dict(sorted(counts.items()))


def _human_means(rows: Iterable[HumanRow]) -> dict[tuple[str, str], float]:
    """Mean value of the raters who could tell, by dialogue and item."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.value is not None:
            values[row.dialogue, row.item].append(row.value)
    return {key: fmean(marks) for key, marks in values.items()}


def _corrected(
    judged: Mapping[tuple[str, str], float], human: Mapping[tuple[str, str], float], items: Collection[str]
) -> CorrectedMean:
    """The corrected mean of some items, each of each dialogue counted once."""
    return corrected_mean(
        Scored(case_of(dialogue), value, human.get((dialogue, item)))
        for (dialogue, item), value in judged.items()
        if item in items
    )


def case_of(dialogue: str) -> str:
    """The case of a dialogue, which is what is resampled."""
    return dialogue.rpartition("/")[0]


def _whole_scores(
    judgements: Mapping[str, Judgement], human: Mapping[tuple[str, str], float], rubric: Rubric
) -> dict[str, float]:
    """The score people gave, for the dialogues of which they decided every item; caps as they decided, or the judge."""
    caps = {cap.id for cap in rubric.caps}
    scores = {}
    for name, judgement in judgements.items():
        final = {verdict.item: verdict for verdict in judgement.verdicts}
        applicable = final.keys() - caps
        if not applicable or any((name, item) not in human for item in applicable):
            continue
        fired = [
            cap
            for cap in caps & final.keys()
            if human.get((name, cap), 1.0 if final[cap].mark == "met" else 0.0) > 0.5
        ]
        values = {item: human[name, item] for item in applicable}
        scores[name] = case_score(rubric.shape(), values, applicable=applicable, caps=fired).score
    return scores


def _corrected_score(entry: Entry, whole: Mapping[str, float]) -> CorrectedMean:
    return corrected_mean(
        Scored(case.id, run.score, whole.get(run.dialogue_id))
        for case in entry.card.cases
        for run in case.runs
    )


def _names(rubric: Rubric | None) -> list[Named]:
    if rubric is None:
        return []
    items = [Named(id=i.id, zh=i.zh.name, en=i.en.name) for i in rubric.items]
    return items + [Named(id=c.id, zh=c.zh.name, en=c.en.name) for c in rubric.caps]
