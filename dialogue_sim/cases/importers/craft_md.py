"""CRAFT-MD's case vignettes: a paragraph, four choices, the diagnosis (`usmle_public_dermatology_public.csv`)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from dialogue_sim.cases.importers.building import Builder, ImportedCase, Source
from dialogue_sim.cases.importers.people import person_in
from dialogue_sim.cases.importers.questions import specialty_of
from dialogue_sim.cases.importers.rows import Row

SOURCE = Source("CRAFT-MD", "MIT", "rajpurkarlab/craft-md")


class CraftMdRow(BaseModel):
    """A row of the CSV."""

    model_config = ConfigDict(extra="allow")

    case_id: str
    case_vignette: str
    answer: str
    category: str = ""
    choice_1: str = ""
    choice_2: str = ""
    choice_3: str = ""
    choice_4: str = ""


def cases(row: Row) -> list[ImportedCase]:
    """The case of one row."""
    record = CraftMdRow.model_validate(row.data)
    person = person_in(record.case_vignette, "en")
    builder = Builder(SOURCE, row, f"en-craft-md-{record.case_id.replace('_', '-').lower()}", "en", person)
    builder.specialty = specialty_of([record.category])
    builder.diagnosed(record.answer)
    choices = (record.choice_1, record.choice_2, record.choice_3, record.choice_4)
    builder.differential = [choice for choice in choices if choice and choice != record.answer]
    builder.note(f"Vignette: {record.case_vignette}")
    builder.narrative(record.case_vignette)
    return [builder.build()]
