"""Marks that people give: what is marked, in which order, and what was decided, kept on disk at once.

A rater sees the consultations of a pool in an order of their own, without the doctor's name, as a judge
sees them (`judging.showing.shown`). A mark is one rater's verdict on one item of one consultation.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases import Case, CaseError, content_hash, load_cases
from dialogue_sim.judging.judges import items_of
from dialogue_sim.judging.rubric import Cap, Item, Rubric
from dialogue_sim.judging.showing import shown
from dialogue_sim.judging.verdict import Mark
from dialogue_sim.models.journal import Journal
from dialogue_sim.transcript import Transcript
from dialogue_sim.web.gallery import Run

KIND = "marks"
COLUMNS = ("dialogue_id", "item", "rater", "verdict", "note")
_RATER = re.compile(r"\w[\w .·-]{0,39}")


class Given(BaseModel):
    """A mark on one item. `turns` are the numbers of the turns it rests on; -1 is the closing block."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Mark
    turns: list[int] = Field(default_factory=list)
    note: str = Field(default="", max_length=1000)


class Unit(NamedTuple):
    """One consultation to mark: the run's name, and the dialogue's id in it."""

    run: str
    dialogue: str


class Sheet(NamedTuple):
    """What a rater is shown of a unit: the blinded transcript, its case where we have it, and what to mark."""

    transcript: Transcript
    case: Case | None
    rubric: Rubric
    parts: list[Item | Cap]


@dataclass
class Pool:
    """Consultations that are marked together.

    Attributes:
        id: a name that does not tell the run's, which often is the doctor's.
        limit: how many of them, chosen by chance, the same for every rater; None for all.
    """

    id: str
    runs: list[Run]
    limit: int | None = None
    seed: int = 0
    _cases: dict[str, dict[str, Case]] = field(default_factory=dict)
    _counts: dict[Unit, int] = field(default_factory=dict)

    def units(self) -> list[Unit]:
        """What is to be marked."""
        every = [Unit(run.name, dialogue) for run in self.runs if run.rubric for dialogue in run.dialogues()]
        if self.limit is None or self.limit >= len(every):
            return every
        return sorted(random.Random(f"{self.seed}").sample(every, self.limit))

    def order(self, rater: str) -> list[Unit]:
        """The units in one rater's order."""
        units = self.units()
        random.Random(f"{self.seed}/{rater}").shuffle(units)
        return units

    def sheet(self, unit: Unit) -> Sheet:
        """What is shown of a unit. Raises KeyError when it is no longer there."""
        run = next(run for run in self.runs if run.name == unit.run)
        transcript = run.transcript(unit.dialogue)
        if transcript is None or run.rubric is None:
            raise KeyError(unit.dialogue)
        case = self._case(run, transcript)
        items = items_of(transcript, case, run.rubric)
        return Sheet(shown(transcript), case, run.rubric, [*items, *run.rubric.caps])

    def count(self, unit: Unit) -> int:
        """How many items and caps of a unit are to be marked."""
        if unit not in self._counts:
            self._counts[unit] = len(self.sheet(unit).parts)
        return self._counts[unit]

    def _case(self, run: Run, transcript: Transcript) -> Case | None:
        if run.name not in self._cases:
            try:
                self._cases[run.name] = {case.id: case for case in load_cases(run.config.cases or None)}
            except CaseError:
                self._cases[run.name] = {}
        case = self._cases[run.name].get(transcript.case_id)
        # Another version of the case would ask for other facts.
        return case if case and content_hash(case) == transcript.case_sha256 else None


class Row(NamedTuple):
    """A mark with everything that names it."""

    unit: Unit
    item: str
    rater: str
    given: Given


class Markings:
    """The marks in a store."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._writing = asyncio.Lock()

    async def give(self, unit: Unit, rater: str, item: str, given: Given | None) -> int:
        """Write a mark down, or, with None, take it back; it is on disk when this returns.

        Returns:
            How many items of the unit the rater has marked.
        """
        async with self._writing:
            marks = {name: one.model_dump() for name, one in self.given(unit, rater).items()}
            marks.pop(item, None)
            if given:
                marks[item] = given.model_dump()
            await self._journal.put_record(KIND, _key(unit, rater), marks)
        return len(marks)

    def given(self, unit: Unit, rater: str) -> dict[str, Given]:
        """One rater's marks on a unit, by item."""
        found = self._journal.get_record(KIND, _key(unit, rater)) or {}
        return {item: Given.model_validate(body) for item, body in found.items()}

    def rows(self, run: str) -> Iterator[Row]:
        """Every mark on a run's consultations."""
        for key, marks in self._journal.records(KIND):
            name, rater, dialogue = json.loads(key)
            if name == run:
                for item, body in marks.items():
                    yield Row(Unit(name, dialogue), item, rater, Given.model_validate(body))

    def csv(self, run: str) -> str:
        """The marks on a run as `dialogue-sim calibrate` reads them."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in sorted(self.rows(run), key=lambda row: (row.unit, row.rater, row.item)):
            writer.writerow([row.unit.dialogue, row.item, row.rater, row.given.verdict, _note(row.given)])
        return out.getvalue()


def is_rater(name: str) -> bool:
    """Whether a name can stand in the table: letters, digits, spaces and `.` `-` `·`, up to 40."""
    return _RATER.fullmatch(name) is not None


def turns_in(text: str, transcript: Transcript) -> list[int]:
    """The turn numbers that a rater wrote, those that exist, in order. `c` or -1 is the closing block."""
    numbers = {turn.number for turn in transcript.turns} | ({-1} if transcript.closing else set())
    words = text.casefold().replace(",", " ").split()
    wanted = {
        -1 if word == "c" else int(word) for word in words if re.fullmatch(r"c|-1|\d{1,6}", word, re.ASCII)
    }
    return sorted(wanted & numbers)


def _key(unit: Unit, rater: str) -> str:
    return json.dumps([unit.run, rater, unit.dialogue], ensure_ascii=False)


def _note(given: Given) -> str:
    turns = " ".join("closing" if turn == -1 else str(turn) for turn in given.turns)
    note = " ".join(given.note.split())
    # A spreadsheet would take such a text for a formula.
    note = f"'{note}" if note[:1] in ("=", "+", "-", "@") else note
    return "; ".join(part for part in (f"turns {turns}" if turns else "", note) if part)
