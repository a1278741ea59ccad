"""Doctor-patient dialogue simulation: measures how well a language model conducts a medical consultation.

    from dialogue_sim import load_cases, Doctor, Patient, Judge, Rubric, consult, judge, score

The names below are the public API. They are loaded when first used, so that importing the package
costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Case": "cases",
    "CaseError": "cases",
    "load_case": "cases",
    "load_cases": "cases",
    "ChatModel": "models.base",
    "Reply": "models.base",
    "ModelError": "models.errors",
    "UserError": "errors",
    "Transcript": "transcript",
    "Verdict": "judging.verdict",
    "Judgement": "judging.verdict",
    "Rubric": "judging.rubric",
    "Doctor": "api",
    "Patient": "api",
    "Judge": "api",
    "consult": "api",
    "judge": "api",
    "score": "api",
    "RunConfig": "runs.config",
    "run": "api",
}

__all__ = [
    "Case",
    "CaseError",
    "ChatModel",
    "Doctor",
    "Judge",
    "Judgement",
    "ModelError",
    "Patient",
    "Reply",
    "Rubric",
    "RunConfig",
    "Transcript",
    "UserError",
    "Verdict",
    "__version__",
    "consult",
    "judge",
    "load_case",
    "load_cases",
    "run",
    "score",
]

if TYPE_CHECKING:
    from dialogue_sim.api import Doctor, Judge, Patient, consult, judge, run, score
    from dialogue_sim.cases import Case, CaseError, load_case, load_cases
    from dialogue_sim.errors import UserError
    from dialogue_sim.judging.rubric import Rubric
    from dialogue_sim.judging.verdict import Judgement, Verdict
    from dialogue_sim.models.base import ChatModel, Reply
    from dialogue_sim.models.errors import ModelError
    from dialogue_sim.runs.config import RunConfig
    from dialogue_sim.transcript import Transcript


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dialogue_sim' has no attribute {name!r}")
    return getattr(import_module(f"dialogue_sim.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
