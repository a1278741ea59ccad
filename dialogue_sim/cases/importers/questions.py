"""What a multiple-choice question adds to a case: a diagnosis, a treatment, a test, or nothing of use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue_sim.cases.importers.building import Builder
from dialogue_sim.cases.model import Action

_DIAGNOSIS = re.compile(
    r"\bdiagnos[ie]s\b|\blikely (?:has|have|suffer\w*)\b|which (?:disorder|disease|condition)|of the following (?:disorders|diseases|conditions)"
    r"|disorders? does this patient",
    re.IGNORECASE,
)
_NOT_DIAGNOSIS = re.compile(
    r"\b(?:criteria|minimum|treat\w*|management|mechanism|confirm\w*|test|step|associated with|finding|medication|support\w*)\b",
    re.IGNORECASE,
)
_TREATMENT = re.compile(
    r"\b(?:treatment|therapy|management|drug of choice|pharmacotherapy|medication)\b", re.IGNORECASE
)
_WANTED = re.compile(r"\b(?:best|most appropriate|next|initial|first|recommended|indicated)\b", re.IGNORECASE)
_TEST = re.compile(
    r"\bdiagnostic (?:test|step|study)|\b(?:next|best|most appropriate) (?:test|investigation|imaging)|\bdiagnostic",
    re.IGNORECASE,
)
_NOT_AN_ACT = re.compile(
    r"\b(?:mechanism|side effect|adverse|complication|risk|monitor\w*|avoid\w*|structure|resistance|effects?)\b",
    re.IGNORECASE,
)

_SPECIALTIES = {
    "cardiology": "cardiology", "pulmon": "respiratory", "gastroenter": "gastroenterology", "hepatolog": "gastroenterology",
    "neurology": "neurology", "endocrin": "endocrinology", "nephro": "nephrology", "hematolog": "hematology",
    "rheumatolog": "rheumatology", "infectious": "infectious_disease", "oncolog": "oncology", "general surgery": "general_surgery",
    "orthop": "orthopedics", "urolog": "urology", "neurosurg": "neurosurgery", "neurological surgery": "neurosurgery",
    "vascular": "vascular_surgery", "obstetrics and gyn": "gynecology", "obstetric": "obstetrics", "gynecolog": "gynecology",
    "pediatric": "pediatrics", "psychiatr": "psychiatry", "dermatolog": "dermatology", "ophthalm": "ophthalmology",
    "otolaryng": "otolaryngology", "dentist": "dentistry", "geriatric": "geriatrics", "emergency": "emergency_medicine",
    "family": "general_practice", "general practice": "general_practice",
}  # fmt: skip


def answered(builder: Builder, question: str, answer: str, options: Sequence[str]) -> None:
    """Take over what question and answer tell of the reference; both are kept in the provenance note."""
    others = [option for option in options if option.strip() and option.strip() != answer.strip()]
    builder.note(f"Question: {question} Options: {'; '.join(options)}. Answer: {answer}")
    if _DIAGNOSIS.search(question) and not _NOT_DIAGNOSIS.search(question):
        builder.diagnosed(answer)
        builder.differential = others
    elif _TEST.search(question) and _WANTED.search(question):
        builder.must = [answer]
    elif _TREATMENT.search(question) and _WANTED.search(question) and not _NOT_AN_ACT.search(question):
        builder.plan = [Action(id="answer", action=answer, match=[answer])]
    else:
        builder.warn("question_of_no_use", question)


def specialty_of(names: Sequence[str]) -> str:
    """The specialty of the vocabulary that the source's first recognised name means."""
    for name in names:
        for part, specialty in _SPECIALTIES.items():
            if part in name.lower():
                return specialty
    return "not_recorded"
