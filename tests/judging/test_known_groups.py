"""Consultations of the scripted doctors with the deterministic patient, judged without a model: no mock anywhere."""

import pytest

from dialogue_sim.cases import Case, examiner_view, guarded_terms, load_cases, patient_view
from dialogue_sim.consultation import consult
from dialogue_sim.judging.evidence import quote_stands
from dialogue_sim.judging.lexicon import LexiconJudge
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric, applicable
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.roles.scripted import GRADES, LADDER, ScriptedDoctor
from dialogue_sim.scoring.rollup import DialogueScore, case_score
from dialogue_sim.transcript import Transcript

CASES = (
    "zh-chest-tightness-driver",
    "en-chest-tightness-driver",
    "zh-heart-skips-student",
    "en-headaches-designer",
)


async def hold(case: Case, grade: str) -> Transcript:
    patient = open_patient(
        patient_view(case), PatientSettings(), guarded_terms=guarded_terms(case), prompts=Prompts(), seed=0
    )
    return await consult(case, ScriptedDoctor(grade, case), patient, Examiner(examiner_view(case)))


def rolled_up(rubric: Rubric, case: Case, judgement: Judgement) -> DialogueScore:
    caps = {cap.id for cap in rubric.caps}
    values = {verdict.item: verdict.value for verdict in judgement.verdicts if verdict.item not in caps}
    fired = [verdict.item for verdict in judgement.verdicts if verdict.item in caps and verdict.mark == "met"]
    return case_score(rubric.shape(), values, applicable=[i.id for i in applicable(rubric, case)], caps=fired)


@pytest.mark.parametrize("name", CASES)
async def test_doctors_of_known_grade_come_out_in_order_and_on_evidence(name: str, rubric: Rubric) -> None:
    (case,) = load_cases(name)
    scores: dict[str, DialogueScore] = {}
    for grade in GRADES:
        transcript = await hold(case, grade)
        judgement = await judge_transcript(transcript, case, rubric, [LexiconJudge()])
        scores[grade] = rolled_up(rubric, case, judgement)
        unproven = [
            verdict.item
            for verdict in judgement.verdicts
            if verdict.value and not quote_stands(verdict.quote, verdict.turns, transcript)
        ]
        assert unproven == [], grade
    ladder = [scores[grade].score for grade in LADDER]
    assert ladder == sorted(set(ladder)), ladder
    assert ladder[0] <= 5
    assert ladder[-1] >= 80
    cold, warm = scores["cold"].dimensions, scores["warm"].dimensions
    assert cold["process"] > warm["process"]
    assert cold["outcome"] > warm["outcome"]
    assert warm["communication"] > cold["communication"]


async def test_equal_input_gives_equal_judgement(rubric: Rubric, driver: Case) -> None:
    one, other = await hold(driver, "expert"), await hold(driver, "expert")
    assert one == other
    first = await judge_transcript(one, driver, rubric, [LexiconJudge()])
    assert first == await judge_transcript(other, driver, rubric, [LexiconJudge()])
