"""What a finished dialogue leaves in memory is bytes: nothing adds up over ten thousand of them."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import tracemalloc
from collections.abc import Iterator

import dialogue_sim.judging
import dialogue_sim.roles
from dialogue_sim.cases import Case, examiner_view, guarded_terms, load_cases, patient_view
from dialogue_sim.consultation import consult
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.roles.patient.fidelity import fidelity
from dialogue_sim.roles.scripted import ScriptedDoctor
from dialogue_sim.runs.scores import Tally
from dialogue_sim.transcript import Transcript

FEW, MANY = 20, 200
MOST_REMEMBERED = 4096  # texts; a run meets a few new ones with every case, so this is full before long
READERS = (dialogue_sim.cases, dialogue_sim.judging, dialogue_sim.roles)


def test_no_cache_goes_on_filling_through_a_long_run():
    found = 0
    for package in READERS:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if bound := getattr(value, "cache_parameters", dict)().get("maxsize"):
                    found += 1
                    assert bound <= MOST_REMEMBERED, (module.name, value)
    assert found > 10


async def test_counting_keeps_nothing_of_a_dialogue_but_numbers():
    case, rubric = load_cases(limit=1)[0], load_rubric(None)
    patient = open_patient(
        patient_view(case), PatientSettings(), guarded_terms=guarded_terms(case), prompts=Prompts(), seed=1
    )
    doctor, examiner = ScriptedDoctor("thorough", case), Examiner(examiner_view(case))
    transcript = await consult(case, doctor, patient, examiner)
    judgement = await judge_transcript(transcript, case, rubric, [LexiconJudge()])
    tally = Tally(rubric)
    held: dict[int, int] = {}

    def read() -> Iterator[tuple[Transcript, Case]]:
        for number in range(FEW + MANY + 1):
            if number in (FEW, FEW + MANY):
                gc.collect()
                held[number] = tracemalloc.get_traced_memory()[0]
            tally.add_marks(judgement.model_copy(deep=True))
            yield transcript.model_copy(deep=True), case

    tracemalloc.start()
    try:
        fidelity(read())
    finally:
        tracemalloc.stop()
    assert (held[FEW + MANY] - held[FEW]) / MANY < 50
