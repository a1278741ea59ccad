"""What a case is: one patient's story, split by who may know what.

A case has three parts. `patient` holds what the patient can know and say, `examiner` what only an
examination or a test returns, `judge` what only the judge sees (the diagnosis among it). The roles
never receive a `Case`; they receive a view (`dialogue_sim.cases.views`), so that a leak is
impossible and not merely discouraged.

Facts have three values. A fact is *affirmed* or *denied*; whatever the file does not mention is
*not recorded*, which never turns into "no" or "normal". The same holds for the case as a whole: what
a source does not tell (an age, an urgency, a reference plan) is marked not recorded, and the linter
sees to it that no rubric item is scored against it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from dialogue_sim.cases.vocabulary import COMPLEXITIES, SHAPES, SPECIALTIES, TOPICS, known

SCHEMA = "dialogue-sim/case/1"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]
Language = Literal["zh", "en"]
Urgency = Literal["emergency", "urgent", "routine", "not_recorded"]
Status = Literal["affirmed", "denied"]
Disclosure = Literal["opening", "volunteer", "on_ask", "on_probe"]
CueKind = Literal["emotion", "concern", "question", "hint"]

_MOMENT = re.compile(r"^(?:opening|closing|turn:\d+|topic:[a-z0-9_.]+|fact:[a-z0-9_-]+)$")


class Part(BaseModel):
    """Base of every piece of a case: immutable, and closed to fields nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Provenance(Part):
    """Where a case comes from and who vouches for it."""

    source: Text = Field(description="synthetic, or the name of the data set or record it was made from")
    basis: list[Text] = Field(
        default_factory=list,
        description="guidelines or textbooks that the clinical content follows, by name and year",
    )
    licence: Text = Field(description="SPDX name of the licence")
    author: Text
    review: Literal["none", "second_pass", "clinician"] = Field(
        description="none; second_pass: an independent pass, not by a clinician, tried to refute it; clinician: a named clinician reviewed it"
    )
    note: str = Field(
        default="",
        description="for readers; bundled cases say here that they are synthetic and not reviewed by a clinician",
    )


class Demographics(Part):
    """Who the patient is. `age` counts in `age_unit`; None means that it is not recorded."""

    age: Annotated[int, Field(ge=0, le=120)] | None = None
    age_unit: Literal["year", "month", "day"] = "year"
    sex: Literal["male", "female", "other", "not_recorded"] = "not_recorded"
    occupation: str = ""
    name: str = Field(default="", description="an invented form of address, never a real name")


class Speaker(Part):
    """Who talks to the doctor: the patient, or a companion of a child, an elder or a sick person."""

    who: Literal["self", "companion"] = "self"
    relation: str = Field(
        default="", description="what the companion is to the patient, in the case's language: 母亲, daughter"
    )


class Persona(Part):
    """How the patient speaks. Style over fixed truth: it delays, blurs or withholds, it never changes a fact."""

    personality: Literal[
        "plain", "verbose", "reserved", "anxious", "distrustful", "impatient", "pleasing"
    ] = "plain"
    literacy: Literal["low", "average", "high"] = "average"
    recall: Literal["good", "poor"] = "good"
    speech: Literal["standard", "dialect", "non_native"] = "standard"


class Fact(Part):
    """One atomic thing the patient can report, affirmed or denied.

    `say` is what the patient says (first person, everyday words, one short sentence that stands
    alone as an answer); `record` is how a clinician would write it.
    """

    id: Slug
    topic: str = Field(description="an id of the topic vocabulary, such as hpi.onset or ros.fever")
    status: Status
    say: Text
    record: Text
    critical: bool = Field(default=False, description="a good consultation must elicit it")
    disclosure: Disclosure = Field(
        default="on_ask",
        description="opening: in the first words; volunteer: told on a broad question; on_ask: when asked for; "
        "on_probe: only after a specific or an empathic question",
    )
    ask: list[Text] = Field(
        default_factory=list, description="further everyday words by which a question means this fact"
    )

    @model_validator(mode="after")
    def _topic_is_known(self) -> Fact:
        known(self.topic, TOPICS, "topic")
        return self


