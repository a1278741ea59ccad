"""The library's front door: simulate, judge and score with a reader's own function as the doctor.

    case = load_cases("en-heart-skips-student")[0]
    transcript = await consult(case, Doctor(my_function), Patient())
    judgement = await judge(transcript, case)
    print(score(judgement, case).score)

`Doctor`, `Patient` and `Judge` here say *who* plays a role; the object that plays it in one
consultation is made when the consultation begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogue_sim.cases import Case, doctor_view, examiner_view, guarded_terms, patient_view
from dialogue_sim.consultation import MAX_TURNS
from dialogue_sim.consultation import consult as hold
from dialogue_sim.judging.judges import Judge as JudgeRole
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.model_judge import ModelJudge
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric, applicable, load_rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.base import ChatModel, Role
from dialogue_sim.models.python_function import FunctionModel
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.doctor import Doctor as DoctorRole
from dialogue_sim.roles.doctor import ModelDoctor, Style
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.roles.scripted import ScriptedDoctor
from dialogue_sim.runs.cast import grade_of
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.run import Outcome, execute, plan
from dialogue_sim.runs.scores import dialogue_score
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.transcript import Transcript

ModelLike = str | ChatModel | Callable[..., Any]


def _model(model: ModelLike, settings: ModelSettings, role: Role) -> ChatModel:
    if isinstance(model, str):
        return open_model(model, settings, role=role)
    return (
        model
        if isinstance(model, ChatModel)
        else FunctionModel(model, f"python:{getattr(model, '__name__', 'function')}")
    )


@dataclass(frozen=True)
class Doctor:
    """Who is tested: a spec such as `openai:qwen3-32b`, a `ChatModel`, or a function of messages that returns text."""

    model: ModelLike
    style: Style = "chat"
    settings: ModelSettings = field(default_factory=ModelSettings)

    def of(self, case: Case, prompts: Prompts, seed: int) -> DoctorRole:
        """The doctor of one consultation."""
        if isinstance(self.model, str) and self.model.startswith("scripted:"):
            return ScriptedDoctor(grade_of(self.model), case)
        model = _model(self.model, self.settings, "doctor")
        return ModelDoctor(model, doctor_view(case), prompts, style=self.style, seed=seed)


@dataclass(frozen=True)
class Patient:
    """Who is treated: `record` (no model) or a model, with selector, voice, guard and persona."""

    settings: PatientSettings = field(default_factory=PatientSettings)
    model: ModelLike | None = None


@dataclass(frozen=True)
class Judge:
    """Who judges: `lexicon` (no model) or a model."""

    model: ModelLike = "lexicon"
    settings: ModelSettings = field(default_factory=ModelSettings)

    def open(self, prompts: Prompts) -> JudgeRole:
        """The judge itself."""
        if self.model == "lexicon":
            return LexiconJudge()
        return ModelJudge(_model(self.model, self.settings, "judge"), prompts)


async def consult(
    case: Case,
    doctor: Doctor,
    patient: Patient | None = None,
    *,
    turns: int = MAX_TURNS,
    seed: int = 0,
    prompts: Prompts | None = None,
) -> Transcript:
    """Hold one consultation.

    Raises:
        ModelError: a model brought no usable reply.
        ConfigError: a model cannot be opened.
    """
    prompts, patient = prompts or Prompts(), patient or Patient()
    model = _model(patient.model, ModelSettings(), "patient") if patient.model else None
    played = open_patient(
        patient_view(case),
        patient.settings,
        guarded_terms=guarded_terms(case),
        prompts=prompts,
        seed=seed,
        model=model,
    )
    return await hold(
        case,
        doctor.of(case, prompts, seed),
        played,
        Examiner(examiner_view(case)),
        max_turns=turns,
        seed=seed,
    )


async def judge(
    transcript: Transcript,
    case: Case,
    rubric: Rubric | None = None,
    judges: Judge | Sequence[Judge] = (),
    *,
    votes: int = 1,
    seed: int = 0,
) -> Judgement:
    """Judge one transcript; without judges, by lexicons and programs.

    Raises:
        BudgetError: the budget is spent.
        ConfigError: a judge has no means to answer the rubric.
    """
    panel = [judges] if isinstance(judges, Judge) else list(judges) or [Judge()]
    prompts = Prompts()
    return await judge_transcript(
        transcript,
        case,
        rubric or load_rubric(None),
        [one.open(prompts) for one in panel],
        votes=votes,
        seed=seed,
    )


def score(judgement: Judgement, case: Case, rubric: Rubric | None = None) -> DialogueScore:
    """The score of one judged transcript, 0–100, with its dimensions and caps.

    Raises:
        ValueError: the judgement is incomplete; a missing verdict is a failure and never a mark.
    """
    rubric = rubric or load_rubric(None)
    return dialogue_score(rubric, [item.id for item in applicable(rubric, case)], judgement)


async def run(config: RunConfig) -> Outcome:
    """A whole run, as `dialogue-sim run` does it, without the reports.

    Raises:
        UserError: something in the configuration is wrong.
    """
    return await execute(plan(config))
