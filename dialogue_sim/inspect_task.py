"""The benchmark as an Inspect AI task: `inspect eval dialogue_sim/clinical_dialogue --model …`.

Inspect brings the model under test, its limits and its log; the consultation, the patient, the judge
and the score are ours, so that figures agree with those of `dialogue-sim run`. Needs the extra `inspect`.
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import numpy as np
from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    ResponseSchema,
    get_model,
)
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.scorer import Value as InspectValue
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import JSONSchema

from dialogue_sim.cases import Case, doctor_view, examiner_view, guarded_terms, load_cases, patient_view
from dialogue_sim.consultation import MAX_TURNS, consult
from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.inspect_samples import SCORER, chat_of, closing_text, inspect_score, sample_metadata
from dialogue_sim.judging.families import check_families
from dialogue_sim.judging.judges import Judge
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.model_judge import ModelJudge
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.models.base import ChatModel, Message, Options, Reply, Usage
from dialogue_sim.models.errors import ContextOverflowError, RefusedError, TransientError
from dialogue_sim.models.reasoning import split_reasoning
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.doctor import ModelDoctor
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.runs.cast import dialogue_seed
from dialogue_sim.runs.scores import dialogue_result
from dialogue_sim.scoring.bootstrap import mean_intervals
from dialogue_sim.transcript import Transcript

_PREFIX = "inspect:"
_KEPT = "dialogue_sim_transcript"


@task
def clinical_dialogue(
    cases: str | list[str] = "",
    lang: str = "",
    rubric: str = "clinical-dialogue",
    judge: str | list[str] = "lexicon",
    votes: int = 1,
    patient: str = "record",
    persona: str = "case",
    seeds: int = 1,
    seed: int = 0,
    turns: int = MAX_TURNS,
    prompts: str = "",
    allow_same_family: bool = False,
) -> Task:
    """Consultations with simulated patients; the score is the dialogue interaction score, 0–100.

    Args:
        cases: folder, file or case id, or several; empty means all bundled cases.
        lang: only `zh` or only `en` cases.
        judge: `lexicon` (no model) or `inspect:MODEL`; several make a panel.
        patient: `record` (no model) or `inspect:MODEL`.
        seeds: replicates of every case (Inspect's epochs).

    Raises:
        UserError: a case, rubric, judge or patient cannot be used.
    """
    wanted = [cases] if isinstance(cases, str) else list(cases)
    loaded = load_cases([one for one in wanted if one] or None, language=lang or None)
    judges = [judge] if isinstance(judge, str) else list(judge)
    for spec, without_model in [*((one, "lexicon") for one in judges), (patient, "record")]:
        _check(spec, without_model)
    return Task(
        dataset=MemoryDataset([_sample(case) for case in loaded], name="dialogue_sim", location="dialogue_sim"),
        solver=consultation(
            wanted, patient=patient, persona=persona, seed=seed, turns=turns, prompts=prompts,
            judges=judges, allow_same_family=allow_same_family,
        ),
        scorer=dialogue_interaction(wanted, rubric=rubric, judges=judges, votes=votes, seed=seed, prompts=prompts),
        epochs=Epochs(seeds, "mean"),
        version=load_rubric(rubric).version,
    )  # fmt: skip


@solver
def consultation(
    cases: list[str], patient: str, persona: str, seed: int, turns: int, prompts: str,
    judges: list[str], allow_same_family: bool,
) -> Solver:  # fmt: skip
    """Hold the consultation of a sample with the model under evaluation as the doctor."""
    known = _by_id(cases)
    texts = _prompts(prompts)
    settings = PatientSettings.model_validate({"persona": persona})

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        doctor = InspectModel(get_model())
        check_families(_named(doctor.spec), [_named(one) for one in judges], allow=allow_same_family)
        case, replicate = known[str(state.sample_id)], state.epoch - 1
        drawn = dialogue_seed(seed, case, replicate)
        transcript = await consult(
            case,
            ModelDoctor(doctor, doctor_view(case), texts, seed=drawn),
            open_patient(
                patient_view(case), settings, guarded_terms=guarded_terms(case), prompts=texts, seed=drawn,
                model=None if patient == "record" else _model(patient),
            ),
            Examiner(examiner_view(case)),
            max_turns=turns,
            replicate=replicate,
            seed=drawn,
        )  # fmt: skip
        state.messages = chat_of(transcript)
        state.output = ModelOutput.from_content(str(get_model()), closing_text(transcript))
        state.metadata |= sample_metadata(transcript)
        state.store.set(_KEPT, transcript.model_dump(mode="json", by_alias=True))
        return state

    return solve


@metric
def case_mean() -> Metric:
    """Mean over cases, 0–100; each case is already the mean of its replicates."""

    def compute(scores: list[SampleScore]) -> InspectValue:
        return fmean(_known(scores)) if _known(scores) else float("nan")

    return compute


@metric
def ci95() -> Metric:
    """The 95 % interval by case, as `scores.json` has it: `low` and `high`, NaN below two cases."""

    def compute(scores: list[SampleScore]) -> InspectValue:
        values = _known(scores)
        interval = mean_intervals(np.array([values]).T)[0] if values else None
        low, high = interval or (float("nan"), float("nan"))
        return {"low": round(low, 6), "high": round(high, 6)}

    return compute


@scorer(metrics={"*": [case_mean(), ci95()]}, name=SCORER)
def dialogue_interaction(
    cases: list[str], rubric: str, judges: list[str], votes: int, seed: int, prompts: str
) -> Scorer:
    """Judge a consultation and roll it up: `score` and every dimension, 0–100."""
    known, used, texts = _by_id(cases), load_rubric(rubric), _prompts(prompts)

    async def score(state: TaskState, target: Target) -> Score:
        transcript = Transcript.model_validate(state.store.get(_KEPT))
        case = known[transcript.case_id]
        panel: list[Judge] = [
            LexiconJudge() if one == "lexicon" else ModelJudge(_model(one), texts) for one in judges
        ]
        judgement = await judge_transcript(transcript, case, used, panel, votes=votes, seed=seed)
        if judgement.failures:
            # A failure is no score: the sample fails, and Inspect's retry asks the judge again.
            raise TransientError(f"the judge failed: {judgement.failures[0].message}")
        found = dialogue_result(used, case, transcript, judgement).score
        return inspect_score(
            {"score": found.score, "raw": found.raw, "dimensions": found.dimensions, "caps": found.caps, "unsure": found.unsure},
            transcript, judgement,
        )  # fmt: skip

    return score


class InspectModel:
    """A model of Inspect's as a `ChatModel`; sampling that a call leaves open is Inspect's configuration."""

    def __init__(self, model: Model) -> None:
        self.spec = f"{_PREFIX}{model}"
        self._model = model

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Generate.

        Raises:
            RefusedError: the provider's filter withheld the reply.
            ContextOverflowError: the messages do not fit.
        """
        output = await self._model.generate([_message(one) for one in messages], config=_config(options))
        if output.empty:
            raise TransientError(f"{self.spec} returned no choice")
        if output.stop_reason == "content_filter":
            raise RefusedError(f"{self.spec}: the reply was filtered")
        if output.stop_reason == "model_length":
            raise ContextOverflowError(f"{self.spec}: the dialogue does not fit the model's context")
        text, reasoning = split_reasoning(output.completion)
        used = output.usage
        return Reply(
            text=text,
            reasoning=reasoning,
            finish="length" if output.stop_reason == "max_tokens" else "stop",
            usage=Usage(
                prompt=used.input_tokens + (used.input_tokens_cache_read or 0),
                completion=used.output_tokens,
                cached=used.input_tokens_cache_read or 0,
                reasoning=used.reasoning_tokens or 0,
            )
            if used
            else Usage(),
            latency_s=output.time or 0.0,
            model=output.model,
        )

    async def close(self) -> None:
        """Inspect opened the model and closes it."""


def _message(message: Message) -> ChatMessage:
    content = message["content"]
    if message["role"] == "system":
        return ChatMessageSystem(content=content)
    if message["role"] == "user":
        return ChatMessageUser(content=content)
    return ChatMessageAssistant(content=content)


def _config(options: Options) -> GenerateConfig:
    schema = options.json_schema
    return GenerateConfig(
        temperature=options.temperature,
        top_p=options.top_p,
        max_tokens=options.max_tokens,
        seed=options.seed,
        stop_seqs=list(options.stop) or None,
        extra_body=dict(options.extra_body) or None,
        response_schema=ResponseSchema(name="reply", json_schema=JSONSchema.model_validate(schema)) if schema else None,
    )  # fmt: skip


def _sample(case: Case) -> Sample:
    about = {
        "language": case.language,
        "specialty": case.specialty,
        "urgency": case.urgency,
        "complexity": case.complexity,
    }
    return Sample(id=case.id, input=case.patient.opening, target=case.judge.diagnosis.primary, metadata=about)


def _by_id(wanted: list[str]) -> dict[str, Case]:
    return {case.id: case for case in load_cases([one for one in wanted if one] or None)}


def _prompts(folder: str) -> Prompts:
    return Prompts(Path(folder) if folder else None)


def _check(spec: str, without_model: str) -> None:
    if spec != without_model and not spec.startswith(_PREFIX):
        raise ConfigError(
            f"{spec!r} cannot play under Inspect", mend=f"use `{without_model}` or `{_PREFIX}MODEL`, a model of Inspect's"
        )  # fmt: skip


def _named(spec: str) -> str:
    """A spec as the check of families reads it."""
    return f"openai:{spec.removeprefix(_PREFIX)}" if spec.startswith(_PREFIX) else spec


def _model(spec: str) -> ChatModel:
    return InspectModel(get_model(spec.removeprefix(_PREFIX)))


def _known(scores: list[SampleScore]) -> list[float]:
    """The values in order of case, without those of cases to which the dimension does not apply."""
    ordered = sorted(scores, key=lambda one: str(one.sample_id))
    return [
        float(one.score.value)
        for one in ordered
        if isinstance(one.score.value, int | float) and not np.isnan(one.score.value)
    ]
