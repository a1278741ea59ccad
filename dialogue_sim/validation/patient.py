"""Everything that `validate patient` claims about one simulated patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dialogue_sim.cases import load_cases
from dialogue_sim.models.registry import open_model
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient import PatientSettings
from dialogue_sim.validation.checks import Check
from dialogue_sim.validation.steadiness import parallel_check, persona_check
from dialogue_sim.validation.understanding import Clinic, Split, gate_checks, gates, misses


class PatientValidation(NamedTuple):
    """The claims about one patient, and (for the tuning half) where it chose other facts than the labels."""

    checks: list[Check]
    missed: list[str]


async def validate_patients(
    settings: PatientSettings,
    wanted: Sequence[str] | None = None,
    language: str | None = None,
    limit: int | None = None,
    split: Split = "test",
) -> PatientValidation:
    """Every gate, over all cases or those named; that the truth holds still, for the patient without a model.

    Raises:
        UserError: a case, a model or a prompt cannot be used.
        ModelError: the patient's model did not answer.
    """
    cases = load_cases(wanted, language=language, limit=limit)
    model = None if settings.model == "record" else open_model(settings.model, role="patient")
    clinic = Clinic(settings, Prompts(), (lambda name: model) if model else None)
    checks, missed = [], []
    try:
        for spoken in sorted({case.language for case in cases}):
            found, asked = await gates(clinic, cases, spoken, split)
            checks += gate_checks(found)
            missed += [f"{kind}  {row}" for kind, rows in misses(asked).items() for row in rows]
        if model is None:  # hundreds of whole consultations
            checks.append(await persona_check(clinic, cases))
            checks += [check for check in [await parallel_check(clinic, cases)] if check]
    finally:
        if model:
            await model.close()
    return PatientValidation(checks, missed)
