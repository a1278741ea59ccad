"""Lets a model turn a free-text record into a draft of a case, and keeps only what stands in the record.

The model copies; the program checks. A fact, finding or diagnosis whose quotation is not in the record
is dropped and told. Denial is read off the quotation, not believed; a sentence that says a number or
an illness which its quotation lacks is replaced by the record's own words. What nothing supports stays
empty, and the linter says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from dialogue_sim.authoring.asking import Asker
from dialogue_sim.cases import Case
from dialogue_sim.cases import deidentify as identifiers
from dialogue_sim.cases.importers.building import Builder, ImportWarning, Source
from dialogue_sim.cases.importers.chinese_records import actions_in
from dialogue_sim.cases.importers.mapping import topic_of
from dialogue_sim.cases.importers.people import person_in
from dialogue_sim.cases.importers.routing import route_of
from dialogue_sim.cases.importers.rows import Row
from dialogue_sim.cases.importers.statements import Statement, sentences, statements
from dialogue_sim.cases.lint.text import CJK
from dialogue_sim.cases.model import Action, Language, Status
from dialogue_sim.cases.vocabulary import TOPICS, label
from dialogue_sim.errors import UserError
from dialogue_sim.models.base import ChatModel, Options
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.prompts import Prompts

SOURCE = Source("record", "LicenseRef-private", "not stated")
PASSAGE = {"zh": 400, "en": 900}
"""Most characters of a record that one call reads; cut at the ends of sentences."""
_LONGEST_NAME = 50
OPTIONS = Options(temperature=0.0, max_tokens=2000, seed=0)
_SPEAKERS = {
    "zh": {"self": "患者", "companion": "家属"},
    "en": {"self": "the patient", "companion": "the companion"},
}
_THIRD_PERSON = re.compile(
    r"^(?:she|he|the patient|the woman|the man|patient)\b|^(?:患者|病人|她|他)", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class IdentifierError(UserError):
    """The record holds what identifies somebody, and must not leave the machine."""


class DraftFact(BaseModel):
    """A fact as the model copied it."""

    quote: str
    status: Status = "affirmed"
    topic: str = ""
    say: str = ""


class DraftFinding(BaseModel):
    """A finding as the model copied it."""

    quote: str
    kind: Literal["examination", "test"] = "test"
    name: str = ""


class Passage(BaseModel):
    """What one passage holds."""

    facts: list[DraftFact] = Field(default_factory=list)
    findings: list[DraftFinding] = Field(default_factory=list)


class Reference(BaseModel):
    """What the whole record states for the judge."""

    complaint: str = ""
    diagnosis: str = ""
    differential: list[str] = Field(default_factory=list)
    plan: list[str] = Field(default_factory=list)


class Span(NamedTuple):
    """Where in the record something stands: characters `start` to `end`."""

    start: int
    end: int
    text: str


class Dropped(NamedTuple):
    """Something the model wrote that the record does not hold, or that failed; `kind` is one word."""

    kind: str
    text: str


class Draft(NamedTuple):
    """A drafted case, the span of every fact, finding and reference in it, and what was left out."""

    case: Case
    spans: dict[str, Span]
    dropped: list[Dropped]
    warnings: list[ImportWarning]
    failures: list[str]


def refuse_identifiers(text: str) -> None:
    """Raise unless the text is free of what identifies a patient.

    Raises:
        IdentifierError: names, numbers, addresses, exact dates were found.
    """
    found = identifiers.find(text)
    if found:
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in found))
        raise IdentifierError(
            f"{len(found)} places may identify somebody ({kinds}), so nothing was sent to the model",
            mend="remove them (`dialogue-sim case deidentify FILE --redact OUT`), or say --allow-identifiers",
        )


def language_of(text: str) -> Language:
    """Chinese when a tenth of the letters are Chinese characters, otherwise English."""
    letters = sum(c.isalpha() for c in text)
    return "zh" if letters and len(CJK.findall(text)) / letters > 0.1 else "en"


def case_id_of(file: Path, text: str) -> str:
    """An id for the draft: the file's name where it can be part of an id, else a hash of the record."""
    stem = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{language_of(text)}-{stem or 'draft-' + hashlib.sha256(text.encode()).hexdigest()[:8]}"


