"""AgentClinic's OSCE cases: patient actor, examination findings, test results, correct diagnosis."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases.importers.building import Builder, ImportedCase, Source
from dialogue_sim.cases.importers.people import person_in
from dialogue_sim.cases.importers.rows import Row
from dialogue_sim.cases.importers.statements import Statement, is_silent, statements

SOURCE = Source("AgentClinic", "MIT", "SamuelSchmidgall/AgentClinic")
_VITALS = {
    "temperature": "temperature", "blood_pressure": "blood_pressure", "heart_rate": "pulse", "pulse": "pulse",
    "pulse_rate": "pulse", "respiratory_rate": "respiration", "respiration": "respiration",
    "respirations": "respiration", "oxygen_saturation": "oxygen_saturation", "weight": "weight", "height": "height",
}  # fmt: skip


class Symptoms(BaseModel):
    """What the actor complains of."""

    Primary_Symptom: str
    Secondary_Symptoms: list[str] = Field(default_factory=list)


class PatientActor(BaseModel):
    """What the actor knows. Unknown sections are kept in `model_extra`."""

    model_config = ConfigDict(extra="allow")

    Demographics: str
    History: str
    Symptoms: Symptoms
    Past_Medical_History: str | list[str] = ""
    Social_History: str = ""
    Review_of_Systems: str = ""


class Osce(BaseModel):
    """One station."""

    Objective_for_Doctor: str = ""
    Patient_Actor: PatientActor
    Physical_Examination_Findings: dict[str, Any] = Field(default_factory=dict)
    Test_Results: dict[str, Any] = Field(default_factory=dict)
    Correct_Diagnosis: str


class AgentClinicRow(BaseModel):
    """A line of `agentclinic_*.jsonl`."""

    OSCE_Examination: Osce


def cases(row: Row) -> list[ImportedCase]:
    """The case of one line."""
    osce = AgentClinicRow.model_validate(row.data).OSCE_Examination
    actor = osce.Patient_Actor
    person = person_in(f"{actor.Demographics}. {actor.History}", "en", age=actor.Demographics)
    builder = Builder(SOURCE, row, f"en-agentclinic-{row.digest[:8]}", "en", person)
    builder.diagnosed(osce.Correct_Diagnosis)
    builder.title = _title(osce.Objective_for_Doctor)
    builder.note(f"Objective: {osce.Objective_for_Doctor}")
    builder.felt(actor.Symptoms.Primary_Symptom, disclosure="opening")
    for symptom in actor.Symptoms.Secondary_Symptoms:
        builder.felt(symptom)
    builder.narrative(actor.History)
    builder.narrative(actor.Review_of_Systems, prefer=("ros.", "general."))
    past = actor.Past_Medical_History
    builder.told(
        past if isinstance(past, str) else ". ".join(past),
        prefer=("history.", "gyn."),
        default="history.past",
    )
    builder.told(actor.Social_History, prefer=("social.",), default="social.living")
    for section, content in (actor.model_extra or {}).items():
        _section(builder, section, content)
    _examination(builder, osce.Physical_Examination_Findings)
    _results(builder, "tests", "", osce.Test_Results)
    return [builder.build()]


def _title(objective: str) -> str:
    found = re.search(
        r"\b(?:patient|child|infant|man|woman|newborn)\b.*?\b(?:presenting )?(?:with|for|because of)\s+(.+?)\.?$",
        objective,
    )
    return found[1][:1].upper() + found[1][1:] if found else ""


def _section(builder: Builder, name: str, content: Any) -> None:
    drug, allergy, family = ("medication" in name.lower(), "allerg" in name.lower(), "family" in name.lower())
    topic = "history.drug" if drug else "history.allergy" if allergy else "history.family" if family else ""
    lines = content if isinstance(content, list) else [content]
    for line in lines:
        text = line if isinstance(line, str) else _flat(line)
        for statement in statements(text, "en"):
            say = (
                f"I take {statement.text}."
                if drug and statement.status == "affirmed" and " " not in statement.text
                else ""
            )
            builder.fact(
                Statement(statement.text, statement.status), topic=topic, say=say, default="history.past"
            )


def _examination(builder: Builder, findings: dict[str, Any]) -> None:
    for name, content in findings.items():
        if name.lower().startswith("vital"):
            _vitals(builder, content)
        else:
            _results(builder, "examinations", _words(name), content)


def _vitals(builder: Builder, content: Any) -> None:
    if not isinstance(content, dict):
        builder.measured(str(content))
        return
    for name, value in content.items():
        field = _VITALS.get(name.lower().strip())
        text = value if isinstance(value, str) else _flat(value)
        if field:
            builder.vital(field, text)
        else:
            builder.found("examinations", _words(name), text)


def _results(builder: Builder, kind: Literal["examinations", "tests"], name: str, content: Any) -> None:
    """A group of plain values is one finding; a group of groups is several."""
    if not isinstance(content, dict):
        builder.found(kind, name or "Examination", content if isinstance(content, str) else _flat(content))
        return
    plain = {key: value for key, value in content.items() if not isinstance(value, dict)}
    for key in [key for key, value in plain.items() if is_silent(_flat(value), "en")]:
        builder.warn("source_silent", f"{name}: {_words(key)}: {_flat(plain.pop(key))}")
    if name and plain:
        lines = [
            str(v)
            if k.lower() in {"findings", "finding", "result", "results"}
            else f"{_words(k)}: {_flat(v)}"
            for k, v in plain.items()
        ]
        builder.found(kind, name, "\n".join(line.rstrip(". ") + "." for line in lines))
        plain = {}
    for key, value in content.items():
        if isinstance(value, dict) or key in plain:
            _results(builder, kind, _words(key), value)


def _flat(content: Any) -> str:
    if isinstance(content, dict):
        return "; ".join(f"{_words(key)}: {_flat(value)}" for key, value in content.items())
    if isinstance(content, list):
        return ", ".join(_flat(one) for one in content)
    return str(content)


def _words(key: str) -> str:
    text = key.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
