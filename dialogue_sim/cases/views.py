"""What each role receives of a case: a view holds only what that role may know.

`PatientView` has no field in which a diagnosis could stand, nor the record's wording nor which
facts are critical; `ExaminerView` has no history; `JudgeView` is the whole case.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dialogue_sim.cases.model import (
    Case,
    Cue,
    Demographics,
    Disclosure,
    Finding,
    Persona,
    Questions,
    Speaker,
    Status,
    Vitals,
)
from dialogue_sim.cases.vocabulary import label
from dialogue_sim.perobject import once_per_object


@dataclass(frozen=True)
class PatientFact:
    """A fact as the patient holds it: their own words, and when they would tell it."""

    id: str
    topic: str
    status: Status
    say: str
    disclosure: Disclosure
    ask: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PatientView:
    """What the patient knows about themselves."""

    case_id: str
    language: str
    demographics: Demographics
    speaker: Speaker
    opening: str
    facts: tuple[PatientFact, ...]
    cues: tuple[Cue, ...]
    ideas: str
    concerns: str
    expectations: str
    persona: Persona
    questions: Questions = field(default_factory=Questions)


@dataclass(frozen=True)
class ExaminerView:
    """What examinations and tests return."""

    case_id: str
    language: str
    vitals: Vitals
    examinations: tuple[Finding, ...]
    tests: tuple[Finding, ...]
    default: str


@dataclass(frozen=True)
class DoctorView:
    """What a doctor knows before the first word: what a registration desk would note."""

    case_id: str
    language: str
    demographics: Demographics
    speaker: Speaker

    @property
    def registration(self) -> str:
        """Age and sex as a registration desk notes them: `57岁，男`, `57-year-old, male`."""
        return registration(self.demographics, self.language)


JudgeView = Case


@once_per_object
def patient_view(case: Case) -> PatientView:
    """The part of a case that the patient role receives."""
    part = case.patient
    return PatientView(
        case_id=case.id,
        language=case.language,
        demographics=part.demographics,
        speaker=part.speaker,
        opening=part.opening,
        facts=tuple(
            PatientFact(fact.id, fact.topic, fact.status, fact.say, fact.disclosure, tuple(fact.ask))
            for fact in part.facts
        ),
        cues=tuple(part.cues),
        ideas=part.ideas,
        concerns=part.concerns,
        expectations=part.expectations,
        persona=part.persona,
        questions=case.questions,
    )


def examiner_view(case: Case) -> ExaminerView:
    """The part of a case that the examiner role receives."""
    part = case.examiner
    return ExaminerView(
        case_id=case.id,
        language=case.language,
        vitals=part.vitals,
        examinations=tuple(part.examinations),
        tests=tuple(part.tests),
        default=part.default,
    )


def doctor_view(case: Case) -> DoctorView:
    """The registration note that the doctor role receives."""
    return DoctorView(case.id, case.language, case.patient.demographics, case.patient.speaker)


def registration(who: Demographics, language: str) -> str:
    """Age and sex in words, also where one of them is not recorded."""
    age = label("ages", "not_recorded" if who.age is None else who.age_unit, language).format(age=who.age)
    return age + ("，" if language == "zh" else ", ") + label("sexes", who.sex, language)


def guarded_terms(case: Case) -> tuple[str, ...]:
    """Names of the diagnosis that no patient may say first. The guard alone receives them; no prompt does."""
    diagnosis = case.judge.diagnosis
    return tuple(name for name in (diagnosis.primary, *diagnosis.synonyms) if name)
