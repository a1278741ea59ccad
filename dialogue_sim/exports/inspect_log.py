"""A run as an Inspect `.eval` log, for Inspect's viewer and its analysis tools.

Every figure in it is the one of `scores.json`; a dialogue that has no score there has none here.
Needs the extra `inspect`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.rows import dialogue_scores
from dialogue_sim.models.base import Usage
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.transcript import Transcript

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalResults, EvalSample, EvalSpec
    from inspect_ai.model import ModelUsage

LOG_SCHEMA = "dialogue-sim/export/inspect/1"


def write_inspect(run: RunFiles, folder: Path) -> Path:
    """Write `<run>.eval`; returns its path.

    Raises:
        ConfigError: inspect_ai is not installed, or the file cannot be written.
    """
    try:
        from inspect_ai.log import write_eval_log
    except ImportError:
        raise ConfigError(
            "Inspect logs need inspect_ai", mend="pip install 'dialogue-sim[inspect]'"
        ) from None
    target = folder / f"{run.folder.resolve().name}.eval"
    try:
        write_eval_log(inspect_log(run), str(target), format="eval")
    except OSError as problem:
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(target)) from None
    return target


def inspect_log(run: RunFiles) -> EvalLog:
    """The log of a scored run."""
    from inspect_ai.log import EvalLog, EvalPlan, EvalPlanStep, EvalStats

    begun, ended = _time(run.folder / "run.yaml"), _time(run.folder / "scores.json")
    usage: dict[str, ModelUsage] = {}
    for spent in run.scores["usage"]:
        used = _usage(spent)
        usage[spent["model"]] = usage[spent["model"]] + used if spent["model"] in usage else used
    return EvalLog(
        status="success",
        eval=_spec(run, begun),
        plan=EvalPlan(steps=[EvalPlanStep(solver="dialogue_sim/consultation", params=run.manifest["simulation"])]),
        results=_results(run),
        stats=EvalStats(started_at=begun, completed_at=ended, model_usage=usage),
        samples=_samples(run),
    )  # fmt: skip


def _spec(run: RunFiles, created: str) -> EvalSpec:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalSpec

    scores, manifest = run.scores, run.manifest
    cases = list(dict.fromkeys(one.case_id for one in run.transcripts.values()))
    rubric = scores["rubric"]
    return EvalSpec(
        created=created,
        task="dialogue_sim/clinical_dialogue",
        task_id=f"{run.folder.resolve().name}-{rubric['sha256'][:8]}",
        run_id=f"{run.folder.resolve().name}-{scores['prompts_sha256'][:8]}",
        task_version=rubric["version"],
        task_args={"rubric": rubric["id"], "judge": scores["judges"], "patient": scores["patient"]},
        dataset=EvalDataset(name="dialogue_sim", samples=len(cases), sample_ids=cases, shuffled=False),
        model=scores["doctor"],
        config=EvalConfig(epochs=int(manifest["simulation"].get("seeds", 1)), epochs_reducer=["mean"]),
        packages={"dialogue_sim": scores["version"]},
        metadata={
            "schema": LOG_SCHEMA,
            "rubric_sha256": rubric["sha256"],
            "prompts_sha256": scores["prompts_sha256"],
            "cases_sha256": manifest["simulation"]["cases"],
            "notes": scores["notes"],
            "failures": scores["failures"],
        },
    )


def _results(run: RunFiles) -> EvalResults:
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    from dialogue_sim.exports.inspect_samples import SCORE, SCORER

    scores = run.scores
    figures: dict[str, dict[str, Any]] = {SCORE: scores, **scores["dimensions"]}
    found = []
    for name, figure in figures.items():
        if figure["score"] is None:
            continue
        metrics = {"case_mean": EvalMetric(name="case_mean", value=figure["score"])}
        for bound, value in zip(("low", "high"), figure["ci95"] or (), strict=False):
            metrics[f"ci95_{bound}"] = EvalMetric(name=bound, group="ci95", value=value)
        found.append(
            EvalScore(
                name=name, scorer=SCORER, reducer="mean", metrics=metrics, scored_samples=figure["n_cases"]
            )
        )
    return EvalResults(
        total_samples=scores["n_planned"], completed_samples=scores["n_dialogues"], scores=found
    )


def _samples(run: RunFiles) -> list[EvalSample]:
    scored = dialogue_scores(run.scores)
    strata = {case["id"]: case["strata"] for case in run.scores["cases"]}
    return [
        _sample(run, one, scored.get(one.dialogue_id), strata.get(one.case_id, {}))
        for one in run.transcripts.values()
    ]


def _sample(
    run: RunFiles, transcript: Transcript, scored: dict[str, Any] | None, strata: dict[str, str]
) -> EvalSample:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ModelOutput

    from dialogue_sim.exports.inspect_samples import (
        SCORER,
        chat_of,
        closing_text,
        inspect_score,
        sample_metadata,
    )

    judgement = run.judgements.get(transcript.dialogue_id)
    doctor = sum((turn.usage for turn in transcript.of("doctor")), start=Usage())
    return EvalSample(
        id=transcript.case_id,
        epoch=transcript.replicate + 1,
        input=transcript.turns[0].text,
        target="",
        messages=chat_of(transcript),
        output=ModelOutput.from_content(transcript.doctor, closing_text(transcript)),
        scores={SCORER: inspect_score(scored, transcript, judgement)} if scored and judgement else None,
        metadata={**strata, **sample_metadata(transcript)},
        model_usage={transcript.doctor: _usage(doctor.model_dump())},
        turn_count=len(transcript.of("doctor")),
    )


def _usage(spent: dict[str, Any]) -> ModelUsage:
    from inspect_ai.model import ModelUsage

    return ModelUsage(
        input_tokens=spent["prompt"] - spent["cached"],
        output_tokens=spent["completion"],
        total_tokens=spent["prompt"] + spent["completion"],
        input_tokens_cache_read=spent["cached"],
        reasoning_tokens=spent["reasoning"],
    )


def _time(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(timespec="seconds")
