"""The `medflow-2025` profile: the formula behind the published 2025 table of dialogue interaction scores.

    base   mean over the judged replies of information (0–50) + communication (0–30) + diagnosis (0–20)
    bonus  0 below the minimum number of rounds, 50 from it, 100 from the suggested number for the complexity
    score  0.8 · base + 0.2 · bonus                      (base 82, 5 rounds, complexity 2 → 75.6)

It reproduces the original's arithmetic; what was wrong in the original's code is done right: any
judge, the right complexity label, exactly three numbers and clamped, and a failed call is a failure
and not (0, 0, 0). What the formula itself lacks is said in `judges/medflow-2025.yaml`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from statistics import fmean, median_low
from typing import NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from dialogue_sim.judging.rubric import MedflowSettings
from dialogue_sim.judging.sheets import Row, Sheet
from dialogue_sim.models.errors import BudgetError, ModelError
from dialogue_sim.transcript import Failure

MOST = (50.0, 30.0, 20.0)
COMPLEXITIES = (1, 2, 3)


class TurnMarks(NamedTuple):
    """The marks of one reply."""

    information: float
    communication: float
    diagnosis: float

    @property
    def total(self) -> float:
        """Their sum, 0–100."""
        return self.information + self.communication + self.diagnosis

    def clamped(self) -> TurnMarks:
        """Within 0–50, 0–30 and 0–20."""
        return TurnMarks(*(min(max(mark, 0.0), most) for mark, most in zip(self, MOST, strict=True)))


class TurnJudge(Protocol):
    """Marks single replies.

    Attributes:
        spec: the one string that names the judge.
    """

    spec: str

    async def complexity(self, complaint: str, *, language: str, vote: int) -> int:
        """1 (one system, mild), 2 (several systems or moderate) or 3 (critical). Raises ModelError."""
        ...

    async def marks(
        self,
        dialogue: Sequence[Row],
        reply: str,
        *,
        complexity: int,
        round_number: int,
        language: str,
        vote: int,
    ) -> TurnMarks:
        """Marks of one reply. `dialogue` ends with the row whose patient line it answers. Raises ModelError.

        All three are 0 for a reply that restates what the patient said, mentions summarising the
        complaint, history or record, or repeats an earlier question; to decide that is the judge's task.
        """
        ...


class SheetScore(BaseModel):
    """One consultation, scored.

    Attributes:
        base, bonus, score: 0–100.
        reached: whether the minimum number of rounds was reached (bonus ≥ 50).
        rounds: judged replies.
        marks: (row, information, communication, diagnosis) of each; rows count from 1.
        stopped: whether a stop word ended the scoring early.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    complexity: int
    base: float
    bonus: float
    score: float
    reached: bool
    rounds: int
    marks: list[tuple[int, float, float, float]]
    stopped: bool


class ComplexityGroup(BaseModel):
    """One line of the summary table. `rate` is the share of consultations that reached the minimum, 0–100."""

    model_config = ConfigDict(frozen=True)

    complexity: int
    n: int
    base: float
    score: float
    rate: float
    rounds: float


class MedflowReport(BaseModel):
    """What a workbook or a run comes to. `overall` is None when no consultation could be scored."""

    model_config = ConfigDict(frozen=True)

    judge: str
    votes: int
    sheets: list[SheetScore]
    failures: list[Failure]
    groups: list[ComplexityGroup]
    overall: float | None


def bonus(rounds: int, complexity: int, settings: MedflowSettings) -> float:
    """The bonus for a number of rounds, 0–100."""
    if rounds < settings.minimum_rounds:
        return 0.0
    enough = rounds >= settings.suggested_rounds[complexity]
    return settings.full_bonus if enough else settings.half_bonus


def sheet_score(
    name: str,
    complexity: int,
    marks: Sequence[tuple[int, TurnMarks]],
    stopped: bool,
    settings: MedflowSettings,
) -> SheetScore:
    """Roll the marks of one consultation up. Without a judged reply, base and score are 0."""
    base = fmean(one.total for _, one in marks) if marks else 0.0
    extra = bonus(len(marks), complexity, settings)
    return SheetScore(
        name=name,
        complexity=complexity,
        base=base,
        bonus=extra,
        score=settings.base_share * base + (1 - settings.base_share) * extra,
        reached=extra >= settings.half_bonus,
        rounds=len(marks),
        marks=[(row, *one) for row, one in marks],
        stopped=stopped,
    )