def spans_json(made: Draft, text: str) -> str:
    """The sidecar of a draft: where in the record everything stands, and what was left out."""
    plain = {
        "record_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "case": made.case.id,
        "spans": {key: span._asdict() for key, span in made.spans.items()},
        "dropped": [dropped._asdict() for dropped in made.dropped],
        "failures": made.failures,
    }
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


async def draft(
    text: str, model: ChatModel, settings: ModelSettings, prompts: Prompts, *, case_id: str, file: str
) -> Draft:
    """Draft a case from a record.

    Raises:
        UserError: the record is empty.
        ModelError: nothing could be read at all, or the model cannot be reached or used.
    """
    if not text.strip():
        raise UserError("is empty", where=file)
    language = language_of(text)
    maker = _Maker(text, language, case_id, file)
    asker = Asker(model, settings, prompts, language, "draft_system")
    passages = list(passages_of(text, language))
    values = {"speaker": maker.speaker, "topics": _topics(language)}
    reference, *found = await asyncio.gather(
        asker.ask("draft_reference", Reference, OPTIONS, record=text),
        *(asker.ask("draft_passage", Passage, OPTIONS, passage=passage, **values) for passage in passages),
    )
    if isinstance(reference, Reference):
        maker.refer(reference)
    for passage, read in zip(passages, found, strict=True):
        if isinstance(read, Passage):
            maker.take(read, passage)
    problems = [read for read in (reference, *found) if isinstance(read, ModelError)]
    if len(problems) == len(passages) + 1 or any(problem.kind == "fatal" for problem in problems):
        raise problems[0]
    return maker.finish([f"{problem.kind}: {problem}" for problem in problems])


def passages_of(text: str, language: Language) -> Iterator[str]:
    """The record cut at the ends of sentences into passages of at most `PASSAGE` characters (longer sentences stay whole)."""
    passage = ""
    for sentence in re.split(r"(?<=[。！？；])|(?<=[.!?;])\s+|\n+", text):
        if passage and len(passage) + len(sentence) > PASSAGE[language]:
            yield passage
            passage = ""
        passage += ("" if not passage else "\n") + sentence if sentence.strip() else ""
    if passage.strip():
        yield passage


def span_of(quote: str, text: str) -> Span | None:
    """Where a quotation stands in a text; blanks and letter case may differ, nothing else."""
    bare = quote.strip().strip("。.，,；;\"'“”")
    if not bare:
        return None
    pattern = r"\s*".join(re.escape(part) for part in re.split(r"\s+", bare))
    found = re.search(pattern, text, re.IGNORECASE)
    return Span(found.start(), found.end(), text[found.start() : found.end()]) if found else None


def _topics(language: Language) -> str:
    return "\n".join(
        f"{topic} {label('topics', topic, language)}" for topic in TOPICS if not topic.startswith("view.")
    )


