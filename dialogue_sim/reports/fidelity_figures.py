"""How well the patient was played, as it is printed beside a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dialogue_sim.reports.figures import percent
from dialogue_sim.reports.messages import Language, say
from dialogue_sim.scoring.intervals import wilson

GATES: Mapping[str, float] = {
    "diagnosis_leak": 0.01,
    "over_disclosure": 0.3,
    "unsupported_numbers": 0.05,
    "denied_known": 0.02,
}
"""Measure → highest value at which the patient still counts as well played."""

_RATES = (
    "diagnosis_leak", "unsupported_numbers", "unknown", "denied_known", "self_contradiction", "role_drift",
    "language_drift",
)  # fmt: skip
_COVERED = ("distinct", "space", "pairs", "pairs_possible")


class Measure(NamedTuple):
    """One measure, printed. `beyond`: it lies above its gate."""

    name: str
    text: str
    beyond: bool = False


def fidelity_figures(fidelity: Mapping[str, Any], language: Language) -> dict[str, Measure]:
    """Id → printed measure, of every measure that the run has a figure for."""
    found: dict[str, Measure] = {}
    for name in _RATES:
        events, of = _counts(fidelity, name)
        if of:
            text = share(events / of, wilson(events / of, of))
            found[name] = Measure(say(f"fidelity_{name}", language), text, _beyond(name, events / of))
    facts, turns = _counts(fidelity, "over_disclosure")
    if turns:
        text = f"{facts / turns:.2f}"
        found["over_disclosure"] = Measure(
            say("fidelity_over_disclosure", language), text, _beyond("over_disclosure", facts / turns)
        )
    if fidelity.get("turns"):
        found["length"] = Measure(say("fidelity_length", language), f"{float(fidelity['length_mean']):.0f}")
    if covered := fidelity.get("persona_coverage"):
        text = say("persona_coverage", language, **{key: covered[key] for key in _COVERED})
        found["personas"] = Measure(say("fidelity_personas", language), text)
    return found


def share(rate: float | None, bounds: Sequence[float] | None) -> str:
    """A rate with its interval, both in per cent."""
    return percent(rate) + (f" ({100 * bounds[0]:.1f}–{100 * bounds[1]:.1f})" if bounds else "")


def _counts(fidelity: Mapping[str, Any], name: str) -> tuple[int, int]:
    rate = fidelity.get(name) or {}
    return int(rate.get("events", 0)), int(rate.get("of", 0))


def _beyond(name: str, value: float) -> bool:
    return value > GATES.get(name, 1.0)
