"""A leaderboard of scored runs: what it says, as plain figures. How it looks is `board_pages`' business.

Beside every score stand the figures without which it cannot be read: its interval and rank range, the
share of dialogues that failed, how often the doctor broke the protocol, the caps, and how well the
patient was played.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.entries import Departure, Entry, restricted, rubric_of, settings
from dialogue_sim.reports.external import Named, Reference
from dialogue_sim.scoring.compare import common_cases
from dialogue_sim.scoring.figures import Figures
from dialogue_sim.scoring.intervals import Interval
from dialogue_sim.scoring.leaderboard import Leaderboard, Pair, leaderboard
from dialogue_sim.scoring.scorecard import MeanFigure, RateFigure, Scorecard
from dialogue_sim.scoring.sensitivity import Reversal, WeightSensitivity, weight_sensitivity

SCHEMA = "dialogue-sim/leaderboard/1"


class BoardRow(Figures):
    """One model. Scores on 0–100, rates in [0, 1], both over the cases that all models have.

    Attributes:
        rank_range: simultaneous 95 % range of the true rank.
        ties: letters of its tie groups; models that share one cannot be told apart.
        first_share: share of bootstrap draws of the cases in which it comes first.
        failure_rate: share of the planned dialogues without a score, of the whole run.
        fidelity: how well the patient was played, as in `scores.json`.
        external: column id → published figure.
    """

    model: str
    doctor: str
    run: str
    size_class: str
    score: float
    ci95: Interval | None
    rank: int
    rank_range: tuple[int, int]
    ties: list[str]
    first_share: float
    dimensions: dict[str, MeanFigure]
    caps: dict[str, RateFigure]
    usable_at_60: float | None
    usable_at_60_ci95: Interval | None
    protocol_failure_rate: float | None
    protocol_failure_ci95: Interval | None
    n_dialogues: int
    n_planned: int
    n_failed: int
    failure_rate: float
    fidelity: dict[str, Any]
    external: dict[str, float]
    notes: list[str]


class Unranked(Figures):
    """A run without a single scored dialogue: shown, never ranked."""

    model: str
    run: str
    n_planned: int
    n_failed: int


class Board(Figures):
    """Everything a leaderboard prints, best first.

    Attributes:
        cases: how many of them by language, specialty and urgency.
        pairs: every pair with its simultaneous interval.
        reversals: how often other weights of the rubric would turn a pair round; pairs that turn
            in more than 10 % of the draws are tied. Empty where the rubric is no longer at hand.
        alternatives: a fixed set of other weights → model → score.
        differing: why these runs are not strictly comparable; only with --force.
        left_out: model → cases that another model lacks; they are in no figure here.
    """

    schema_: Literal["dialogue-sim/leaderboard/1"] = Field(
        default="dialogue-sim/leaderboard/1", alias="schema"
    )
    rows: list[BoardRow]
    unranked: list[Unranked]
    n_cases: int
    cases: dict[str, dict[str, int]]
    seeds: dict[str, int]
    pairs: list[Pair]
    smallest_detectable: float | None
    reversals: list[Reversal]
    alternatives: dict[str, dict[str, float]]
    differing: list[Departure]
    left_out: dict[str, list[str]]
    setup: dict[str, Any]
    dimensions: list[Named]
    caps: list[Named]
    size_classes: list[Named]
    references: list[Reference]


def board(
    entries: Sequence[Entry], references: Sequence[Reference], departures: Sequence[Departure]
) -> Board:
    """Ranks runs.

    Raises:
        ConfigError: no run has a score, or there is no case that all of them have.
    """
    scored = [entry for entry in entries if entry.card.cases]
    if not scored:
        raise ConfigError(
            "none of these runs has a scored dialogue", mend="run them again; what failed is tried again"
        )
    try:
        cases, left_out = common_cases({e.name: e.card.case_scores() for e in scored})
    except ValueError:
        raise ConfigError(
            "these runs have no scored case in common", mend="run them on the same cases"
        ) from None
    cards = {entry.name: restricted(entry.card, set(cases)) for entry in scored}
    sensitivity = _sensitivity(scored, cards)
    ranked = leaderboard(
        {name: card.case_scores() for name, card in cards.items()},
        unstable=sensitivity.tied_pairs() if sensitivity else (),
    )
    first = next(iter(cards.values()))
    return Board(
        rows=_rows(scored, cards, ranked, references),
        unranked=[_unranked(entry) for entry in entries if not entry.card.cases],
        n_cases=ranked.n_cases,
        cases=_strata(first),
        seeds={name: max(len(case.runs) for case in card.cases) for name, card in cards.items()},
        pairs=ranked.pairs,
        smallest_detectable=ranked.smallest_detectable,
        reversals=sensitivity.reversals if sensitivity else [],
        alternatives=sensitivity.alternatives if sensitivity else {},
        differing=list(departures),
        left_out={name: ids for name, ids in left_out.items() if ids},
        setup=setup(entries),
        dimensions=_names(entries, "dimensions"),
        caps=_names(entries, "caps"),
        size_classes=_classes(references),
        references=list(references),
    )


def setup(entries: Sequence[Entry]) -> dict[str, Any]:
    """What all the runs had in common: everything but the doctor, by the first run."""
    first = entries[0]
    return {
        "rubric": first.scores["rubric"],
        "prompts_sha256": first.scores["prompts_sha256"],
        "version": first.scores.get("version", ""),
        **{one.key: one.value for one in settings(first) if one.key not in ("rubric", "prompts")},
    }


def _sensitivity(entries: Sequence[Entry], cards: Mapping[str, Scorecard]) -> WeightSensitivity | None:
    rubric = rubric_of(entries)
    return weight_sensitivity(cards, rubric.shape()) if rubric and len(cards) > 1 else None


def _rows(
    entries: Sequence[Entry],
    cards: Mapping[str, Scorecard],
    ranked: Leaderboard,
    references: Sequence[Reference],
) -> list[BoardRow]:
    by_name = {entry.name: entry for entry in entries}
    rows = []
    for row in ranked.rows:
        entry, card = by_name[row.model], cards[row.model]
        planned = int(entry.scores["n_planned"])
        rows.append(
            BoardRow(
                model=row.model,
                doctor=entry.doctor,
                run=str(entry.folder),
                size_class=_size_class(entry, references),
                score=row.score,
                ci95=row.ci95,
                rank=row.rank,
                rank_range=row.rank_range,
                ties=[letter(number) for number in row.groups],
                first_share=row.first_share,
                dimensions=card.dimensions,
                caps=card.caps,
                usable_at_60=card.usable_at_60,
                usable_at_60_ci95=card.usable_at_60_ci95,
                protocol_failure_rate=card.protocol_failure_rate,
                protocol_failure_ci95=card.protocol_failure_ci95,
                n_dialogues=int(entry.scores["n_dialogues"]),
                n_planned=planned,
                n_failed=entry.failed,
                failure_rate=entry.missing / planned if planned else 0.0,
                fidelity=dict(entry.scores.get("patient_fidelity") or {}),
                external=_external(entry, references),
                notes=list(entry.scores.get("notes", [])),
            )
        )
    return rows


def _unranked(entry: Entry) -> Unranked:
    return Unranked(
        model=entry.name,
        run=str(entry.folder),
        n_planned=int(entry.scores["n_planned"]),
        n_failed=entry.failed,
    )


def letter(number: int) -> str:
    """The letter of the n-th tie group: a, b, …, z, aa, ab, …"""
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text


def _strata(card: Scorecard) -> dict[str, dict[str, int]]:
    names = ("language", "specialty", "urgency")
    return {
        name: dict(sorted(Counter(case.strata[name] for case in card.cases if name in case.strata).items()))
        for name in names
    }


def _names(entries: Sequence[Entry], part: Literal["dimensions", "caps"]) -> list[Named]:
    """Dimensions or caps in the rubric's order, by their ids where the rubric is no longer at hand."""
    rubric = rubric_of(entries)
    if rubric is None:
        ids = dict.fromkeys(name for entry in entries for name in getattr(entry.card, part))
        return [Named(id=name, zh=name, en=name) for name in ids]
    if part == "dimensions":
        return [Named(id=d.id, zh=d.zh, en=d.en) for d in rubric.dimensions]
    return [Named(id=c.id, zh=f"{c.id} {c.zh.name}", en=f"{c.id} {c.en.name}") for c in rubric.caps]


def _classes(references: Sequence[Reference]) -> list[Named]:
    return list({one.id: one for reference in references for one in reference.size_classes}.values())


def _external(entry: Entry, references: Sequence[Reference]) -> dict[str, float]:
    values: dict[str, float] = {}
    for reference in references:
        found = reference.find((entry.name, entry.doctor))
        values |= found.values if found else {}
    return values


def _size_class(entry: Entry, references: Sequence[Reference]) -> str:
    """The class a published table puts the model in, else the one nearest to the size in its name."""
    for reference in references:
        if (found := reference.find((entry.name, entry.doctor))) and found.size_class:
            return found.size_class
    size = _billions(entry.name) or _billions(entry.doctor)
    sized = [(one.id, _billions(one.id)) for one in _classes(references)]
    near = [(abs(math.log(size / other)), name) for name, other in sized if size and other]
    return min(near)[1] if near else ""


def _billions(name: str) -> float | None:
    found = re.search(
        r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z])", name.casefold().replace("-", " ").replace("_", " ")
    )
    return float(found[1]) if found and float(found[1]) > 0 else None
