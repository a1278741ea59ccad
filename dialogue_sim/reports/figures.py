"""How figures are printed: one decimal for points, never more digits than the interval supports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dialogue_sim.reports.messages import Language, say


def points(value: float | None) -> str:
    """A score on 0–100."""
    return "–" if value is None else f"{value:.1f}"


def percent(rate: float | None) -> str:
    """A share in [0, 1] as a percentage."""
    return "–" if rate is None else f"{100 * rate:.1f} %"


def interval(bounds: Sequence[float] | None, language: Language) -> str:
    """An interval on 0–100; says so where there is none."""
    return say("no_interval", language) if bounds is None else f"{bounds[0]:.1f} – {bounds[1]:.1f}"


def rate_interval(bounds: Sequence[float] | None) -> str:
    """An interval of a share, in per cent."""
    return "–" if bounds is None else f"{100 * bounds[0]:.1f} – {100 * bounds[1]:.1f} %"


def typeset(text: str) -> str:
    """Figures with a true minus sign."""
    return re.sub(r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}", text)


def around_zero(values: Iterable[float]) -> tuple[float, float]:
    """A scale that holds 0 and all values, with a little room at both ends."""
    low, high = min(0.0, *(found := list(values) or [0.0])), max(0.0, *found)
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Model names without provider and owner, where what is left tells them apart: for figures."""
    short = {name: name.rpartition("/")[2] if "/" in name else name.rpartition(":")[2] for name in names}
    return short if len(set(short.values())) == len(short) else {name: name for name in names}