class Cue(Part):
    """Something the patient says unasked, once, at its moment, that a good doctor takes up."""

    id: Slug
    kind: CueKind
    when: Annotated[str, Field(description="opening | closing | turn:N | topic:ID | fact:ID")]
    line: Text

    @model_validator(mode="after")
    def _moment_is_known(self) -> Cue:
        if not _MOMENT.match(self.when):
            raise ValueError(
                f"{self.when!r} is no moment; write opening, closing, turn:N, topic:ID or fact:ID"
            )
        if self.when.startswith("topic:"):
            known(self.when.removeprefix("topic:"), TOPICS, "topic")
        return self


class PatientPart(Part):
    """What the patient can know and say."""

    demographics: Demographics
    speaker: Speaker = Speaker()
    opening: Text = Field(description="the patient's first words")
    facts: list[Fact] = Field(
        description="what the patient can report; empty only where a source tells nothing"
    )
    cues: list[Cue] = Field(default_factory=list)
    ideas: str = Field(
        default="", description="what the patient thinks it is, as they would say it when asked"
    )
    concerns: str = Field(default="", description="what the patient fears, likewise")
    expectations: str = Field(default="", description="what the patient hopes for, likewise")
    persona: Persona = Persona()


class Finding(Part):
    """One examination or test and what it returns. `names` are its name and its aliases.

    `status` is `unstated` where a source gives a result and does not say whether it is normal.
    """

    id: Slug
    names: Annotated[list[Text], Field(min_length=1)]
    result: Text
    status: Literal["normal", "abnormal", "unstated"]


class Vitals(Part):
    """Vital signs, each with its unit, as the examiner reads them out. An empty one was not taken."""

    temperature: str = ""
    pulse: str = ""
    respiration: str = ""
    blood_pressure: str = ""
    oxygen_saturation: str = ""
    weight: str = ""
    height: str = ""


class ExaminerPart(Part):
    """What only an examination or a test returns."""

    vitals: Vitals = Vitals()
    examinations: list[Finding] = Field(default_factory=list)
    tests: list[Finding] = Field(default_factory=list)
    default: Literal["not_available", "normal"] = Field(
        default="not_available",
        description="what the examiner says about anything not listed; normal only where the author vouches for it",
    )


class Diagnosis(Part):
    """The reference diagnosis. `parent` is the broader disease that earns half marks.

    An empty `primary` means that the source names no diagnosis.
    """

    primary: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    synonyms: list[Text] = Field(default_factory=list)
    parent: list[Text] = Field(
        default_factory=list, description="right disease without its decisive qualifier, with synonyms"
    )


class RedFlag(Part):
    """A danger sign to ask for. `facts` are the facts, affirmed or denied, that answer it."""

    id: Slug
    label: Text
    facts: Annotated[list[Slug], Field(min_length=1)]


class Named(Part):
    """Something a doctor may order, by its name and aliases (`names[0]` is printed)."""

    names: Annotated[list[Text], Field(min_length=1)]


class TestPlan(Part):
    """Tests a good doctor orders, may order, and should not order."""

    must: list[Named] = Field(default_factory=list)
    acceptable: list[Named] = Field(default_factory=list)
    needless: list[Named] = Field(default_factory=list)


class Action(Part):
    """A key action of the plan. `match`: phrases, any of which shows that a text proposes it."""

    id: Slug
    action: Text
    match: Annotated[list[Text], Field(min_length=1)]


class Contraindication(Part):
    """Something that would harm this patient. `match`: phrases that name it (a drug, a procedure)."""

    id: Slug
    label: Text
    match: Annotated[list[Text], Field(min_length=1)]


class Term(Part):
    """A technical term the patient would not know, and how to say it plainly."""

    term: Text
    plain: Text


