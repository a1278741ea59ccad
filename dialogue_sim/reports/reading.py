"""The consultations of several runs packed into one page, so that the same case is read side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dialogue_sim.reports.entries import Entry, rubric_of
from dialogue_sim.reports.facts import fact_lines
from dialogue_sim.reports.markup import parts_of
from dialogue_sim.reports.packing import Shelf, packed, shelved
from dialogue_sim.reports.runfiles import read_run


@dataclass(frozen=True)
class Reading:
    """What a page needs to show consultations of several runs beside each other.

    Attributes:
        runs: their names, in the order of the index's `run`.
        index: an entry a consultation, as `packing.packed` makes them, with the number of its run.
        parts: items and caps in the order of an entry's marks.
        folder: where the files beside the page lie.
    """

    runs: list[str]
    index: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    shelf: Shelf
    folder: str | None


def reading(entries: Sequence[Entry], folder: str | None = None) -> Reading | None:
    """Packs the consultations over the cases that the entries hold; None where no run has kept any.

    One run at a time is in memory.

    Args:
        folder: where the consultations go if they are too many for one file; None keeps them in it.

    Raises:
        ConfigError: a run's files cannot be read.
    """
    rubric = rubric_of(entries)
    parts = parts_of(rubric) if rubric else _unnamed(entries)
    wanted = {case.id for entry in entries for case in entry.card.cases}
    index: list[dict[str, Any]] = []
    blocks: list[str] = []
    for number, entry in enumerate(entries):
        run = read_run(entry.folder).over(wanted)
        lines = fact_lines(run.manifest)
        entries_of_run, blocks_of_run = packed(run, [part["id"] for part in parts], lines, len(blocks))
        index += [{**one, "run": number} for one in entries_of_run]
        blocks += blocks_of_run
    if not index:
        return None
    return Reading([entry.name for entry in entries], index, parts, shelved(blocks, folder), folder)


def _unnamed(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Items and caps by their ids alone, where the rubric is no longer at hand."""
    items = dict.fromkeys(name for entry in entries for name in entry.scores.get("items", {}))
    caps = dict.fromkeys(name for entry in entries for name in entry.card.caps)
    return [{"id": name, "cap": name in caps, "zh": "", "en": ""} for name in {**items, **caps}]
