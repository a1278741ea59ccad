"""Every rule of the linter catches the fault it is for, in a case that was clean before."""

import re
from pathlib import Path

import pytest

from dialogue_sim.cases.lint import RULES, lint
from dialogue_sim.cases.lint.fixes import fix_text
from dialogue_sim.resources import bundled

CLEAN = bundled("cases") / "en" / "en-headaches-designer.yaml"
CHINESE = bundled("cases") / "zh" / "zh-chest-tightness-driver.yaml"


def lines_of(source: Path) -> str:
    return source.read_text(encoding="utf-8")


def planted(tmp_path: Path, source: Path, old: str, new: str) -> Path:
    """A copy of a case in which the first `old`, a pattern, is `new`."""
    text, found = re.subn(
        old if old.startswith("(?") else re.escape(old), lambda _: new, lines_of(source), count=1
    )
    assert found, old
    file = tmp_path / source.name
    file.write_text(text, encoding="utf-8")
    return file


FAULTS = [
    ("diagnosis_hidden", CHINESE, "title: 胸口发闷三小时的出租车司机", "title: 一位下壁心梗的出租车司机"),
    ("diagnosis_hidden", CHINESE, "双肺呼吸音清", "符合急性下壁心肌梗死"),
    ("results_describe", CHINESE, "左室下壁运动减弱", "左室下壁运动减弱，考虑为缺血"),
    ("facts_askable", CHINESE, r"(?<=约20小时前口服西地那非1片), ask: \[[^]]*\]", ""),
    ("diagnosis_hidden", CHINESE, "  unrecorded: |\n", "  unrecorded: |\n    以前得过下壁心梗吗？\n"),
    ("questions_apart", CHINESE, "  unrecorded: |\n", "  unrecorded: |\n    Any pets at home?\n"),
    (
        "questions_apart",
        CHINESE,
        "    onset: |\n",
        "    onset site: |\n      同一句话。\n    onset: |\n      同一句话。\n",
    ),
    ("facts_differ", CHINESE, "say: 没发烧。", "say: 不咳嗽，也没痰。"),
    ("signs_agree", CHINESE, "say: 没发烧。", "say: 烧得厉害。"),
    ("spoken_language", CHINESE, "say: 没发烧。", "say: No fever."),
    ("spoken_language", CHINESE, "say: 有点气短，平躺着倒还行。", "say: 肌钙蛋白没查过，有点气短。"),
    ("aliases_unique", CHINESE, "names: [血糖, 随机血糖]", "names: [血糖, 血常规]"),
    ("must_tests_answered", CHINESE, "names: [心电图, ECG, 十八导联心电图]", "names: [十八导联心电图]"),
    ("cues_can_fire", CHINESE, "'topic:history.family'", "'topic:gyn.menstruation'"),
    ("cues_can_fire", CHINESE, "'turn:3'", "'turn:29'"),
    ("flags_and_plan", CHINESE, "match: [硝酸甘油, 硝酸异山梨酯, 消心痛]", "match: [阿司匹林]"),
    ("flags_and_plan", CHINESE, "match: [阿司匹林]", "match: [阿司匹林, 药]"),
    ("provenance_told", CHINESE, "canary: dialogue-sim-canary-zh-chest-tightness-driver-5f1c\n", ""),
    ("parts_recorded", CHINESE, "urgency: emergency", "urgency: not_recorded"),
    ("vitals_possible", CHINESE, "temperature: 36.5 ℃", "temperature: 365 ℃"),
    ("vitals_possible", CHINESE, "blood_pressure: 148/92 mmHg", "blood_pressure: 92/148 mmHg"),
    ("schema", CHINESE, "status: denied", "status: unsure"),
    ("layout", CHINESE, "say: 没发烧。", "say: 没发烧!没咳嗽。"),
    ("parallels_match", CHINESE, "parallel: en-chest-tightness-driver", "parallel: en-headaches-designer"),
]


@pytest.mark.parametrize(
    ("rule", "source", "old", "new"), FAULTS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FAULTS)]
)
def test_a_planted_fault_is_caught_by_its_rule(tmp_path, rule, source, old, new):
    file = planted(tmp_path, source, old, new)
    found = lint([file])
    assert rule in {finding.rule for finding in found.findings}, [str(f) for f in found.findings]
    assert not found.fit(strict=True)


def test_a_case_of_few_facts_is_caught(tmp_path):
    text = lines_of(CHINESE)
    kept = [
        line for line in text.splitlines() if not ("topic:" in line and "denied" in line) or "onset" in line
    ]
    kept = [line for line in kept if "relief" not in line or "plan" in line]
    file = tmp_path / CHINESE.name
    file.write_text("\n".join(kept), encoding="utf-8")
    rules = {finding.rule for finding in lint([file]).findings}
    assert {"fact_counts", "schema"} & rules


def test_every_rule_has_a_planted_fault():
    tested = {fault[0] for fault in FAULTS} | {"fact_counts"}
    assert set(RULES) <= tested


def test_fixing_is_mechanical_and_ends(tmp_path):
    file = planted(tmp_path, CHINESE, "say: 没发烧。", "say: 没发烧!没咳嗽。  ")
    found = lint([file], fix=True)
    assert found.fixed == [file]
    assert "没发烧！没咳嗽。" in lines_of(file)
    assert not [finding for finding in lint([file]).findings if finding.rule == "layout"]
    assert fix_text(lines_of(file), "x", "zh") == lines_of(file)


def test_a_missing_canary_is_made(tmp_path):
    file = planted(tmp_path, CHINESE, "canary: dialogue-sim-canary-zh-chest-tightness-driver-5f1c\n", "")
    lint([file], fix=True)
    assert "canary: dialogue-sim-canary-zh-chest-tightness-driver-" in lines_of(file)
