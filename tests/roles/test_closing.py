"""The closing block is read from whatever form a doctor writes it in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue_sim.cases import doctor_view, load_cases
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.closing import parse_closing
from dialogue_sim.roles.doctor import ModelDoctor

CHINESE = """**最可能诊断**：急性下壁心肌梗死
**鉴别诊断**：
1. 主动脉夹层
2. 肺栓塞
建议检查：心电图、肌钙蛋白、凝血功能
处置：
- 立即拨打120
- 嚼服阿司匹林300 mg"""

ENGLISH = """## Most likely diagnosis
Acute inferior myocardial infarction
## Differential diagnosis
- Aortic dissection
- Pulmonary embolism
## Tests
ECG; troponin
## Management plan
1. Call 999 now
2. Chew aspirin 300 mg"""


def test_headed_sections_in_chinese():
    block = parse_closing(CHINESE)
    assert block is not None
    assert block.diagnosis == "急性下壁心肌梗死"
    assert block.differential == ["主动脉夹层", "肺栓塞"]
    assert block.tests == ["心电图", "肌钙蛋白", "凝血功能"]
    assert block.plan == ["立即拨打120", "嚼服阿司匹林300 mg"]


def test_headed_sections_in_english():
    block = parse_closing(ENGLISH)
    assert block is not None
    assert block.diagnosis == "Acute inferior myocardial infarction"
    assert block.differential == ["Aortic dissection", "Pulmonary embolism"]
    assert block.tests == ["ECG", "troponin"]
    assert block.plan == ["Call 999 now", "Chew aspirin 300 mg"]


@pytest.mark.parametrize(
    "text",
    [
        "您好，哪里不舒服？",
        "诊断要等检查结果。",
        "The diagnosis is not clear yet.",
        "诊断：感冒",
        "Plan: rest.",
        "",
        "检查：血常规\n治疗：休息",
    ],
)
def test_ordinary_talk_is_no_closing_block(text):
    assert parse_closing(text) is None


@given(st.text(max_size=500))
def test_no_text_crashes_the_reader(text):
    block = parse_closing(text)
    assert block is None or (block.diagnosis and len(block.differential) <= 5)


class WritesSections:
    """A doctor that puts its conclusion under headings, whatever form it is asked for."""

    spec = "sections"

    def __init__(self) -> None:
        self.asked = 0

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        self.asked += 1
        return Reply(text=ENGLISH)

    async def close(self) -> None: ...


async def test_a_conclusion_in_sections_is_taken_as_it_is_and_not_asked_for_again():
    (case,) = load_cases(["en-headaches-designer"])
    model = WritesSections()
    reply = await ModelDoctor(model, doctor_view(case), Prompts()).conclude([])
    assert model.asked == 1
    assert reply.closing is not None
    assert reply.closing == parse_closing(ENGLISH)
