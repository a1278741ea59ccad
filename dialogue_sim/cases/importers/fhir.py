"""FHIR R4 bundles: Patient, Condition, Observation, AllergyIntolerance, MedicationStatement, FamilyMemberHistory.

One case for each patient. Names, addresses, telephone numbers and identifiers of the bundle are not
taken over. `refuted`, `not-taken` and `false` are denials; `entered-in-error` is left out and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from dialogue_sim.cases.importers.building import Builder, ImportedCase, Source
from dialogue_sim.cases.importers.fhir_form import checked_resources
from dialogue_sim.cases.importers.mapping import topic_of, wording
from dialogue_sim.cases.importers.people import Person, Sex, Unit
from dialogue_sim.cases.importers.rows import ImportFileError, Row
from dialogue_sim.cases.importers.statements import Statement
from dialogue_sim.cases.lint.text import CJK
from dialogue_sim.cases.model import Language, Speaker, Status

SOURCE = Source("FHIR R4 bundle", "LicenseRef-not-stated", "not stated")
_WRONG = {"entered-in-error", "cancelled"}
_VITAL_CODES = {
    "8310-5": "temperature", "8331-1": "temperature", "8867-4": "pulse", "9279-1": "respiration",
    "2708-6": "oxygen_saturation", "59408-5": "oxygen_saturation", "29463-7": "weight", "3141-9": "weight", "8302-2": "height",
}  # fmt: skip
_PRESSURE_CODES = {"85354-9", "55284-4"}
_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
_SMOKING_CODES = {"72166-2", "11367-0"}
_NEVER = {"266919005", "228150001", "160618006"}
_NO_ALLERGY = {"716186003", "409137002", "428607008", "429625007"}
_NORMAL_CODES, _ABNORMAL_CODES = (
    {"N", "NEG", "ND"},
    {"A", "AA", "H", "HH", "HU", "L", "LL", "LU", "POS", "DET", "U", "D"},
)
_PRIORITY = {"EM": "emergency", "UR": "urgent", "A": "urgent", "R": "routine", "EL": "routine"}
_ADULT = 6
_IDENTIFYING = {"name", "telecom", "address", "identifier", "photo", "contact", "text"}

Resource = dict[str, Any]


def cases(row: Row) -> list[ImportedCase]:
    """The case of every patient of one bundle."""
    if row.data.get("resourceType") != "Bundle":
        raise ImportFileError("is no FHIR Bundle", where=row.where)
    resources = checked_resources(row.data)
    patients = [resource for resource in resources if resource.get("resourceType") == "Patient"]
    if not patients:
        raise ImportFileError("the bundle holds no Patient", where=row.where)
    return [
        _case(row, patient, [r for r in resources if _is_of(r, patient, alone=len(patients) == 1)])
        for patient in patients
    ]


def _is_of(resource: Resource, patient: Resource, *, alone: bool) -> bool:
    if resource is patient or resource.get("resourceType") == "Patient":
        return False
    reference = (resource.get("subject") or resource.get("patient") or {}).get("reference", "")
    return reference.rpartition("/")[2].removeprefix("urn:uuid:") == patient.get("id") if reference else alone


def _case(row: Row, patient: Resource, resources: list[Resource]) -> ImportedCase:
    language: Language = "zh" if any(CJK.search(_label(r.get("code"))) for r in resources) else "en"
    person = _person(patient, resources)
    identity = str(patient.get("id") or row.digest)
    stem = row._replace(data={"patient": identity}).digest[:10]
    builder = Builder(SOURCE, row, f"{language}-fhir-{stem}", language, person)
    reader = _Reader(builder, {f"{r.get('resourceType')}/{r.get('id')}": r for r in resources})
    if _IDENTIFYING & patient.keys():
        builder.warn("identifiers_left_out", "names, addresses, numbers of the Patient resource")
    reader.conditions([r for r in resources if r.get("resourceType") == "Condition"], resources)
    for resource in resources:
        reader.read(resource)
    reader.opening(resources)
    bare = {key: value for key, value in patient.items() if key not in _IDENTIFYING}
    record = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in (bare, *resources)]}
    return builder.build()._replace(record=record)


def _person(patient: Resource, resources: list[Resource]) -> Person:
    sex: Sex = {"male": "male", "female": "female", "other": "other"}.get(
        str(patient.get("gender")), "not_recorded"
    )  # type: ignore[assignment]
    age, unit = _age(_day(patient.get("birthDate")), _last_day(resources))
    small = age is not None and (unit != "year" or age < _ADULT)
    return Person(age, unit, sex, Speaker(who="companion" if small else "self"), not small)


def _age(born: date | None, seen: date | None) -> tuple[int | None, Unit]:
    if born is None or seen is None or seen < born:
        return None, "year"
    years = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    months = (seen.year - born.year) * 12 + seen.month - born.month - (seen.day < born.day)
    if years >= 2:
        return (years, "year") if years <= 120 else (None, "year")
    return (months, "month") if months >= 1 else ((seen - born).days, "day")


def _last_day(resources: list[Resource]) -> date | None:
    keys = (
        "effectiveDateTime",
        "recordedDate",
        "onsetDateTime",
        "authoredOn",
        "issued",
        "dateAsserted",
        "date",
    )
    days = [_day(resource.get(key)) for resource in resources for key in keys]
    days += [_day((resource.get("period") or {}).get("start")) for resource in resources]
    return max((day for day in days if day), default=None)


def _day(text: Any) -> date | None:
    if not isinstance(text, str) or len(text) < 4:
        return None
    year, month, day = [*text[:10].split("-"), "1", "1"][:3]
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


class _Reader:
    """Reads the resources of one patient into a case."""

    def __init__(self, builder: Builder, index: dict[str, Resource]) -> None:
        self._builder, self._index = builder, index
        self._words = wording(builder.language)

    def read(self, resource: Resource) -> None:
        """One resource; a type that has no place in a case is counted."""
        readers: dict[str, Callable[[Resource], None]] = {
            "Observation": self._observation, "AllergyIntolerance": self._allergy, "MedicationStatement": self._medication,
            "FamilyMemberHistory": self._family, "Encounter": self._encounter,
        }  # fmt: skip
        kind = str(resource.get("resourceType"))
        if kind == "Condition" or kind == "Medication":
            return
        if resource.get("status") in _WRONG:
            self._builder.warn("entered_in_error", f"{kind}/{resource.get('id', '')}")
        elif kind in readers:
            readers[kind](resource)
        else:
            self._builder.warn(f"not_imported:{kind}", str(resource.get("id", "")))

    def conditions(self, conditions: list[Resource], resources: list[Resource]) -> None:
        """The encounter's diagnosis becomes the reference; other conditions are the patient's past."""
        ranked = [
            str((one.get("condition") or {}).get("reference", "")).rpartition("/")[2]
            for encounter in resources if encounter.get("resourceType") == "Encounter"
            for one in sorted(encounter.get("diagnosis", []), key=lambda one: one.get("rank", 99))
        ]  # fmt: skip
        conditions = sorted(
            conditions, key=lambda c: ranked.index(str(c.get("id"))) if c.get("id") in ranked else len(ranked)
        )
        for condition in conditions:
            name, verification = _label(condition.get("code")), _code(condition.get("verificationStatus"))
            if verification == "entered-in-error":
                self._builder.warn("entered_in_error", f"Condition/{condition.get('id', '')}")
            elif not name:
                self._builder.warn("without_text", f"Condition/{condition.get('id', '')}")
            elif _has_code(condition.get("category"), "encounter-diagnosis") or condition.get("id") in ranked:
                self._diagnosis(name, verification)
        for condition in conditions:
            name, verification = _label(condition.get("code")), _code(condition.get("verificationStatus"))
            current = (
                _has_code(condition.get("category"), "encounter-diagnosis") or condition.get("id") in ranked
            )
            if name and verification != "entered-in-error" and not current:
                self._past(name, verification, _code(condition.get("clinicalStatus")))

    def _diagnosis(self, name: str, verification: str) -> None:
        if verification in {"provisional", "differential", "unconfirmed"}:
            self._builder.differential.append(name)
        elif verification == "refuted":
            self._builder.note(f"refuted: {name}")
            self._builder.warn("refuted_diagnosis", name)
        elif not self._builder.diagnosis.primary:
            self._builder.diagnosed(name)
        else:
            self._builder.warn("further_diagnosis", name)
            self._builder.note(f"further diagnosis: {name}")

    def _past(self, name: str, verification: str, clinical: str) -> None:
        status: Status = "denied" if verification == "refuted" else "affirmed"
        ended = f" ({clinical})" if clinical in {"resolved", "inactive", "remission"} else ""
        self._say(name, status, "history.past", "has", record=name + ended)

    def _say(
        self, what: str, status: Status, topic: str, phrase: str, *, record: str = "", who: str = ""
    ) -> None:
        spoken = what if what[:2].isupper() else what[:1].lower() + what[1:]
        key = phrase if status == "affirmed" else f"{phrase}_denied"
        say = self._words[key].format(what=spoken.rstrip(". "), who=who)
        self._builder.fact(Statement(record or what, status), topic=topic, say=say)

    def _allergy(self, allergy: Resource) -> None:
        name, verification = _label(allergy.get("code")), _code(allergy.get("verificationStatus"))
        if verification == "entered-in-error":
            self._builder.warn("entered_in_error", f"AllergyIntolerance/{allergy.get('id', '')}")
            return
        if _codes(allergy.get("code")) & _NO_ALLERGY or name.lower().startswith(
            ("no known", "no ", "无", "否认")
        ):
            self._builder.fact(Statement(name, "denied"), topic="history.allergy")
            return
        reactions = [_label(m) for r in allergy.get("reaction", []) for m in r.get("manifestation", [])]
        grade = [r["severity"] for r in allergy.get("reaction", []) if r.get("severity")]
        detail = ", ".join([*reactions, *grade])
        record = f"{name} ({detail})" if detail else name
        self._say(
            name,
            "denied" if verification == "refuted" else "affirmed",
            "history.allergy",
            "allergic",
            record=record,
        )

    def _medication(self, statement: Resource) -> None:
        reference = (statement.get("medicationReference") or {}).get("reference", "")
        contained = {f"#{c.get('id')}": c for c in statement.get("contained", [])}
        referred = contained.get(reference) or self._index.get(reference) or {}
        name = _label(statement.get("medicationCodeableConcept")) or _label(referred.get("code"))
        status = str(statement.get("status"))
        if not name or status == "unknown":
            self._builder.warn(
                "source_silent", f"MedicationStatement/{statement.get('id', '')} {name}".strip()
            )
            return
        dose = next((d["text"] for d in statement.get("dosage", []) if d.get("text")), "")
        ended = f" ({status})" if status in {"completed", "stopped", "on-hold", "intended"} else ""
        record = f"{name}{' ' + dose if dose else ''}{ended}"
        self._say(
            name, "denied" if status == "not-taken" else "affirmed", "history.drug", "takes", record=record
        )

    def _family(self, history: Resource) -> None:
        who = _label(history.get("relationship")) or "relative"
        if history.get("status") == "health-unknown" or (
            history.get("dataAbsentReason") and not history.get("condition")
        ):
            self._builder.warn("source_silent", f"FamilyMemberHistory: {who}")
            return
        for condition in history.get("condition", []):
            what = _label(condition.get("code"))
            onset = (condition.get("onsetAge") or {}).get("value")
            if what:
                record = f"{who}: {what}{f' ({onset:g})' if isinstance(onset, int | float) else ''}"
                denied = what.lower().startswith(("no ", "无", "否认"))
                self._say(
                    what,
                    "denied" if denied else "affirmed",
                    "history.family",
                    "family",
                    record=record,
                    who=who.lower(),
                )

    def _encounter(self, encounter: Resource) -> None:
        urgency = next((u for code in _codes(encounter.get("priority")) if (u := _PRIORITY.get(code))), None)
        if urgency:
            self._builder.urgency = urgency  # type: ignore[assignment]

    def opening(self, resources: list[Resource]) -> None:
        """The encounter's reason is what the patient says first, where it is recorded and is not the diagnosis."""
        reasons = [
            _label(reason) for encounter in resources if encounter.get("resourceType") == "Encounter"
            for reason in encounter.get("reasonCode", [])
        ]  # fmt: skip
        for reason in (reason for reason in reasons if reason):
            self._builder.felt(reason, disclosure="opening")
        if not any(fact.disclosure == "opening" for fact in self._builder.facts):
            self._builder.warn("not_recorded:opening", "")
            small = self._builder.person.speaker.who == "companion"
            self._builder.opening = self._words["opening_companion_unknown" if small else "opening_unknown"]

    def _observation(self, observation: Resource) -> None:
        name, codes = _label(observation.get("code")), _codes(observation.get("code"))
        value = _value(observation)
        if not value:
            self._builder.warn("source_silent", f"Observation: {name}")
        elif codes & _PRESSURE_CODES:
            self._pressure(observation)
        elif vital := next((_VITAL_CODES[code] for code in codes if code in _VITAL_CODES), ""):
            self._builder.vital(vital, value)
        elif codes & _SMOKING_CODES:
            never = _codes(observation.get("valueCodeableConcept")) & _NEVER or "never" in value.lower()
            self._builder.fact(Statement(value, "denied" if never else "affirmed"), topic="social.smoking")
        elif _has_code(observation.get("category"), "social-history"):
            self._fact_of(observation, name, value, ("social.",))
        elif isinstance(observation.get("valueBoolean"), bool) and not _has_code(
            observation.get("category"), "laboratory"
        ):
            self._fact_of(observation, name, value, ("ros.", "general.", "hpi."))
        else:
            exam = _has_code(observation.get("category"), "exam")
            status = _interpretation(observation)
            self._builder.found("examinations" if exam else "tests", name, value, status=status)

    def _fact_of(self, observation: Resource, name: str, value: str, prefer: tuple[str, ...]) -> None:
        truth = observation.get("valueBoolean")
        if isinstance(truth, bool):
            topic = topic_of(name, self._builder.language, prefer=prefer) or ""
            self._say(name, "affirmed" if truth else "denied", topic, "has")
        else:
            self._builder.told(f"{name}: {value}", prefer=prefer, default="social.living")

    def _pressure(self, observation: Resource) -> None:
        parts = {
            code: component.get("valueQuantity", {})
            for component in observation.get("component", []) for code in _codes(component.get("code"))
        }  # fmt: skip
        upper, lower = parts.get(_SYSTOLIC, {}).get("value"), parts.get(_DIASTOLIC, {}).get("value")
        if upper is None or lower is None:
            self._builder.warn("source_silent", "Observation: blood pressure")
        else:
            self._builder.vital("blood_pressure", f"{upper:g}/{lower:g} mmHg")


