"""From the answers of an interview to a case, and what the answers still lack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dialogue_sim.authoring.answers import Answers
from dialogue_sim.authoring.steps import STEPS
from dialogue_sim.authoring.wording import table
from dialogue_sim.cases.gaps import gaps
from dialogue_sim.cases.lint import RULES
from dialogue_sim.cases.lint.finding import Raw
from dialogue_sim.cases.model import SCHEMA, Case

_WANTED = (
    "title", "specialty", "urgency", "complexity", "age", "sex", "opening", "facts_illness", "facts_symptoms", "facts_history",
    "opening_facts", "critical", "ideas", "concerns", "expectations", "cues", "vitals", "examinations", "tests", "diagnosis",
    "differential", "red_flags", "must", "plan", "terms", "basis",
)  # fmt: skip
_BAND = ["8", "20"]
_UNTOLD = "E2"
_LICENCES = {"synthetic": "Apache-2.0", "record": "LicenseRef-private"}


def lacking(answers: Answers) -> list[str]:
    """Names of the steps that a complete case answers and this one does not, in order."""
    return [
        step.name
        for step in STEPS
        if step.name in _WANTED and not step.unless(answers) and not answers.given.get(step.name)
    ]


def assemble(answers: Answers) -> Case:
    """The case that the answers make. What was not answered is marked not recorded.

    Raises:
        pydantic.ValidationError: title or opening are missing, or an answer cannot stand in a case.
    """
    case = Case.model_validate(_plain(answers, []))
    items = {item for gap in gaps(case) for item in gap.items}
    if not answers.given.get("turn_band"):
        items.add(_UNTOLD)
    return Case.model_validate(_plain(answers, sorted(items)))


def plain_findings(case: Case) -> Iterator[tuple[str, str]]:
    """What the linter finds, as (severity, sentence in the case's language) for somebody who never saw the file."""
    language = case.language
    for name, rule in RULES.items():
        told: set[str] = set()
        for raw in rule(case):
            part = raw.what.removeprefix("not recorded: ")
            words = table()["parts"].get(part, {}).get(language, part)
            sentence = _place(case, raw) + table()["plain"][name][language].format(part=words)
            if sentence not in told:
                told.add(sentence)
                yield raw.severity, sentence


def _place(case: Case, raw: Raw) -> str:
    at = raw.at
    if at[:2] == ("patient", "facts") and len(at) > 2 and isinstance(at[2], int):
        number = at[2]
        say = case.patient.facts[number].say
        found: str = table()["in_fact"][case.language]
        return found.format(number=number + 1, say=say)
    return ""


def _plain(answers: Answers, not_applicable: list[str]) -> dict[str, Any]:
    given, source = answers.given, str(answers.given.get("source") or "record")
    return {
        "schema": SCHEMA,
        "id": answers.case_id,
        "language": answers.language,
        "title": given.get("title") or "",
        "specialty": given.get("specialty") or "not_recorded",
        "urgency": given.get("urgency") or "not_recorded",
        "complexity": given.get("complexity") or "0",
        "split": given.get("split") or "private",
        "provenance": {
            "source": "synthetic" if source == "synthetic" else "record",
            "basis": given.get("basis") or [],
            "licence": given.get("licence") or _LICENCES[source],
            "author": given.get("author") or "anonymous",
            "review": "none",
            "note": table()["notes"][source][answers.language],
        },
        "patient": _patient(answers),
        "examiner": {
            "vitals": given.get("vitals") or {},
            **{kind: _findings(kind, given.get(kind) or []) for kind in ("examinations", "tests")},
        },
        "judge": _judge(answers, not_applicable),
    }


def _patient(answers: Answers) -> dict[str, Any]:
    given = answers.given
    who = {"sex": given.get("sex") or "not_recorded", **(given.get("age") or {})}
    return {
        "demographics": {**who, "occupation": given.get("occupation") or "", "name": given.get("name") or ""},
        "speaker": {"who": given.get("speaker") or "self", "relation": given.get("relation") or ""},
        "opening": given.get("opening") or "",
        "facts": _facts(answers),
        "cues": [{"id": f"cue-{n}", **cue} for n, cue in enumerate(given.get("cues") or [], 1)],
        **{view: given.get(view) or "" for view in ("ideas", "concerns", "expectations")},
        "persona": {"personality": given.get("personality") or "plain"},
    }


def fact_ids(answers: Answers) -> dict[str, str]:
    """The id of every fact by its number: the last part of the topic, told apart by a count."""
    ids: dict[str, str] = {}
    for fact in answers.facts:
        stem = fact["topic"].partition(".")[2]
        count = sum(re.fullmatch(rf"{stem}(-\d+)?", one) is not None for one in ids.values())
        ids[fact["number"]] = stem if not count else f"{stem}-{count + 1}"
    return ids


def _facts(answers: Answers) -> list[dict[str, Any]]:
    critical, first, probe = (answers.numbers(step) for step in ("critical", "opening_facts", "probe"))
    words = {entry["fact"]: entry["ask"] for entry in answers.given.get("probe_words") or []}
    ids, facts = fact_ids(answers), []
    for entry in answers.facts:
        number = entry["number"]
        fact = {key: value for key, value in entry.items() if key != "number"}
        told = "opening" if number in first else "on_probe" if number in probe else "on_ask"
        facts.append(
            {
                "id": ids[number],
                **fact,
                "critical": number in critical,
                "disclosure": told,
                "ask": words.get(number, []),
            }
        )
    return facts


def _findings(kind: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": f"{kind[:4]}-{number}", **entry} for number, entry in enumerate(entries, 1)]


def _judge(answers: Answers, not_applicable: list[str]) -> dict[str, Any]:
    given, ids = answers.given, fact_ids(answers)
    return {
        "diagnosis": {
            "primary": given.get("diagnosis") or "",
            "synonyms": given.get("synonyms") or [],
            "parent": given.get("parent") or [],
        },
        "differential": [{"names": names} for names in given.get("differential") or []],
        "red_flags": [
            {
                "id": f"flag-{n}",
                "label": flag["label"],
                "facts": [ids[number] for number in flag["facts"] if number in ids],
            }
            for n, flag in enumerate(given.get("red_flags") or [], 1)
            if ids.keys() & set(flag["facts"])
        ],
        "tests": {
            kind: [{"names": names} for names in given.get(kind) or []]
            for kind in ("must", "acceptable", "needless")
        },
        "plan": [
            {"id": f"plan-{n}", "action": entry["what"], "match": entry["match"]}
            for n, entry in enumerate(given.get("plan") or [], 1)
        ],
        "contraindications": [
            {"id": f"harm-{n}", "label": entry["what"], "match": entry["match"]}
            for n, entry in enumerate(given.get("contraindications") or [], 1)
        ],
        "technical_terms": given.get("terms") or [],
        "turn_band": given.get("turn_band") or _BAND,
        "not_applicable": not_applicable,
    }
