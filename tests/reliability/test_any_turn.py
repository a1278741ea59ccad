"""Whatever a doctor says, and in whatever pieces, patient and examiner answer it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogue_sim.cases import load_cases
from dialogue_sim.cases.views import examiner_view
from dialogue_sim.judging.readers import read_transcripts
from dialogue_sim.roles.examiner import Examiner
from tests.roles.patients import patient_of

DATA = Path(__file__).parents[3] / "shared" / "data"
CASES = {case.language: case for case in load_cases(["en-heart-skips-student", "zh-heart-skips-student"])}
# What turns consist of when people talk: sounds of thinking, words that point, talk around questions, questions.
PIECES = {
    "en": [
        "um", "uh", "er,", "OK", "so", "and you", "anything like that", "does that", "these", "right", "tell me", "please",
        "Some people faint", "palpitations", "any chest pain", "I ask everyone this", "how long", "when", "or", "not", "I take it",
        "let's do an ECG", "goodbye", "1.", "a.m.", "<UNSURE>", '"', "(", ")", "'s", "-", ":", "",
    ],
    "zh": [
        "嗯", "那个", "好的", "这种情况", "您呢", "有没有", "这样的", "哪一种", "吗", "请问", "告诉我", "有些人会晕倒", "心慌", "胸口疼不疼",
        "我都会问一下", "多久了", "什么时候", "还是", "没有", "做个心电图", "再见", "、", "（", "）", "1、", "<对病人讲>", "“", "”", "：", "",
    ],
}  # fmt: skip
MARKS = {
    "en": [".", "?", ",", "!", ";", "...", "\n", ""],
    "zh": ["。", "？", "，", "！", "；", "……", "\n", "——", ""],
}


@pytest.mark.parametrize("language", ["zh", "en"])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
async def test_a_turn_of_any_pieces_is_answered(language, data):
    joiner = " " if language == "en" else ""
    part = st.lists(st.sampled_from(PIECES[language]), min_size=1, max_size=3).map(joiner.join)
    turn = st.lists(st.tuples(part, st.sampled_from(MARKS[language])).map("".join), max_size=4).map(
        joiner.join
    )
    patient, examiner = patient_of(CASES[language]), Examiner(examiner_view(CASES[language]))
    patient.open()
    for said in data.draw(st.lists(turn, min_size=1, max_size=6)):
        examiner.answer(said)
        assert (await patient.reply(said, [])).text.strip(), said


@pytest.mark.skipif(not DATA.is_dir(), reason=f"public samples are not at {DATA}")
@pytest.mark.parametrize(
    ("place", "name", "language"),
    [
        ("primock57/transcripts.jsonl.gz", "primock57", "en"),
        ("craft-md/transcripts_gpt4/case_0.json", "craft-md", "en"),
        ("ai-hospital/dialog_history_gpt3_sample.jsonl", "ai-hospital", "zh"),
        ("ai-hospital/dialog_history_wenxin_sample.jsonl", "ai-hospital", "zh"),
    ],
)
async def test_what_real_doctors_said_is_answered(place, name, language):
    case = CASES[language]
    examiner, heard = Examiner(examiner_view(case)), 0
    for transcript in read_transcripts(DATA / place, name):
        patient = patient_of(case)
        patient.open()
        for turn in transcript.of("doctor"):
            examiner.answer(turn.text)
            reply = await patient.reply(turn.text, [])
            assert reply.text.strip(), turn.text
            heard += 1
            if reply.left:
                break
    assert heard > 20
