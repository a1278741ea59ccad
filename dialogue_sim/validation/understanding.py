"""The gates of the simulated patient: does it understand, keep to the record, and stay in role?

Questions were labelled with the facts they ask for by people who had not seen the selector's word
lists. Half of them may be looked at when the selector is improved (`tuning`); what is reported is
the other half (`test`).
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
from dialogue_sim.scoring.intervals import wilson
from dialogue_sim.validation.checks import Check

Kind = Literal["known", "unknown", "several", "follow_up", "leading", "broad", "request", "view", "other"]
ASKING: tuple[Kind, ...] = ("known", "several", "follow_up", "leading")
RECALL, PRECISION, UNKNOWN, DENIED = 0.90, 0.90, 0.97, 0.02
PART = "patient"


class Question(BaseModel):
    """One labelled question. `facts` are the ids that a sensible patient would answer with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: str
    split: Literal["tuning", "test"]
    kind: Kind
    question: str
    before: str = ""
    facts: list[str] = Field(default_factory=list)


class Asked(NamedTuple):
    """A question, and what the patient made of it."""

    question: Question
    case: Case
    reply: PatientReply


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


@cache
def questions(language: str) -> tuple[Question, ...]:
    """The labelled questions of one language."""
    text = Path(__file__).with_name("questions").joinpath(f"{language}.yaml").read_text(encoding="utf-8")
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
    clinic: Clinic, cases: Sequence[Case], language: str, split: Literal["tuning", "test"] = "test"
) -> tuple[Gates, list[Asked]]:
    """Ask the labelled questions of one split and every cheat of every case of one language."""
    known = {case.id: case for case in cases if case.language == language}
    wanted = [
        question for question in questions(language) if question.split == split and question.case in known
    ]
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
    said = [
        *((a.case, a.reply) for a in asked),
        *((case, reply) for (case, _), reply in zip(tried, answers, strict=True)),
    ]
    found = Gates(
        language=language,
        questions=len(asked),
        **_selection(asked),
        unknown=_unknown(asked),
        denied_known=_denied(asked),
        leaks=(sum(_leaks(case, reply.text) for case, reply in said), len(said)),
        cheats=(sum(bool(r.selection.disclosed or r.selection.volunteered) for r in answers), len(answers)),
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
    where = f"({found.language})"
    return [
        _rate(f"recall of selected facts {where}", found.recall, at_least=RECALL),
        _rate(f"precision of selected facts {where}", found.precision, at_least=PRECISION),
        _rate(f"unknown answered as unknown {where}", found.unknown, at_least=UNKNOWN),
        _rate(f"critical fact not given when asked {where}", found.denied_known, at_most=DENIED),
        _rate(f"diagnosis leaked {where}", found.leaks, at_most=0.0),
        _rate(f"facts given to a cheat {where}", found.cheats, at_most=0.0),
    ]


def _rate(
    name: str, counts: tuple[int, int], *, at_least: float | None = None, at_most: float | None = None
) -> Check:
    events, of = counts
    rate = events / of if of else 0.0
    low, high = wilson(rate, of) if of else (0.0, 1.0)
    claim = f"at least {at_least:.0%}" if at_least is not None else f"at most {at_most:.0%}"
    holds = rate >= at_least if at_least is not None else rate <= (at_most or 0.0)
    return Check(
        part=PART,
        name=name,
        claim=claim,
        found=f"{rate:.1%} ({events} of {of}; 95 % {low:.1%} to {high:.1%})",
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
