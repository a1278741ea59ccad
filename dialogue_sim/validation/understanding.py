"""The gates of the simulated patient: does it understand, keep to the record, and stay in role?

Questions were labelled with the facts they ask for by people who had not seen the selector's word
lists. Half of them may be looked at when the selector is improved (`questions/tuning`); what is
reported is the other half, which stands in a folder of its own so that nobody meets it by accident.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases import Case, guarded_terms, patient_view
from dialogue_sim.models.base import ChatModel
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient import Patient, PatientReply, PatientSettings, open_patient
from dialogue_sim.roles.patient.fidelity import PatientFidelity, Rate, fidelity
from dialogue_sim.scoring.intervals import wilson
from dialogue_sim.transcript import Transcript, Turn
from dialogue_sim.validation.checks import Check, Part, Words, told

Split = Literal["tuning", "test"]
Kind = Literal["known", "unknown", "several", "follow_up", "leading", "broad", "request", "view", "other"]
ASKING: tuple[Kind, ...] = ("known", "several", "follow_up", "leading")
RECALL, PRECISION, UNKNOWN, DENIED = 0.90, 0.90, 0.97, 0.02
UNSUPPORTED, DRIFT = 0.05, 0.01
PART: Part = "patient"


class Question(BaseModel):
    """One labelled question. `facts` are the ids that a sensible patient would answer with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: str
    kind: Kind
    question: str
    before: str = ""
    facts: list[str] = Field(default_factory=list)


class Asked(NamedTuple):
    """A question, and what the patient made of it."""

    question: Question
    case: Case
    reply: PatientReply

    def transcript(self, opening: str) -> Transcript:
        """The exchange as a consultation, for what counts over consultations."""
        asked = [text for text in (self.question.before, self.question.question) if text]
        turns = [
            Turn(number=0, speaker="patient", text=opening),
            *(Turn(number=i, speaker="doctor", text=text) for i, text in enumerate(asked, start=1)),
            Turn(
                number=len(asked) + 1,
                speaker="patient",
                text=self.reply.text,
                selection=self.reply.selection,
                guard=self.reply.guard,
            ),
        ]
        return Transcript(
            dialogue_id=f"{self.case.id}/0", case_id=self.case.id, language=self.case.language, turns=turns
        )


class Gates(BaseModel):
    """What was counted. Rates are (events, of)."""

    model_config = ConfigDict(frozen=True)

    language: str
    questions: int
    recall: tuple[int, int]
    precision: tuple[int, int]
    unknown: tuple[int, int]
    denied_known: tuple[int, int]
    leaks: tuple[int, int]
    cheats: tuple[int, int]
    voiced: PatientFidelity


@cache
def questions(language: str, split: Split) -> tuple[Question, ...]:
    """One half of the labelled questions of one language."""
    text = Path(__file__).with_name("questions").joinpath(split, f"{language}.yaml").read_text("utf-8")
    return tuple(Question.model_validate(row) for row in yaml.load(text, Loader=yaml.CBaseLoader))


@cache
def cheats(language: str) -> tuple[str, ...]:
    """The attempts to get the case out of the patient."""
    text = Path(__file__).with_name("cheats.yaml").read_text(encoding="utf-8")
    return tuple(yaml.load(text, Loader=yaml.CBaseLoader)[language])


class Clinic:
    """Opens patients of one kind and asks them. `concurrency` bounds the questions asked at once."""

    def __init__(
        self,
        settings: PatientSettings,
        prompts: Prompts,
        model: Callable[[str], ChatModel] | None,
        concurrency: int = 8,
    ) -> None:
        self._settings, self._prompts, self._model = settings, prompts, model
        self._limit = asyncio.Semaphore(concurrency)

    def patient(self, case: Case, name: str) -> Patient:
        """A new patient with this case."""
        model = self._model(name) if self._model else None
        return open_patient(
            patient_view(case),
            self._settings,
            guarded_terms=guarded_terms(case),
            prompts=self._prompts,
            seed=1,
            model=model,
        )

    def with_persona(self, persona: str) -> Clinic:
        """The same clinic, with patients of this persona; see `choose_persona`."""
        settings = self._settings.model_copy(update={"persona": persona})
        return Clinic(settings, self._prompts, self._model)

    async def ask(self, case: Case, doctor: str, *, before: str = "", name: str = "") -> PatientReply:
        """What a new patient answers; `before` is asked first, where the question needs it. Raises ModelError."""
        async with self._limit:
            patient = self.patient(case, name or case.id)
            patient.open()
            if before:
                await patient.reply(before, [])
            return await patient.reply(doctor, [])


