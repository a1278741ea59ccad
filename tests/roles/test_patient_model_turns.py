"""Turns as doctors who are models write them: the complaint by name, lists, announcements, afterthoughts."""

from __future__ import annotations

import pytest

from dialogue_sim.cases import load_cases
from tests.roles.patients import ask, patient_of, record

COMPLAINTS = {
    "en-back-pain-warehouse": "lower back pain",
    "en-breathless-after-flight": "shortness of breath",
    "en-heart-skips-student": "palpitations",
}


@pytest.mark.parametrize("name", COMPLAINTS)
@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("When did your {} start?", "hpi.onset"),
        ("Have you noticed any fever along with your {}?", "ros.fever"),
        ("Was there anything that triggered your {}?", "hpi.trigger"),
        ("Have you seen a doctor or had any tests for your {}?", "care.tests"),
        ("Before we treat your {}, do you have any allergies?", "history.allergy"),
    ],
)
async def test_a_question_that_names_the_complaint_is_about_what_it_asks(name, question, topic):
    (case,) = load_cases(name)
    reply = await ask(patient_of(case), question.format(COMPLAINTS[name]))
    told = {fact.topic for fact in case.patient.facts if fact.id in reply.selection.asked}
    assert topic in told


async def test_what_a_question_includes_goes_on_with_it():
    (case,) = load_cases("zh-breathless-after-flight")
    reply = await ask(patient_of(case), "平时吃什么药？包括避孕药。")
    assert {"drug", "pill"} <= set(reply.selection.disclosed)


async def test_a_symptom_is_described_by_what_was_said_of_it():
    (case,) = load_cases("en-breathless-after-flight")
    turns = ("Have you had any chest pain?", "Can you describe the pain for me?")
    assert (await ask(patient_of(case), *turns)).selection.repeated == ["chest_pain"]


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("en", "Thanks for that. A few questions:\n\n1. **Sleep:** how have you been sleeping?\n2. **Smoking:** do you smoke?"),
        ("en", "Could you tell me more about the following?\n- How have you been sleeping?\n- Do you smoke?"),
        ("zh", "谢谢您。我再了解一下：\n1. **睡眠**：晚上睡得怎么样？\n2. **吸烟**：您抽烟吗？"),
        ("zh", "请您回答下面几个问题：\n- 晚上睡得怎么样？\n- 您抽烟吗？"),
    ],
)  # fmt: skip
async def test_the_items_of_a_list_are_questions_without_their_marks(language, listed):
    reply = await ask(record(language), listed)
    assert set(reply.selection.asked) == {"sleep", "smoking"}
    assert reply.selection.unknown == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "I'll write a prescription and send it to your pharmacy."), ("en", "We will write to your GP with the results."),
        ("en", "I will note it in your medical records."), ("en", "If you faint or the pain spreads, call an ambulance."),
        ("en", "Sorry about that."), ("en", "I have a few more questions for you."), ("en", "Let's make a treatment plan together."),
        ("zh", "等您做完检查后，麻烦告诉我结果。"), ("zh", "您可以先做这个检查，然后再告诉我结果。"), ("zh", "请按照说明书服药。"),
        ("zh", "1. 多喝水，补充体内水分。"), ("zh", "请您依次回答以下问题。"), ("zh", "我还有几个问题想问您。"),
    ],
)  # fmt: skip
async def test_what_only_leads_up_or_announces_asks_nothing(language, said):
    reply = await ask(record(language), said)
    assert reply.selection.asked == reply.selection.unknown == []
    assert reply.selection.specificity == "none"
