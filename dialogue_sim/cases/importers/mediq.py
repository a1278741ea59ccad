"""MediQ's cases: a vignette as sentences and as atomic facts, a question with options, an answer."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases.importers.building import Builder, ImportedCase, Source
from dialogue_sim.cases.importers.people import person_in
from dialogue_sim.cases.importers.questions import answered, specialty_of
from dialogue_sim.cases.importers.routing import Route, route_of
from dialogue_sim.cases.importers.rows import Row
from dialogue_sim.cases.lint.text import likeness

SOURCE = Source("MediQ", "CC-BY-4.0", "stellalisy/mediQ")
_NUMBER = re.compile(r"^\s*\d+\.\s*")


class PatientNote(BaseModel):
    """What MediQ derived of the patient."""

    model_config = ConfigDict(extra="allow")

    age: str = ""
    gender: str = ""
    specialties: list[str] = Field(default_factory=list)


class MediQRow(BaseModel):
    """A line of `all_dev_convo.jsonl` (iMedQA) or `all_craft_md.jsonl` (iCRAFT-MD)."""

    model_config = ConfigDict(extra="allow")

    id: int | str
    question: str
    context: list[str] = Field(min_length=1)
    options: dict[str, str]
    answer: str
    facts: list[str] = Field(default_factory=list)
    patient: PatientNote = PatientNote()


def cases(row: Row) -> list[ImportedCase]:
    """The case of one line."""
    record = MediQRow.model_validate(row.data)
    vignette = " ".join(sentence.rstrip(". ") + "." for sentence in record.context)
    person = person_in(f"{record.patient.gender}. {vignette}", "en", age=record.patient.age)
    if person.age is None:
        person = person_in(f"{record.patient.gender}. {vignette}", "en")
    kind = "imedqa" if "context_len" in row.data else "icraftmd"
    builder = Builder(SOURCE, row, f"en-mediq-{kind}-{record.id}", "en", person)
    builder.specialty = specialty_of(record.patient.specialties)
    answered(builder, record.question, record.answer, list(record.options.values()))
    routes = [(sentence, route_of(sentence, "en")) for sentence in record.context]
    for fact in record.facts or record.context:
        text = _NUMBER.sub("", fact).strip()
        builder.sentence(text, _route(text, routes))
    for sentence, route in routes:
        if route == "vitals":
            builder.measured(sentence)
    builder.note(f"Vignette: {vignette}")
    return [builder.build()]


def _route(fact: str, routes: list[tuple[str, Route]]) -> Route:
    """A fact goes where its words say, else where the sentence goes that it was cut from."""
    own = route_of(fact, "en")
    if own != "patient":
        return own
    sentence, route = max(routes, key=lambda pair: _cover(fact, pair[0]))
    return route if route != "vitals" and _cover(fact, sentence) > 0 else "patient"


def _cover(fact: str, sentence: str) -> float:
    words = set(re.findall(r"[a-z]{4,}", fact.lower()))
    return (
        len(words & set(re.findall(r"[a-z]{4,}", sentence.lower()))) / len(words)
        if words
        else likeness(fact, sentence)
    )
