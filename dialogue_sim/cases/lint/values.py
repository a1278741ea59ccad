"""Vital signs that a living patient can have.

The bounds are the outer limits seen in survivors (hypothermia, hyperpyrexia, neonates included), not
normal ranges: a value beyond them is a slip of the pen.
"""

from __future__ import annotations

import re

from dialogue_sim.cases.lint.finding import Raw, Rows
from dialogue_sim.cases.model import Case

BOUNDS = {
    "temperature": (24.0, 43.0),  # °C
    "pulse": (20.0, 300.0),  # a minute
    "respiration": (4.0, 100.0),  # a minute
    "oxygen_saturation": (40.0, 100.0),  # %
    "weight": (0.4, 350.0),  # kg
    "height": (25.0, 250.0),  # cm
}
UNITS = {"temperature": ("°C|℃", "°F"), "weight": ("kg|千克|公斤", "lb"), "height": ("cm|厘米", "")}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PRESSURE = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})")


def vitals_possible(case: Case) -> Rows:
    """Every vital sign lies within what is possible."""
    for name, value in case.examiner.vitals.model_dump().items():
        at = ("examiner", "vitals", name)
        if not value:
            continue
        if name == "blood_pressure":
            yield from _pressure(value, at)
            continue
        amount = _metric(name, value)
        if amount is None:
            yield Raw(
                "warning", at, f"{value!r} holds no number", "write the value with its unit, or leave it out"
            )
            continue
        low, high = BOUNDS[name]
        if not low <= amount <= high:
            yield Raw(
                "error",
                at,
                f"{value!r} is not possible",
                f"between {low:g} and {high:g} {UNITS.get(name, ('', ''))[0]}",
            )


def _metric(name: str, value: str) -> float | None:
    """The amount in metric units, also where another unit stands beside it or alone."""
    metric, other = UNITS.get(name, ("", ""))
    if found := metric and re.search(rf"(\d+(?:\.\d+)?)\s*(?:{metric})", value):
        return float(found[1])
    if feet := re.search(r"(\d+)\s*ft(?:\s*(\d+)\s*in)?", value):
        return 30.48 * int(feet[1]) + 2.54 * int(feet[2] or 0)
    found = _NUMBER.search(value)
    if found is None:
        return None
    amount = float(found[0])
    if other and other in value:
        return {"°F": (amount - 32) / 1.8, "lb": amount * 0.4536}.get(other, amount)
    return amount


def _pressure(value: str, at: tuple[str, ...]) -> Rows:
    found = _PRESSURE.search(value)
    if not found:
        yield Raw("warning", at, f"{value!r} is no blood pressure", "write it as 120/80 mmHg")
        return
    upper, lower = int(found[1]), int(found[2])
    if not (30 <= upper <= 300 and 10 <= lower <= 200 and lower < upper):
        yield Raw("error", at, f"{value!r} is not possible", "systolic over diastolic, in mmHg")
