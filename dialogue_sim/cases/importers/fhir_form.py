"""The form that a FHIR bundle must have for the parts of it that are read.

Only shapes are checked here (what is a list, an object, a text, a number); anything else in a bundle may be as it likes.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

Text = Annotated[str, Field(max_length=1_000_000)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e15, le=1e15)]


class Coding(BaseModel):
    """One code of a concept."""

    code: Text = ""
    display: Text = ""


class Concept(BaseModel):
    """A CodeableConcept."""

    text: Text = ""
    coding: list[Coding] = []


Concepts = list[Concept] | Concept


class Reference(BaseModel):
    """A reference to another resource."""

    reference: Text = ""


class Quantity(BaseModel):
    """A measured value."""

    value: Number | None = None
    unit: Text = ""
    code: Text = ""
    comparator: Text = ""


class Range(BaseModel):
    """A reference range."""

    text: Text = ""
    low: Quantity | None = None
    high: Quantity | None = None


class Annotation(BaseModel):
    """A note, or a dosage in words."""

    text: Text = ""


class Measured(BaseModel):
    """What an observation and its components share."""

    code: Concept | None = None
    valueQuantity: Quantity | None = None
    valueCodeableConcept: Concept | None = None
    valueString: Text = ""
    referenceRange: list[Range] = []


class Reaction(BaseModel):
    """A reaction of an allergy."""

    severity: Text = ""
    manifestation: list[Concept] = []


class Period(BaseModel):
    """When an encounter was."""

    start: Any = None


class Ranked(BaseModel):
    """A diagnosis of an encounter."""

    condition: Reference | None = None
    rank: Number = 99


class Relative(BaseModel):
    """A condition of a relative."""

    code: Concept | None = None
    onsetAge: Quantity | None = None


class Contained(BaseModel):
    """A resource within a resource."""

    id: Text = ""
    code: Concept | None = None


class Resource(Measured):
    """What is read of a resource of any of the known types, but for `condition`, which families have."""

    resourceType: Text
    id: Text = ""
    status: Text = ""
    subject: Reference | None = None
    patient: Reference | None = None
    category: Concepts = []
    verificationStatus: Concept | None = None
    clinicalStatus: Concept | None = None
    interpretation: Concepts = []
    component: list[Measured] = []
    note: list[Annotation] = []
    reaction: list[Reaction] = []
    dosage: list[Annotation] = []
    contained: list[Contained] = []
    medicationReference: Reference | None = None
    medicationCodeableConcept: Concept | None = None
    relationship: Concept | None = None
    priority: Concepts = []
    reasonCode: list[Concept] = []
    diagnosis: list[Ranked] = []
    period: Period | None = None


class FamilyResource(Resource):
    """A FamilyMemberHistory."""

    condition: list[Relative] = []


class Entry(BaseModel):
    """An entry of a bundle."""

    resource: dict[str, Any] | None = None


class Bundle(BaseModel):
    """A bundle whose resources are checked one by one, each by its type."""

    entry: list[Entry] = []


def checked_resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a bundle as plain data, in order; what is null in them is left out, as FHIR has no null.

    Raises:
        ValidationError: a part that is read has another shape than FHIR R4 gives it.
    """
    resources = [
        entry.resource for entry in Bundle.model_validate(_without_nulls(bundle)).entry if entry.resource
    ]
    for resource in resources:
        family = resource.get("resourceType") == "FamilyMemberHistory"
        (FamilyResource if family else Resource).model_validate(resource)
    return resources


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