def judged_rows(sheet: Sheet, settings: MedflowSettings, record_rows: int) -> tuple[list[int], bool]:
    """Indices of the rows whose reply is judged, and whether a stop word ended the list.

    From the second row on, without the `record_rows` last ones, assistant replies only, up to the
    first reply that holds a stop word.
    """
    chosen: list[int] = []
    for index in range(1, max(len(sheet.rows) - record_rows, 0)):
        row = sheet.rows[index]
        if row.agent_role != "assistant":
            continue
        if any(word in row.agent_content for word in settings.stop_words):
            return chosen, True
        chosen.append(index)
    return chosen, False


async def score_sheet(
    sheet: Sheet,
    judge: TurnJudge,
    settings: MedflowSettings,
    *,
    language: str,
    record_rows: int,
    votes: int = 1,
) -> SheetScore:
    """Score one consultation; with several votes, marks are their mean and the complexity their lower median.

    Raises:
        ModelError: a call brought no usable reply. Nothing is scored then.
    """
    rated = await asyncio.gather(
        *(judge.complexity(sheet.complaint, language=language, vote=vote) for vote in range(votes))
    )
    complexity = median_low([min(max(one, COMPLEXITIES[0]), COMPLEXITIES[-1]) for one in rated])
    rows, stopped = judged_rows(sheet, settings, record_rows)
    given = await asyncio.gather(
        *(
            judge.marks(
                sheet.rows[: index + 1],
                sheet.rows[index].agent_content,
                complexity=complexity,
                round_number=number,
                language=language,
                vote=vote,
            )
            for number, index in enumerate(rows, start=1)
            for vote in range(votes)
        )
    )
    clamped = [one.clamped() for one in given]
    marks = [
        (
            index + 1,
            TurnMarks(*(fmean(part) for part in zip(*clamped[k * votes : (k + 1) * votes], strict=True))),
        )
        for k, index in enumerate(rows)
    ]
    return sheet_score(sheet.name, complexity, marks, stopped, settings)


async def score_sheets(
    sheets: Sequence[Sheet],
    judge: TurnJudge,
    settings: MedflowSettings,
    *,
    language: str = "zh",
    record_rows: int | None = None,
    votes: int = 1,
    concurrency: int = 8,
) -> MedflowReport:
    """Score consultations.

    Args:
        record_rows: last rows of each sheet that hold no dialogue; None takes the original's number.
            0 for sheets made from transcripts.

    A consultation in which a call failed is a failure: counted, left out of every mean.

    Raises:
        BudgetError: the run's budget is spent.
    """
    gate = asyncio.Semaphore(concurrency)
    tail = settings.record_rows if record_rows is None else record_rows

    async def one(sheet: Sheet) -> SheetScore | Failure:
        async with gate:
            try:
                return await score_sheet(
                    sheet, judge, settings, language=language, record_rows=tail, votes=votes
                )
            except BudgetError:
                raise
            except ModelError as problem:
                return Failure(stage="judge", kind=problem.kind, message=str(problem), where=sheet.name)

    results = await asyncio.gather(*(one(sheet) for sheet in sheets))
    scored = [result for result in results if isinstance(result, SheetScore)]
    return MedflowReport(
        judge=judge.spec,
        votes=votes,
        sheets=scored,
        failures=[result for result in results if isinstance(result, Failure)],
        groups=grouped(scored),
        overall=fmean(sheet.score for sheet in scored) if scored else None,
    )


def grouped(sheets: Sequence[SheetScore]) -> list[ComplexityGroup]:
    """The summary table, one line a complexity that occurs."""
    groups = []
    for complexity in COMPLEXITIES:
        part = [sheet for sheet in sheets if sheet.complexity == complexity]
        if part:
            groups.append(
                ComplexityGroup(
                    complexity=complexity,
                    n=len(part),
                    base=fmean(sheet.base for sheet in part),
                    score=fmean(sheet.score for sheet in part),
                    rate=100 * fmean(sheet.reached for sheet in part),
                    rounds=fmean(sheet.rounds for sheet in part),
                )
            )
    return groups
