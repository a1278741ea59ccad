"""How figures are printed: one decimal for points, never more digits than the interval supports."""

from __future__ import annotations

from collections.abc import Sequence

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
