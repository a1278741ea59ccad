"""Known groups: scripted doctors of known grade must come out in order, and apart (scoring.md, 6.2 A-1, A-3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

import numpy as np

from dialogue_sim.roles.scripted import LADDER
from dialogue_sim.scoring.bootstrap import bootstrap_means, mean_intervals
from dialogue_sim.validation.checks import Check, Group, Part, plain, told
from dialogue_sim.validation.session import Marked

ORDER, GAP, BEST, WORST, HALVES = 0.95, 4.0, 85.0, 5.0, 0.9
PART: Part = "groups"


def groups(found: Mapping[str, Sequence[Marked]]) -> list[Group]:
    """Mean score of each scripted doctor, best first."""
    rows = []
    for doctor, marked in found.items():
        column = np.array([[m.score.score] for m in marked])
        names = sorted({name for m in marked for name in m.score.dimensions})
        interval = mean_intervals(column)[0]
        rows.append(
            Group(
                doctor=doctor, score=float(column.mean()), ci95=interval,
                dimensions={n: fmean(m.score.dimensions[n] for m in marked if n in m.score.dimensions) for n in names},
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row.score)


def group_checks(found: Mapping[str, Sequence[Marked]]) -> list[Check]:
    """The claims about the eight doctors."""
    rows = {row.doctor: row for row in groups(found)}
    table = np.array([[m.score.score for m in found[doctor]] for doctor in LADDER]).T
    means = bootstrap_means(table)
    in_order = float(np.mean(np.all(np.diff(means, axis=1) > 0, axis=1)))
    checks = [Check(part=PART, name=told("check_order"),
                    claim=told("claim_order", ladder=" < ".join(LADDER), least=f"{ORDER:.0%}"),
                    found=plain(f"{in_order:.1%}"), holds=in_order >= ORDER)]  # fmt: skip
    for low, high in pairwise(LADDER):
        gap = rows[high].score - rows[low].score
        checks.append(
            Check(
                part=PART,
                name=plain(f"{low} → {high}"),
                claim=told("claim_apart", gap=f"{GAP:g}"),
                found=plain(f"{gap:.1f}"),
                holds=gap >= GAP,
            )
        )
    best, worst = rows["expert"].score, rows["silent"].score
    checks += [
        Check(
            part=PART,
            name=plain("expert"),
            claim=told("check_at_least", least=f"{BEST:g}"),
            found=plain(f"{best:.1f}"),
            holds=best >= BEST,
        ),
        Check(
            part=PART,
            name=plain("silent"),
            claim=told("check_at_most", most=f"{WORST:g}"),
            found=plain(f"{worst:.1f}"),
            holds=worst <= WORST,
        ),
        *_dissociation(rows),
        _halves(table, list(LADDER)),
    ]
    return checks


def _dissociation(rows: Mapping[str, Group]) -> list[Check]:
    # One overall impression could not rate both of these rightly.
    pairs = (("cold", "warm", "process"), ("cold", "warm", "outcome"), ("warm", "cold", "communication"))
    checks = []
    for better, worse, dimension in pairs:
        gap = rows[better].dimensions[dimension] - rows[worse].dimensions[dimension]
        checks.append(
            Check(
                part=PART,
                name=told(
                    "check_dissociation", better=better, worse=worse, dimension=told(f"dimension_{dimension}")
                ),
                claim=told("claim_above_zero"),
                found=plain(f"{gap:+.1f}"),
                holds=gap > 0,
            )
        )
    return checks


def _halves(table: np.ndarray, names: list[str]) -> Check:
    """Do two halves of the cases rank the doctors alike? Spearman–Brown corrected."""
    odd, even = table[::2].mean(axis=0), table[1::2].mean(axis=0)
    r = float(np.corrcoef(odd, even)[0, 1])
    reliability = 2 * r / (1 + r)
    return Check(
        part=PART, name=told("check_split_half"), claim=told("claim_split_half", least=HALVES),
        found=plain(f"{reliability:.3f}"), holds=reliability >= HALVES,
    )  # fmt: skip
