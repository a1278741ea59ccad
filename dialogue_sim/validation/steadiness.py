"""Does the truth hold still? Personas change wording and pace only; a parallel case is one story in two languages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean

from dialogue_sim.cases import Case, examiner_view
from dialogue_sim.consultation import consult
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient.persona import VALUES
from dialogue_sim.roles.scripted import ScriptedDoctor
from dialogue_sim.scoring.intervals import wilson
from dialogue_sim.transcript import Selection, Transcript
from dialogue_sim.validation.checks import Check, told
from dialogue_sim.validation.understanding import PART, Clinic

COVERAGE_APART, SAME_FACTS = 0.02, 0.95
ASKER = "thorough"
"""The scripted doctor of both claims: it asks everything that the case records, in the case's order."""


async def persona_check(clinic: Clinic, cases: Sequence[Case]) -> Check:
    """Coverage of the facts that are not withheld, under every trait in turn: the widest difference.

    Raises:
        ModelError: the patient's model did not answer.
    """
    means = {}
    for trait in (trait for traits in VALUES.values() for trait in traits):
        held = [(case, await _held(clinic.with_persona(trait), case)) for case in cases]
        means[trait] = fmean(_coverage(case, transcript) for case, transcript in held)
    low, high = min(means, key=lambda t: means[t]), max(means, key=lambda t: means[t])
    return Check(
        part=PART,
        name=told("check_personas"),
        claim=told("claim_personas", most=f"{COVERAGE_APART:.0%}"),
        found=told(
            "found_personas",
            low=low,
            least=f"{means[low]:.1%}",
            high=high,
            most=f"{means[high]:.1%}",
            traits=len(means),
            cases=len(cases),
        ),
        holds=means[high] - means[low] <= COVERAGE_APART,
    )


async def parallel_check(clinic: Clinic, cases: Sequence[Case]) -> Check | None:
    """Share of turns in which the two languages of a parallel case give the same facts; None without a pair.

    Raises:
        ModelError: the patient's model did not answer.
    """
    known = {case.id: case for case in cases}
    pairs = [(one, known[one.parallel]) for one in cases if one.language == "zh" and one.parallel in known]
    same = of = 0
    for pair in pairs:
        zh, en = [_given(await _held(clinic, case)) for case in pair]
        same += sum(a == b for a, b in zip_longest(zh, en))
        of += max(len(zh), len(en))
    if not of:
        return None
    low, high = wilson(same / of, of)
    return Check(
        part=PART,
        name=told("check_parallel"),
        claim=told("check_at_least", least=f"{SAME_FACTS:.0%}"),
        found=told(
            "found_parallel",
            rate=f"{same / of:.1%}",
            same=same,
            of=of,
            pairs=len(pairs),
            low=f"{low:.1%}",
            high=f"{high:.1%}",
        ),
        holds=same / of >= SAME_FACTS,
    )


async def _held(clinic: Clinic, case: Case) -> Transcript:
    return await consult(
        case, ScriptedDoctor(ASKER, case), clinic.patient(case, case.id), Examiner(examiner_view(case))
    )


def _told(selection: Selection) -> set[str]:
    return {*selection.disclosed, *selection.volunteered, *selection.repeated}


def _given(transcript: Transcript) -> list[set[str]]:
    """The facts of each patient turn."""
    return [_told(turn.selection) for turn in transcript.turns if turn.selection]


def _coverage(case: Case, transcript: Transcript) -> float:
    """Share of the facts that need no probing which the patient gave."""
    free = {fact.id for fact in case.patient.facts if fact.disclosure != "on_probe"}
    return len(free & set().union(*_given(transcript))) / len(free) if free else 1.0
