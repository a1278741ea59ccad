"""Fixtures over the exemplar cases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from scenes import Scene

from dialogue_sim.cases import Case, load_cases
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric, load_rubric
from dialogue_sim.judging.verdict import Verdict
from dialogue_sim.transcript import Transcript

Judged = Callable[[Transcript, Case | None], Awaitable[dict[str, Verdict]]]


@pytest.fixture(scope="session")
def driver() -> Case:
    """The Chinese exemplar: a taxi driver with chest tightness, an emergency."""
    return load_cases("zh-chest-tightness-driver")[0]


@pytest.fixture(scope="session")
def driver_en() -> Case:
    """Its English parallel."""
    return load_cases("en-chest-tightness-driver")[0]


@pytest.fixture
def scene(driver: Case) -> Scene:
    return Scene(driver)


@pytest.fixture
def scene_en(driver_en: Case) -> Scene:
    return Scene(driver_en)


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return load_rubric()


@pytest.fixture
def judged(rubric: Rubric) -> Judged:
    """Judge with the lexicon judge: returns verdicts by item."""

    async def judge(transcript: Transcript, case: Case | None) -> dict[str, Verdict]:
        judgement = await judge_transcript(transcript, case, rubric, [LexiconJudge()])
        assert not judgement.failures
        return {verdict.item: verdict for verdict in judgement.verdicts}

    return judge