def _label(concept: Any) -> str:
    """The text of a CodeableConcept: its own text, else the first display."""
    if not isinstance(concept, dict):
        return ""
    display = next((c["display"] for c in concept.get("coding", []) if c.get("display")), "")
    return str(concept.get("text") or display).strip()


def _codings(concept: Any) -> Iterator[Resource]:
    for one in concept if isinstance(concept, list) else [concept]:
        if isinstance(one, dict):
            yield from one.get("coding", [])


def _codes(concept: Any) -> set[str]:
    return {str(coding.get("code")) for coding in _codings(concept)}


def _code(concept: Any) -> str:
    return next((str(coding["code"]) for coding in _codings(concept) if coding.get("code")), "")


def _has_code(concept: Any, code: str) -> bool:
    return code in _codes(concept)


def _value(observation: Resource) -> str:
    """An observation's value in words, with unit and reference range; empty when it gives none."""
    parts = [_one_value(observation)]
    for component in observation.get("component", []):
        if inner := _one_value(component):
            parts.append(f"{_label(component.get('code'))}: {inner}")
    parts += [note["text"] for note in observation.get("note", []) if note.get("text")]
    return "; ".join(part for part in parts if part)


def _one_value(holder: Resource) -> str:
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict) and quantity.get("value") is not None:
        text = f"{quantity.get('comparator', '')}{quantity['value']:g} {quantity.get('unit') or quantity.get('code') or ''}".strip()
        return text + _range(holder)
    for key in ("valueString", "valueInteger", "valueDateTime", "valueBoolean"):
        if holder.get(key) is not None:
            return str(holder[key])
    return _label(holder.get("valueCodeableConcept"))


def _range(holder: Resource) -> str:
    for reference in holder.get("referenceRange", []):
        if reference.get("text"):
            return f" ({reference['text']})"
        low, high = (reference.get("low") or {}).get("value"), (reference.get("high") or {}).get("value")
        if low is not None or high is not None:
            return f" ({'' if low is None else format(low, 'g')}–{'' if high is None else format(high, 'g')})"
    return ""


def _interpretation(observation: Resource) -> Any:
    """Normal or abnormal as the observation itself says it, by code or by its reference range; None when it does not."""
    codes = _codes(observation.get("interpretation"))
    if codes & _ABNORMAL_CODES:
        return "abnormal"
    if codes & _NORMAL_CODES:
        return "normal"
    value = (observation.get("valueQuantity") or {}).get("value")
    for reference in observation.get("referenceRange", []):
        low, high = (reference.get("low") or {}).get("value"), (reference.get("high") or {}).get("value")
        if value is not None and (low is not None or high is not None):
            inside = (low is None or value >= low) and (high is None or value <= high)
            return "normal" if inside else "abnormal"
    return None
