"""Whether a result is normal, by its own words."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from dialogue_sim.cases.importers.mapping import wording

_SHORT = 6


@cache
def _pattern(language: str, name: str) -> re.Pattern[str]:
    return re.compile(wording(language)[name], re.IGNORECASE)


def status_of(result: str, language: str) -> Literal["normal", "abnormal", "unstated"]:
    """What the result's own words call it: abnormal where one clause is, normal where every clause is, else unstated."""
    clauses = [clause for clause in re.split(r"[.;,，。；、]\s*", result) if clause.strip()]
    verdicts = []
    for clause in clauses:
        normal, abnormal = (
            _pattern(language, "normal").search(clause),
            _pattern(language, "abnormal").search(clause),
        )
        if abnormal and not (normal and normal.start() < abnormal.start()):
            verdicts.append("abnormal")
        else:
            # A long clause may call one thing normal and describe another.
            short = len(clause.split()) <= _SHORT if language == "en" else len(clause) <= 3 * _SHORT
            verdicts.append("normal" if normal and short else "unstated")
    if "abnormal" in verdicts:
        return "abnormal"
    return "normal" if verdicts and set(verdicts) == {"normal"} else "unstated"
