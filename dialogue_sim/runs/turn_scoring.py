"""Rescoring by the per-turn profile `medflow-2025`: the journaled model behind it, and a report a set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.medflow import MedflowReport, SheetScore, grouped, score_sheets
from dialogue_sim.judging.medflow_judge import ModelTurnJudge
from dialogue_sim.judging.rubric import MedflowSettings
from dialogue_sim.judging.sheets import Sheet
from dialogue_sim.models.budget import Budget
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.check import preflight
from dialogue_sim.models.errors import BudgetError
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.progress import Progress
from dialogue_sim.runs.rescored import RescoredSet, Work
from dialogue_sim.runs.stored import TranscriptSet


async def by_turns(work: Work) -> tuple[list[RescoredSet], str]:
    """Score the sets of a piece of work; returns them and why it stopped early (empty: it did not).

    Raises:
        ConfigError: the judge cannot be opened.
        ModelError: it did not answer the first question put to it.
    """
    profile = work.rubric.medflow
    if profile is None:
        raise ConfigError(f"the rubric {work.rubric.id} has no `medflow` settings")
    chosen = work.config.judges[0]
    settings = ModelSettings.model_validate(
        {name: getattr(chosen, name) for name in ModelSettings.model_fields}
    )
    inner, limiter, budget = (
        open_model(chosen.model, settings, role="judge"),
        Limiter.of(settings),
        _budget(work),
    )
    own = settings.options.temperature
    done: list[RescoredSet] = []
    stopped = ""
    try:
        await preflight(inner)
        for each in work.sets:
            model = JournaledModel(
                inner, work.journal, role="judge", dialogue=each.name, limiter=limiter, budget=budget,
                attempts=settings.attempts,
            )  # fmt: skip
            judge = ModelTurnJudge(
                model,
                work.prompts,
                temperature=profile.temperature if own is None else own,
                seed=work.config.seed,
            )
            report = _merged(judge.spec, work.config, [])
            if not stopped:
                try:
                    report = await _report(each, judge, profile, work.config)
                except BudgetError:
                    stopped = "budget"
            _tell(each, report, work.progress)
            done.append(_set(each, report))
    finally:
        await inner.close()
    return done, stopped


def _budget(work: Work) -> Budget:
    limits, judge = work.config.budget, work.config.judges[0]
    prices = {judge.model: judge.price} if judge.price else {}
    budget = Budget(limits.tokens if limits else None, limits.money if limits else None, prices)
    for spent in work.journal.usage():
        budget.book(spent.spec, spent.usage, spent.calls)
    return budget


async def _report(
    each: TranscriptSet, judge: ModelTurnJudge, profile: MedflowSettings, config: RunConfig
) -> MedflowReport:
    """The report of one set; each consultation is judged in its own language."""
    by_language: dict[str, list[Sheet]] = defaultdict(list)
    for one in each.consultations:
        end = len(one.sheet.rows) - (profile.record_rows if one.record else 0)
        by_language[one.transcript.language].append(Sheet(one.sheet.name, one.sheet.rows[: max(end, 0)]))
    reports = [
        await score_sheets(
            sheets,
            judge,
            profile,
            language=language,
            record_rows=0,
            votes=config.votes,
            concurrency=config.concurrency,
        )
        for language, sheets in by_language.items()
    ]
    return _merged(judge.spec, config, reports)


def _merged(judge: str, config: RunConfig, reports: Sequence[MedflowReport]) -> MedflowReport:
    sheets = [sheet for report in reports for sheet in report.sheets]
    return MedflowReport(
        judge=judge,
        votes=config.votes,
        sheets=sheets,
        failures=[failure for report in reports for failure in report.failures],
        groups=grouped(sheets),
        overall=fmean(sheet.score for sheet in sheets) if sheets else None,
    )


def _tell(each: TranscriptSet, report: MedflowReport, progress: Progress) -> None:
    for one in each.consultations:
        progress.simulated(one.transcript)
    for sheet in report.sheets:
        progress.judged(sheet.name, sheet.score)
    for failure in report.failures:
        progress.failed(failure.where, failure)


def _set(each: TranscriptSet, report: MedflowReport) -> RescoredSet:
    import numpy as np

    from dialogue_sim.scoring.bootstrap import mean_intervals

    cases = _case_means(report.sheets, {one.sheet.name: one.case for one in each.consultations})
    column = np.array(list(cases.values()), dtype=np.float64)[:, None]
    return RescoredSet(
        name=each.name,
        files=[str(file) for file in each.files],
        n=len(each.consultations),
        n_scored=len(report.sheets),
        score=report.overall,
        ci95=mean_intervals(column)[0],
        failures=report.failures,
        without_case=len(each.consultations),
        dimensions={},
        medflow=report,
        cases=cases,
    )


def _case_means(sheets: Sequence[SheetScore], case_of: Mapping[str, str]) -> dict[str, float]:
    scores: dict[str, list[float]] = defaultdict(list)
    for sheet in sheets:
        scores[case_of[sheet.name]].append(sheet.score)
    return {case: fmean(marks) for case, marks in scores.items()}