class _Maker:
    """Puts together what survives the check."""

    def __init__(self, text: str, language: Language, case_id: str, file: str) -> None:
        self._text, self._language = text, language
        row = Row({"sha256": hashlib.sha256(text.encode()).hexdigest()}, file, 1, file)
        self._builder = Builder(SOURCE, row, case_id, language, person_in(text, language))
        self._builder.measured(text)
        self._dropped: list[Dropped] = []
        self._spans: dict[str, Span] = {}
        self.speaker = _SPEAKERS[language][self._builder.person.speaker.who]

    def refer(self, found: Reference) -> None:
        """Take over complaint, diagnosis and plan, as far as they stand in the record."""
        if name := self._supported("diagnosis", found.diagnosis):
            self._builder.diagnosed(name.text)
        supported = [self._supported("differential", name) for name in found.differential]
        self._builder.differential = [
            span.text for span in supported if span and span.text != self._builder.diagnosis.primary
        ]
        self._builder.plan = list(self._actions(found.plan))
        if complaint := self._supported("complaint", found.complaint):
            before = len(self._builder.facts)
            self._builder.told(complaint.text, disclosure="opening", default="hpi.onset")
            self._spans |= {f"facts.{fact.id}": complaint for fact in self._builder.facts[before:]}

    def _actions(self, plan: list[str]) -> Iterator[Action]:
        for number, line in enumerate(plan, 1):
            if span := self._supported("plan", line):
                known = actions_in(span.text) if self._language == "zh" else []
                match = known[0].match if known else [span.text]
                yield Action(id=f"plan-{number}", action=span.text, match=match)

    def take(self, found: Passage, passage: str) -> None:
        """Take over what a passage holds, as far as it stands in it."""
        for fact in found.facts:
            if span := self._supported("fact", fact.quote, within=passage):
                self._fact(fact, span)
        for finding in found.findings:
            if span := self._supported("finding", finding.quote, within=passage):
                name = span_of(finding.name, passage)
                kind: Literal["examinations", "tests"] = (
                    "examinations" if finding.kind == "examination" else "tests"
                )
                self._builder.found(kind, name.text if name else span.text[:20], span.text)

    def _fact(self, fact: DraftFact, span: Span) -> None:
        route = route_of(span.text, self._language)
        if route != "patient":
            # A model that is unsure calls everything a fact; what was measured or done is not the patient's to tell.
            self._dropped.append(Dropped("not_the_patients", span.text))
            self._builder.sentence(span.text, route)
            return
        read = [statement for statement in statements(span.text, self._language) if statement.status]
        if len(read) > 1:
            for statement in read:
                self._add(statement, span)
            return
        own = read[0].status if read else fact.status
        if own and own != fact.status:
            self._dropped.append(Dropped("status_corrected", f"{fact.status} → {own}: {span.text}"))
        topic = fact.topic if fact.topic in TOPICS and not fact.topic.startswith("view.") else ""
        if fact.topic and not topic:
            self._dropped.append(Dropped("topic_unknown", fact.topic))
        say = fact.say.strip() if self._may_say(fact.say.strip(), span.text) else ""
        if fact.say and not say:
            self._dropped.append(Dropped("say_replaced", fact.say))
        found = topic or topic_of(f"{span.text} {fact.say}", self._language) or ""
        self._add(Statement(span.text, own or fact.status), span, topic=found, say=say)

    def _add(self, statement: Statement, span: Span, *, topic: str = "", say: str = "") -> None:
        """Add a fact and remember where it was read."""
        before = len(self._builder.facts)
        self._builder.fact(statement, topic=topic, say=say)
        self._spans |= {f"facts.{fact.id}": span for fact in self._builder.facts[before:]}

    def _may_say(self, say: str, quote: str) -> bool:
        """Whether a sentence is the speaker's own, in the language, and adds no number to the quotation."""
        same_language = bool(CJK.search(say)) == (self._language == "zh")
        own = self._builder.person.speaker.who == "companion" or not _THIRD_PERSON.match(say)
        return same_language and own and set(_NUMBER.findall(say)) <= set(_NUMBER.findall(quote))

    def _supported(self, kind: str, quote: str, *, within: str = "") -> Span | None:
        """The span of a quotation in the record; None, and told, when it does not stand there."""
        if not quote.strip():
            return None
        span = span_of(quote, self._text) if not within or span_of(quote, within) else None
        if span is None:
            self._dropped.append(Dropped(f"unsupported_{kind}", quote))
        return span

    def finish(self, failures: list[str]) -> Draft:
        """The case with the span of everything in it; whatever has none after all is an error of this program."""
        one = self._builder.build()
        case = one.case
        wanted: dict[str, str] = {}
        for finding in (*case.examiner.examinations, *case.examiner.tests):
            for number, sentence in enumerate(sentences(finding.result, self._language)):
                wanted[f"findings.{finding.id}.{number}"] = sentence
        wanted |= {f"plan.{action.id}": action.action for action in case.judge.plan}
        if case.judge.diagnosis.primary:
            wanted["diagnosis"] = case.judge.diagnosis.primary
        spans = {key: span for key, quote in wanted.items() if (span := span_of(quote, self._text))}
        spans |= self._spans
        dropped = self._dropped + [
            Dropped("without_span", f"{key}: {wanted[key]}") for key in wanted.keys() - spans.keys()
        ]
        return Draft(case, spans, dropped, one.warnings, failures)