class JudgePart(Part):
    """What only the judge sees. An empty list means that the source does not tell."""

    diagnosis: Diagnosis
    differential: list[Named] = Field(default_factory=list)
    red_flags: list[RedFlag] = Field(default_factory=list)
    tests: TestPlan = TestPlan()
    plan: list[Action] = Field(default_factory=list)
    contraindications: list[Contraindication] = Field(default_factory=list)
    technical_terms: list[Term] = Field(default_factory=list)
    turn_band: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        description="doctor turns that a good consultation of this case takes, [least, most]"
    )
    not_applicable: list[str] = Field(
        default_factory=list, description="ids of rubric items that do not apply to this case"
    )


def _lines(value: object) -> object:
    """A block of text is a list of its lines."""
    if not isinstance(value, str):
        return value
    return [line for written in value.splitlines() if (line := written.strip())]


Lines = Annotated[list[Text], BeforeValidator(_lines, json_schema_input_type=str | list[str])]


class Questions(Part):
    """How doctors ask this patient, one question a line. The patient learns from them what a question means.

    Attributes:
        facts: the questions that a fact answers, by its id; several ids with spaces between them
            for a question that all of these facts answer.
        unrecorded: questions that a doctor may well ask and no fact answers.
    """

    facts: dict[str, Lines] = Field(default_factory=dict)
    unrecorded: Lines = Field(default_factory=list)


class Case(Part):
    """One clinical case. See the module's text; field by field in `dialogue-sim case schema`."""

    schema_: Literal["dialogue-sim/case/1"] = Field(alias="schema")
    id: Slug
    language: Language
    parallel: Slug | None = Field(
        default=None, description="id of the same case in the other language; its facts have the same ids"
    )
    title: Text = Field(description="for people who choose a case; must not give the diagnosis away")
    specialty: str
    urgency: Urgency
    complexity: Annotated[int, Field(ge=0, le=3, description="1 to 3; 0: not graded")]
    shapes: list[str] = Field(
        default_factory=list, description="what makes the case hard, from the vocabulary of shapes"
    )
    split: Literal["public", "private"] = "public"
    canary: str = Field(
        default="", description="a unique string by which a model trained on the case can be found out"
    )
    provenance: Provenance
    patient: PatientPart
    examiner: ExaminerPart
    judge: JudgePart
    questions: Questions = Field(
        default=Questions(),
        description="example questions, by the fact that answers them; a case without them is understood less well",
    )

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _hangs_together(self) -> Case:
        known(self.specialty, SPECIALTIES, "specialty")
        known(str(self.complexity), COMPLEXITIES, "complexity")
        for shape in self.shapes:
            known(shape, SHAPES, "shape")
        ids = [fact.id for fact in self.patient.facts]
        for kind, names in (
            ("fact", ids),
            ("cue", [cue.id for cue in self.patient.cues]),
            ("finding", [f.id for f in (*self.examiner.examinations, *self.examiner.tests)]),
            ("red flag", [flag.id for flag in self.judge.red_flags]),
            ("action", [action.id for action in self.judge.plan]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(
                    f"the {kind} id {twice[0]!r} stands twice; give each {kind} an id of its own"
                )
        for flag in self.judge.red_flags:
            for fact_id in flag.facts:
                known(fact_id, ids, f"fact (named by the red flag {flag.id!r})")
        for cue in self.patient.cues:
            if cue.when.startswith("fact:"):
                known(cue.when.removeprefix("fact:"), ids, f"fact (named by the cue {cue.id!r})")
        for key in self.questions.facts:
            for fact_id in key.split():
                known(fact_id, ids, f"fact (named in questions.facts: {key!r})")
        if self.judge.turn_band[0] > self.judge.turn_band[1]:
            raise ValueError("turn_band is [least, most], and least is larger than most")
        return self

    def fact(self, fact_id: str) -> Fact:
        """The fact with this id. Raises KeyError."""
        for fact in self.patient.facts:
            if fact.id == fact_id:
                return fact
        raise KeyError(fact_id)
