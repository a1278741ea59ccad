"""How well the patient was played, as it is printed beside a score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogue_sim.reports.figures import percent
from dialogue_sim.reports.messages import Language, say

_SHARES = ("leak_rate", "unsupported_rate", "denied_known_rate", "drift_rate", "unknown_rate")
_COUNTS = ("over_disclosure", "reply_length")


def fidelity_figures(fidelity: Mapping[str, Any], language: Language) -> dict[str, tuple[str, str]]:
    """Id → (name, figure) of every measure that the run has."""
    figures = {name: percent(fidelity[name]) for name in _SHARES if fidelity.get(name) is not None}
    figures |= {name: f"{fidelity[name]:.2f}" for name in _COUNTS if fidelity.get(name) is not None}
    return {name: (say(f"fidelity_{name}", language), text) for name, text in figures.items()}