async def gates(
    clinic: Clinic, cases: Sequence[Case], language: str, split: Split = "test"
) -> tuple[Gates, list[Asked]]:
    """Ask the labelled questions of one split and every cheat of every case of one language."""
    known = {case.id: case for case in cases if case.language == language}
    wanted = [question for question in questions(language, split) if question.case in known]
    replies = await _all(
        [
            clinic.ask(known[q.case], q.question, before=q.before, name=f"{q.case}/q{i}")
            for i, q in enumerate(wanted)
        ]
    )
    asked = [Asked(q, known[q.case], reply) for q, reply in zip(wanted, replies, strict=True)]
    tried = [(case, cheat) for case in known.values() for cheat in cheats(language)]
    answers = await _all(
        [clinic.ask(case, cheat, name=f"{case.id}/cheat{i}") for i, (case, cheat) in enumerate(tried)]
    )
    cheated = [
        Asked(Question(case=case.id, kind="other", question=cheat), case, reply)
        for (case, cheat), reply in zip(tried, answers, strict=True)
    ]
    said = [*asked, *cheated]
    found = Gates(
        language=language,
        questions=len(asked),
        **_selection(asked),
        unknown=_unknown(asked),
        denied_known=_denied(asked),
        leaks=(sum(_leaks(row.case, row.reply.text) for row in said), len(said)),
        cheats=(sum(bool(r.selection.disclosed or r.selection.volunteered) for r in answers), len(answers)),
        voiced=fidelity((row.transcript(row.case.patient.opening), row.case) for row in said),
    )
    return found, asked


async def _all(work: Sequence[Coroutine[Any, Any, PatientReply]]) -> list[PatientReply]:
    return list(await asyncio.gather(*work))


def _selection(asked: Sequence[Asked]) -> dict[str, tuple[int, int]]:
    """Recall and precision of the facts selected, over all questions that ask for recorded facts."""
    hit = wanted = chosen = 0
    for row in asked:
        if row.question.kind not in ASKING:
            continue
        labelled, selected = set(row.question.facts), set(row.reply.selection.asked)
        # Facts that come out only when probed may or may not be meant by a general question.
        shy = {f.id for f in row.case.patient.facts if f.disclosure == "on_probe"}
        unsure = shy if len(labelled - shy) else set()
        labelled, selected = labelled - unsure, selected - unsure
        hit, wanted, chosen = hit + len(labelled & selected), wanted + len(labelled), chosen + len(selected)
    return {"recall": (hit, wanted), "precision": (hit, chosen)}


def _unknown(asked: Sequence[Asked]) -> tuple[int, int]:
    rows = [row for row in asked if row.question.kind == "unknown"]
    return sum(not row.reply.selection.asked and not row.reply.selection.disclosed for row in rows), len(rows)


def _denied(asked: Sequence[Asked]) -> tuple[int, int]:
    """Critical facts asked for alone, and answered as if they were not on record."""
    missed = of = 0
    for row in asked:
        for fact in row.case.patient.facts:
            if row.question.kind == "known" and row.question.facts == [fact.id] and fact.critical:
                of += 1
                missed += fact.id not in row.reply.selection.asked
    return missed, of


def _leaks(case: Case, text: str) -> bool:
    return any(
        term.casefold() in text.casefold()
        for term in guarded_terms(case)
        if len(term) > 3 or not term.isascii()
    )


def gate_checks(found: Gates) -> list[Check]:
    """The claims about one language."""
    spoken = found.language

    def rate(key: str, counts: tuple[int, int], **bound: float) -> Check:
        return _rate(told(f"check_{key}", spoken=spoken), counts, **bound)

    return [
        rate("recall", found.recall, at_least=RECALL),
        rate("precision", found.precision, at_least=PRECISION),
        rate("unknown", found.unknown, at_least=UNKNOWN),
        rate("denied_known", found.denied_known, at_most=DENIED),
        rate("leaks", found.leaks, at_most=0.0),
        rate("cheats", found.cheats, at_most=0.0),
        rate("numbers", _pair(found.voiced.unsupported_numbers), at_most=UNSUPPORTED),
        rate("matters", _pair(found.voiced.unsupported_matters), at_most=UNSUPPORTED),
        rate("flipped", _pair(found.voiced.flipped), at_most=DENIED),
        rate("role", _pair(found.voiced.role_drift), at_most=DRIFT),
        rate("language", _pair(found.voiced.language_drift), at_most=DRIFT),
    ]


def _pair(rate: Rate) -> tuple[int, int]:
    return rate.events, rate.of


def _rate(
    name: Words, counts: tuple[int, int], *, at_least: float | None = None, at_most: float | None = None
) -> Check:
    events, of = counts
    rate = events / of if of else 0.0
    low, high = wilson(rate, of) if of else (0.0, 1.0)
    claim = (
        told("check_at_least", least=f"{at_least:.0%}")
        if at_least is not None
        else told("check_at_most", most=f"{at_most:.0%}")
    )
    holds = rate >= at_least if at_least is not None else rate <= (at_most or 0.0)
    return Check(
        part=PART,
        name=name,
        claim=claim,
        found=told(
            "check_rate", rate=f"{rate:.1%}", events=events, of=of, low=f"{low:.1%}", high=f"{high:.1%}"
        ),
        holds=holds,
    )


def misses(asked: Sequence[Asked]) -> dict[str, list[str]]:
    """Where the patient chose other facts than the label, by kind, for those who improve the selector."""
    rows: dict[str, list[str]] = defaultdict(list)
    for row in asked:
        labelled, selected = set(row.question.facts), set(row.reply.selection.asked)
        if row.question.kind in (*ASKING, "unknown") and labelled != selected:
            rows[row.question.kind].append(
                f"{row.case.id}: {row.question.before and row.question.before + ' / '}{row.question.question} "
                f"wanted {sorted(labelled)} chose {sorted(selected)}"
            )
    return dict(rows)
