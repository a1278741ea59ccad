"""Puts one imported case together, and keeps account of what the source did not give.

Every piece of the source's text goes into the case, into its provenance note, or into a warning; none
vanishes. What names the diagnosis is kept from patient and examiner and told in a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from dialogue_sim.cases import deidentify
from dialogue_sim.cases.gaps import gaps
from dialogue_sim.cases.importers.mapping import FALLBACK, topic_of, wording
from dialogue_sim.cases.importers.people import Person, bare_person
from dialogue_sim.cases.importers.results import status_of
from dialogue_sim.cases.importers.routing import Route, route_of, test_named
from dialogue_sim.cases.importers.rows import Row
from dialogue_sim.cases.importers.speech import said
from dialogue_sim.cases.importers.statements import Statement, sentences, statements
from dialogue_sim.cases.importers.vitals import is_vitals, vitals_in
from dialogue_sim.cases.lint.text import mentions
from dialogue_sim.cases.model import (
    SCHEMA,
    Action,
    Case,
    Contraindication,
    Diagnosis,
    Disclosure,
    ExaminerPart,
    Fact,
    Finding,
    JudgePart,
    Language,
    Named,
    PatientPart,
    Provenance,
    Status,
    TestPlan,
    Urgency,
    Vitals,
)
from dialogue_sim.cases.views import registration

BAND = (8, 20)
"""Doctor turns assumed where a source tells none; the item that needs them (E2) is not applied."""

_LONGEST = 1900
_TITLE = 80


class Source(NamedTuple):
    """A data set: its name, licence (SPDX) and author, carried into every case."""

    name: str
    licence: str
    author: str


class ImportWarning(NamedTuple):
    """Something a reader of the imported case has to know. `kind` is one word, for counting."""

    kind: str
    detail: str


class ImportedCase(NamedTuple):
    """One case, what is to be known about it, and the record it was made from."""

    case: Case
    warnings: list[ImportWarning]
    where: str
    record: dict[str, Any]


class Builder:
    """Collects the parts of one case."""

    def __init__(self, source: Source, row: Row, case_id: str, language: Language, person: Person) -> None:
        self._source, self._row, self._id, self.language, self.person = source, row, case_id, language, person
        self.specialty = "not_recorded"
        self.urgency: Urgency = "not_recorded"
        self.diagnosis = Diagnosis()
        self.differential: list[str] = []
        self.plan: list[Action] = []
        self.must: list[str] = []
        self.contraindications: list[Contraindication] = []
        self.title = ""
        self.opening = ""
        self.warnings: list[ImportWarning] = []
        self._facts: list[Fact] = []
        self._findings: dict[str, list[tuple[str, str]]] = {"examinations": [], "tests": []}
        self._statuses: dict[str, Literal["normal", "abnormal", "unstated"]] = {}
        self._vitals: dict[str, str] = {}
        self._notes: list[str] = []

    def warn(self, kind: str, detail: str) -> None:
        """Keep something for the report, once."""
        warning = ImportWarning(kind, detail.strip())
        if warning not in self.warnings:
            self.warnings.append(warning)

    def note(self, text: str) -> None:
        """Keep a piece of the source that only a reader of the file sees."""
        if text.strip():
            self._notes.append(re.sub(r"\s*\n\s*", " ", text.strip()))

    def told(
        self,
        text: str,
        *,
        prefer: tuple[str, ...] = (),
        disclosure: Disclosure = "on_ask",
        default: str = FALLBACK,
    ) -> None:
        """Add what the patient can tell: statement by statement, affirmed or denied as the text puts it."""
        for statement in statements(text, self.language):
            self.fact(statement, prefer=prefer, disclosure=disclosure, default=default)

    def fact(
        self, statement: Statement, *, prefer: tuple[str, ...] = (), topic: str = "", say: str = "",
        disclosure: Disclosure = "on_ask", default: str = FALLBACK,
    ) -> None:  # fmt: skip
        """Add one statement as a fact. What only repeats age and sex, or says that nothing is recorded, is none."""
        text = statement.text.strip()
        if not text or bare_person(self.language).match(text):
            return
        if statement.status is None:
            self.warn("source_silent", text)
            return
        for identifier in deidentify.find(text):
            self.warn(f"identifies:{identifier.kind}", text)
            if identifier.text == text:
                return
        if self.names_diagnosis(text) or (say and self.names_diagnosis(say)):
            self.warn("names_diagnosis", text)
            return
        if self.language == "zh" and not re.search("[\u3400-\u9fff]", text):
            self.found("tests", wording("zh")["laboratory"], text)
            return
        found = topic or topic_of(text, self.language, prefer=prefer)
        if found is None:
            self.warn("topic_guessed", f"{default}: {text}")
        spoken = said(text, statement.status, self.language, self.person.speaker, self.person.sex)
        if self.language == "zh" and not re.search("[\u3400-\u9fff]", spoken):
            say = say or f"{text}。"
        if not say and not spoken.plain:
            self.warn("said_as_recorded", text)
        for part in _parts(text):
            self._append(found or default, statement.status, say or str(spoken), part, disclosure)

    def narrative(self, text: str, *, prefer: tuple[str, ...] = (), default: str = FALLBACK) -> None:
        """Add a text that mixes what was told with what was found, sentence by sentence."""
        for sentence in sentences(text, self.language):
            self.sentence(sentence, route_of(sentence, self.language), prefer=prefer, default=default)

    def sentence(
        self, sentence: str, route: Route, *, prefer: tuple[str, ...] = (), default: str = FALLBACK
    ) -> None:
        """Add one sentence where it belongs."""
        if bare_person(self.language).match(sentence.strip(" .。")):
            return
        if route == "course":
            self.warn("later_course", sentence)
            self.note(sentence)
        elif route == "vitals":
            self.measured(sentence)
            if not is_vitals(sentence, self.language):
                self.found("examinations", wording(self.language)["examination"], sentence)
        elif route == "test":
            name = test_named(sentence, self.language) or wording(self.language)["laboratory"]
            self.found("tests", name[:1].upper() + name[1:], sentence)
        elif route == "examination":
            self.found("examinations", wording(self.language)["examination"], sentence)
        else:
            self.told(sentence, prefer=prefer, default=default)

    def felt(self, text: str, *, disclosure: Disclosure = "on_ask") -> None:
        """Add a symptom that the source lists as a bare phrase (`Double vision`)."""
        own = self.person.speaker.who == "self"
        phrase = wording(self.language)["felt" if own else "felt_of_another"]
        for statement in statements(text, self.language):
            what = (
                statement.text
                if statement.text[:2].isupper()
                else statement.text[:1].lower() + statement.text[1:]
            )
            bare = not re.match(r"(?:history|family|appears|seems|unaware|unable|refuses|has|is|was)\b", what)
            say = phrase.format(what=what) if statement.status == "affirmed" and bare else ""
            self.fact(statement, say=say, disclosure=disclosure)

    def _append(self, topic: str, status: Status, say: str, record: str, disclosure: Disclosure) -> None:
        if any(_bare(fact.record) == _bare(record) and fact.status == status for fact in self._facts):
            return
        stem = topic.partition(".")[2]
        count = sum(fact.topic == topic for fact in self._facts)
        self._facts.append(
            Fact(
                id=stem if not count else f"{stem}-{count + 1}", topic=topic, status=status, say=say,
                record=record, disclosure=disclosure,
            )
        )  # fmt: skip

    @property
    def facts(self) -> Sequence[Fact]:
        """The facts so far."""
        return self._facts

    def measured(self, text: str) -> None:
        """Take the vital signs out of a text."""
        for name, value in vitals_in(text, self.language).items():
            self._vitals.setdefault(name, value)

    def vital(self, name: str, value: str) -> None:
        """Set one vital sign as the source words it."""
        self._vitals[name] = value

    def found(
        self, kind: Literal["examinations", "tests"], name: str, result: str, *,
        status: Literal["normal", "abnormal", "unstated"] | None = None,
    ) -> None:  # fmt: skip
        """Add what an examination or test returns; sentences that name the diagnosis are left out and told."""
        kept = []
        for sentence in sentences(result, self.language):
            if self.names_diagnosis(sentence):
                self.warn("names_diagnosis", f"{name}: {sentence}")
            else:
                kept.append(sentence)
        text = (" " if self.language == "en" else "").join(kept).strip()
        name = re.sub(r"^\d+[.、．]\s*|(?:显示|提示|示|检查所见|报告)$", "", name.strip(" :：.。"))[:120]
        if not text or not name:
            return
        if self.names_diagnosis(name):
            self.warn("names_diagnosis", name)
            return
        new = [(name, part) for part in _parts(text) if (name, part) not in self._findings[kind]]
        self._findings[kind] += new
        if status:
            self._statuses[name.casefold()] = status

    def diagnosed(self, name: str, *, parent: str = "") -> None:
        """Set the reference diagnosis, with the other names that its own wording holds (`X (Y)`)."""
        primary = name.strip().strip("。.;；")
        inner = re.findall(r"[（(]([^（）()]{2,60})[)）]", primary)
        bare = re.sub(r"\s*[（(][^（）()]*[)）]", "", primary).strip()
        names = [n.strip() for n in (bare, *inner) if len(n.strip()) > 1 and n.strip() != primary]
        broader = [parent.strip()] if parent.strip() and parent.strip() not in (primary, *names) else []
        self.diagnosis = Diagnosis(primary=primary, synonyms=list(dict.fromkeys(names)), parent=broader)

    def names_diagnosis(self, text: str) -> bool:
        """Whether a text holds a name of the reference diagnosis."""
        names = (self.diagnosis.primary, *self.diagnosis.synonyms)
        return any(mentions(text, name) for name in names if name)

    def build(self) -> ImportedCase:
        """The case, with everything not recorded marked and told."""
        case = self._case(not_applicable=[])
        missing = list(gaps(case))
        case = self._case(sorted({item for gap in missing for item in gap.items} | {"E2"}))
        for gap in missing:
            self.warn(f"not_recorded:{gap.part.replace(' ', '_')}", "")
        if not case.judge.red_flags:
            self.warn("not_recorded:red_flags", "")
        if not case.patient.cues:
            self.warn("not_recorded:cues", "")
        self.warn("not_recorded:critical_facts", "")
        if not self.person.speaker_told:
            self.warn("speaker_not_named", "a small child's companion speaks; the source does not say who")
        return ImportedCase(case, self.warnings, self._row.where, self._row.data)

    def _case(self, not_applicable: list[str]) -> Case:
        opening = self.opening or self._opening()
        return Case(
            schema_=SCHEMA,
            id=self._id,
            language=self.language,
            title=self._title(),
            specialty=self.specialty,
            urgency=self.urgency,
            complexity=0,
            split="private",
            canary=f"dialogue-sim-canary-{self._id}-{self._row.digest[:8]}",
            provenance=Provenance(
                source=self._source.name, licence=self._source.licence, author=self._source.author, review="none",
                note="\n".join([f"{self._row.file}, {self._row.number}", *self._notes]),
            ),
            patient=PatientPart(
                demographics=self.person.demographics, speaker=self.person.speaker, opening=opening, facts=self._facts
            ),
            examiner=ExaminerPart(
                vitals=Vitals(**self._vitals),
                examinations=self._finding_list("examinations"),
                tests=self._finding_list("tests"),
            ),
            judge=JudgePart(
                diagnosis=self.diagnosis,
                differential=[Named(names=[name]) for name in dict.fromkeys(self.differential)],
                tests=TestPlan(must=[Named(names=[name]) for name in self.must]),
                plan=self.plan,
                contraindications=self.contraindications,
                turn_band=BAND,
                not_applicable=not_applicable,
            ),
        )  # fmt: skip

    def _title(self) -> str:
        who = registration(self.person.demographics, self.language)
        first = self._first()
        named = wording(self.language)["title"].format(who=who, what=first.record) if first else who
        title = self.title or named
        title = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
        return who if self.names_diagnosis(title) else title

    def _opening(self) -> str:
        first = self._first()
        if first is None:
            other = self.person.speaker.who == "companion"
            return wording(self.language)["opening_companion_unknown" if other else "opening_unknown"]
        self._facts = [
            fact.model_copy(update={"disclosure": "opening"}) if fact.id == first.id else fact
            for fact in self._facts
        ]
        return wording(self.language)["opening"].format(say=first.say)

    def _first(self) -> Fact | None:
        """The chief complaint: a fact told at the opening, else the first affirmed symptom, else the first fact, if any."""
        told = [fact for fact in self._facts if fact.disclosure == "opening"]
        felt = [
            f
            for f in self._facts
            if f.status == "affirmed" and f.topic.startswith(("hpi.", "ros.", "general."))
        ]
        return next(iter(told or felt or self._facts), None)

    def _finding_list(self, kind: str) -> list[Finding]:
        """Findings with unique names; what stands under one name is one result."""
        merged: dict[str, list[str]] = {}
        names: dict[str, str] = {}
        other = {name.casefold() for name, _ in self._findings["examinations"]} if kind == "tests" else set()
        for name, result in self._findings[kind]:
            key = name.casefold()
            if key in other:
                name, key = f"{name} (test)", f"{key} (test)"
            while sum(map(len, merged.get(key, []))) + len(result) > _LONGEST:
                name, key = f"{name} +", f"{key} +"
            names.setdefault(key, name)
            merged.setdefault(key, []).append(result)
        joint = " " if self.language == "en" else ""
        return [
            Finding(
                id=f"{kind[:4]}-{number}", names=[names[key]], result=joint.join(results),
                status=self._statuses.get(key) or status_of(joint.join(results), self.language),
            )
            for number, (key, results) in enumerate(merged.items(), 1)
        ]  # fmt: skip


def _parts(text: str) -> list[str]:
    return [text[i : i + _LONGEST] for i in range(0, len(text), _LONGEST)]


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
