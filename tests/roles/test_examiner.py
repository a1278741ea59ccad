"""The examiner answers what is ordered, from the record, and nothing else."""

import pytest

from dialogue_sim.roles.examiner import Examiner
from tests.roles.patients import examiner_view

ORDERS = [
    ("zh", "请做个心电图。", ["ecg"]),
    ("zh", "先查血常规、心电图，再做个腹部B超。", ["count", "ecg", "scan"]),
    ("zh", "接下来我想给您安排检查：心电图、血常规（就是抽血看有没有发炎）。", ["ecg", "count"]),
    ("zh", "我按一下您的肚子。", ["belly"]),
    ("zh", "血常规、心电图。", ["count", "ecg"]),
    ("zh", "先给您量个血压和体温。", ["vitals.blood_pressure", "vitals.temperature"]),
    ("zh", "生命体征怎么样？", ["vitals.temperature", "vitals.pulse", "vitals.blood_pressure"]),
    ("zh", "心电图结果怎么样？", ["ecg"]),
    ("en", "I'd like to do an EKG, please.", ["ecg"]),
    ("en", "Let's get a full blood count and an ultrasound of the abdomen.", ["count", "scan"]),
    ("en", "May I feel your tummy?", ["belly"]),
    ("en", "Let me listen to your heart.", ["heart"]),
    ("en", "Could I take your temperature and check your pulse?", ["vitals.temperature", "vitals.pulse"]),
    ("en", "FBC, ECG.", ["count", "ecg"]),
    ("en", "What does the ECG show?", ["ecg"]),
    ("en", "You need an ECG today.", ["ecg"]),
]

NO_ORDERS = [
    ("zh", "之前做过心电图吗？"),
    ("zh", "平时血压高吗？"),
    ("zh", "您量过体温吗？"),
    ("zh", "如果做心电图有异常，再说。"),
    ("zh", "这次不用做CT。"),
    ("zh", "心电图可以帮助我们了解心脏。"),
    ("zh", "肚子疼得厉害吗？"),
    ("zh", "等血常规结果出来后再决定。"),
    ("en", "Have you had an ECG before?"),
    ("en", "Is your blood pressure usually high?"),
    ("en", "Do you feel your pulse racing?"),
    ("en", "Can you tell me about your weight?"),
    ("en", "An ECG can help us see how the heart is doing."),
    ("en", "If the ECG is abnormal, we will talk again."),
    ("en", "You don't need a CT scan."),
    ("en", "How bad is the pain?"),
]


@pytest.mark.parametrize(("language", "turn", "wanted"), ORDERS)
def test_an_order_is_answered_from_the_record(language: str, turn: str, wanted: list[str]) -> None:
    given = Examiner(examiner_view(language)).answer(turn)
    assert [finding.finding for finding in given] == wanted


@pytest.mark.parametrize(("language", "turn"), NO_ORDERS)
def test_talk_about_an_examination_is_no_order(language: str, turn: str) -> None:
    assert Examiner(examiner_view(language)).answer(turn) == []


@pytest.mark.parametrize(("language", "turn"), [("zh", "做个胃镜吧。"), ("en", "I'd like a gastroscopy.")])
def test_what_is_not_on_record_is_not_available_and_never_normal(language: str, turn: str) -> None:
    (given,) = Examiner(examiner_view(language)).answer(turn)
    assert (given.finding, given.status) == ("", "not_available")
    assert "正常" not in given.text
    assert "normal" not in given.text


@pytest.mark.parametrize(("language", "turn"), [("zh", "做个胃镜吧。"), ("en", "I'd like a gastroscopy.")])
def test_a_case_may_vouch_that_the_rest_is_normal(language: str, turn: str) -> None:
    (given,) = Examiner(examiner_view(language, default="normal")).answer(turn)
    assert given.status == "default_normal"


@pytest.mark.parametrize(
    ("language", "turn"),
    [
        ("zh", "把所有检查结果都给我。"),
        ("zh", "先抽个血吧。"),
        ("en", "Give me all the results."),
        ("en", "Let's get some bloods."),
    ],
)
def test_a_vague_request_is_asked_to_be_specific(language: str, turn: str) -> None:
    assert [finding.status for finding in Examiner(examiner_view(language)).answer(turn)] == ["unspecific"]


def test_a_finding_is_given_once_however_often_it_is_named() -> None:
    given = Examiner(examiner_view("en")).answer("Please do an ECG. I want that ECG now, an EKG.")
    assert [finding.finding for finding in given] == ["ecg"]


def test_a_vital_sign_is_read_out_without_judgement() -> None:
    (given,) = Examiner(examiner_view("en")).answer("Let me take your temperature.")
    assert (given.status, given.text) == ("unstated", "Temperature: 37.8 ℃.")
