"""What a judge is, and how the work is divided: programs answer what can be counted, judges the rest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.programs import count
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rubric import Item, Rubric, applicable, applicable_without_case
from dialogue_sim.judging.verdict import Verdict
from dialogue_sim.transcript import Transcript


class Judge(Protocol):
    """Answers a rubric's items about a consultation.

    Attributes:
        spec: the one string that names the judge: a model's spec, or `lexicon`.
        deterministic: whether it always answers alike, so that votes add nothing.
    """

    spec: str
    deterministic: bool

    async def judge(
        self,
        transcript: Transcript,
        case: Case | None,
        rubric: Rubric,
        *,
        seed: int,
        vote: int = 0,
        only: Collection[str] | None = None,
    ) -> list[Verdict]:
        """Verdicts on every item the judge is responsible for (see `left_to_judges`) and on every cap.

        Args:
            case: None for a foreign transcript that has no case file.
            vote: 0 is the judge's verdict proper; later votes are further samples.
            only: ids of the items and caps to answer; None means all.

        Raises:
            ModelError: it cannot. Nothing is scored then.
            ConfigError: the rubric asks for something this judge has no means to answer.
        """
        ...


def items_of(transcript: Transcript, case: Case | None, rubric: Rubric) -> list[Item]:
    """The items that apply: by the case, or to a foreign transcript without one."""
    return applicable(rubric, case) if case else applicable_without_case(rubric, transcript.language)


def by_program(reading: Reading, case: Case | None, rubric: Rubric) -> list[Verdict]:
    """The verdicts that programs can reach on this transcript, at most one an item.

    A void transcript (empty, or format only) is settled whole: no judge ever sees it.
    """
    items = items_of(reading.transcript, case, rubric)
    if reading.void:
        ids = [*(item.id for item in items), *(cap.id for cap in rubric.caps)]
        return [
            Verdict(
                item=name, mark="not", value=0.0, why="the doctor said nothing to score",
                method="program", judge="program", flags=["void"],
            )
            for name in ids
        ]  # fmt: skip
    verdicts = []
    for item in items:
        counted = count(item.program, reading, case) if "program" in item.methods else None
        if counted is not None:
            verdicts.append(counted.verdict(item.id, method="program", judge="program"))
    return verdicts


def left_to_judges(
    reading: Reading, case: Case | None, rubric: Rubric, only: Collection[str] | None = None
) -> list[Item]:
    """The applicable items that no program settles on this transcript, or those of them that `only` names."""
    if only is not None:
        # Whoever names items has run the programs already, which cost more than a call of a model.
        return [item for item in items_of(reading.transcript, case, rubric) if item.id in only]
    settled = {verdict.item for verdict in by_program(reading, case, rubric)}
    return [item for item in items_of(reading.transcript, case, rubric) if item.id not in settled]
