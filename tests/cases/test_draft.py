"""A drafted case holds nothing that the record does not: the model copies, the program checks."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialogue_sim.authoring.drafting import (
    IdentifierError,
    draft,
    language_of,
    passages_of,
    refuse_identifiers,
    span_of,
)
from dialogue_sim.cases import load_case
from dialogue_sim.cli.app import app
from dialogue_sim.models.errors import FatalError, MalformedError
from dialogue_sim.models.python_function import FunctionModel
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.prompts import Prompts

RECORD = """A 47-year-old woman presents with pain in the right upper abdomen since last night.
It began after a fatty meal and goes to the right shoulder. She denies fever, jaundice and dark urine.
She takes an oral contraceptive and is allergic to codeine.
On examination: temperature 37.4 °C, pulse 92/min, blood pressure 128/78 mmHg. Murphy's sign is positive.
Ultrasound: gallbladder wall 5 mm with stones.
Impression: acute cholecystitis. Differential: peptic ulcer. Plan: admit to surgery, intravenous fluids.
"""
CHINESE = """患者，女，47岁，昨晚进食油腻食物后出现右上腹疼痛，向右肩放射，伴恶心，无发热，无皮肤黄染。
平时口服避孕药，对可待因过敏。
查体：体温37.4℃，脉搏92次/分，血压128/78mmHg，墨菲征阳性。
超声：胆囊壁厚5 mm，内有结石。
诊断：急性胆囊炎。处理：收入外科，静脉补液。
"""
FACTS = [
    {"quote": "pain in the right upper abdomen", "status": "affirmed", "topic": "ros.abdominal_pain", "say": "My tummy hurts on the right."},
    {"quote": "after a fatty meal", "status": "affirmed", "topic": "hpi.trigger", "say": "It came on after 3 fry-ups."},
    {"quote": "denies fever", "status": "affirmed", "topic": "ros.fever", "say": "No fever."},
    {"quote": "jaundice and dark urine", "status": "denied", "topic": "ros.yellowness", "say": ""},
    {"quote": "allergic to  CODEINE", "status": "affirmed", "topic": "history.allergy", "say": "I'm allergic to codeine."},
    {"quote": "smokes twenty a day", "status": "affirmed", "topic": "social.smoking", "say": "I smoke."},
    {"quote": "acute cholecystitis", "status": "affirmed", "topic": "history.past", "say": "I have a bad gallbladder."},
]  # fmt: skip
FINDINGS = [
    {"quote": "Murphy's sign is positive", "kind": "examination", "name": "Murphy's sign"},
    {"quote": "gallbladder wall 5 mm with stones", "kind": "test", "name": "Ultrasound"},
    {"quote": "bilirubin 40", "kind": "test", "name": "Liver tests"},
]  # fmt: skip
REFERENCE = {
    "complaint": "pain in the right upper abdomen since last night", "diagnosis": "acute cholecystitis",
    "differential": ["peptic ulcer", "pancreatitis"], "plan": ["admit to surgery", "start ceftriaxone"],
}  # fmt: skip


def copyist(messages):
    """Answers as a model might: most of it copied, some of it made up."""
    text = messages[-1]["content"]
    if '"complaint":' in text:
        return json.dumps(REFERENCE)
    return json.dumps({"facts": FACTS, "findings": FINDINGS})


def chinese_copyist(messages):
    text = messages[-1]["content"]
    if '"complaint"' in text:
        return json.dumps(
            {"complaint": "右上腹疼痛", "diagnosis": "急性胆囊炎", "differential": [], "plan": ["静脉补液"]},
            ensure_ascii=False,
        )
    facts = [
        {"quote": "向右肩放射", "status": "affirmed", "topic": "hpi.radiation", "say": "疼得串到右肩膀。"},
        {"quote": "无发热", "status": "affirmed", "topic": "ros.fever", "say": "没发烧。"},
        {"quote": "对可待因过敏", "status": "affirmed", "topic": "history.allergy", "say": "I am allergic."},
        {"quote": "吸烟20年", "status": "affirmed", "topic": "social.smoking", "say": "抽了二十年烟。"},
    ]  # fmt: skip
    findings = [{"quote": "墨菲征阳性", "kind": "examination", "name": "查体"}]
    return json.dumps({"facts": facts, "findings": findings}, ensure_ascii=False)


async def made(function, text=RECORD):
    model = FunctionModel(function, "python:test")
    return await draft(text, model, ModelSettings(attempts=1), Prompts(), case_id="en-x", file="x.txt")


async def test_only_what_stands_in_the_record_is_kept():
    result = await made(copyist)
    case = result.case
    by_topic = {fact.topic: fact for fact in case.patient.facts}
    assert "social.smoking" not in by_topic
    assert {d.text for d in result.dropped if d.kind == "unsupported_fact"} == {"smokes twenty a day"}
    assert {d.text for d in result.dropped if d.kind == "unsupported_finding"} == {"bilirubin 40"}
    assert [entry.names for entry in case.judge.differential] == [["peptic ulcer"]]
    assert [action.action for action in case.judge.plan] == ["admit to surgery"]
    assert case.judge.diagnosis.primary == "acute cholecystitis"
    assert case.examiner.vitals.blood_pressure == "128/78 mmHg"
    assert case.split == "private"


async def test_every_fact_has_its_place_in_the_record():
    result = await made(copyist)
    for fact in result.case.patient.facts:
        span = result.spans[f"facts.{fact.id}"]
        assert RECORD[span.start : span.end] == span.text
        assert set(re.findall(r"\w+", fact.record.casefold())) <= set(
            re.findall(r"\w+", span.text.casefold())
        )
    assert any(key.startswith("findings.") for key in result.spans)
    assert RECORD[slice(*result.spans["diagnosis"][:2])] == "acute cholecystitis"


async def test_denial_is_read_off_the_record_and_not_believed():
    result = await made(copyist)
    fever = next(fact for fact in result.case.patient.facts if fact.topic == "ros.fever")
    assert fever.status == "denied"
    assert any(d.kind == "status_corrected" and "denies fever" in d.text for d in result.dropped)


async def test_a_quotation_that_lists_is_taken_apart_and_one_that_measures_is_moved():
    def lumps(messages):
        if '"complaint":' in messages[-1]["content"]:
            return "{}"
        quotes = [
            "She denies fever, jaundice and dark urine",
            "Murphy's sign is positive",
            "Plan: admit to surgery",
        ]
        return json.dumps(
            {"facts": [{"quote": q, "status": "affirmed", "say": "She says so."} for q in quotes]}
        )

    result = await made(lumps)
    facts = result.case.patient.facts
    assert {(fact.topic, fact.status) for fact in facts} == {
        ("ros.fever", "denied"), ("ros.jaundice", "denied"), ("general.urine", "denied"),
    }  # fmt: skip
    assert all(result.spans[f"facts.{fact.id}"].text.startswith("She denies") for fact in facts)
    assert result.case.examiner.examinations[0].result == "Murphy's sign is positive"


async def test_a_sentence_that_adds_a_number_gives_way_to_the_record():
    result = await made(copyist)
    trigger = next(fact for fact in result.case.patient.facts if fact.topic == "hpi.trigger")
    assert "3" not in trigger.say
    assert any(d.kind == "say_replaced" and "fry-ups" in d.text for d in result.dropped)


async def test_the_patient_never_gets_the_diagnosis():
    result = await made(copyist)
    assert not any("cholecystitis" in fact.record + fact.say for fact in result.case.patient.facts)
    assert any(warning.kind == "names_diagnosis" for warning in result.warnings)


async def test_a_chinese_record(tmp_path):
    result = await made(chinese_copyist, CHINESE)
    by_topic = {fact.topic: fact for fact in result.case.patient.facts}
    assert by_topic["ros.fever"].status == "denied"
    assert by_topic["hpi.radiation"].say == "疼得串到右肩膀。"
    assert by_topic["history.allergy"].say == "对可待因过敏。"
    assert "social.smoking" not in by_topic
    assert (result.case.patient.demographics.age, result.case.patient.demographics.sex) == (47, "female")
    assert result.case.examiner.vitals.temperature == "37.4℃"


async def test_a_passage_that_cannot_be_read_is_a_failure_and_not_an_empty_one():
    calls = []

    def broken(messages):
        calls.append(messages)
        return copyist(messages) if '"complaint":' in messages[1]["content"] else "I'd rather not."

    result = await made(broken)
    assert len(result.failures) == 1
    assert "malformed" in result.failures[0]
    assert result.case.judge.diagnosis.primary == "acute cholecystitis"


async def test_a_model_that_answers_nothing_raises():
    with pytest.raises(MalformedError):
        await made(lambda messages: "no")

    def dead(messages):
        raise RuntimeError("no such host")

    with pytest.raises(FatalError):
        await made(dead)


def test_identifiers_are_refused():
    refuse_identifiers(RECORD)
    refuse_identifiers(CHINESE)
    with pytest.raises(IdentifierError, match="nothing was sent"):
        refuse_identifiers("Name: John Smith. " + RECORD)


SPY = """
from pathlib import Path
def asked(messages):
    Path("asked").write_text("yes")
    from test_draft import copyist
    return copyist(messages)
"""


def test_the_command_refuses_before_any_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    (tmp_path / "draft_spy.py").write_text(SPY, encoding="utf-8")
    record = tmp_path / "record.txt"
    record.write_text("Patient: Jane Doe\n" + RECORD, encoding="utf-8")
    arguments = ["case", "draft", str(record), "--model", "python:draft_spy:asked", "--json"]
    refused = CliRunner().invoke(app, arguments)
    assert isinstance(refused.exception, IdentifierError)
    assert not (tmp_path / "asked").exists()
    assert not list(tmp_path.glob("*.yaml"))
    allowed = CliRunner().invoke(app, [*arguments, "--allow-identifiers"])
    assert allowed.exit_code == 0, allowed.output
    assert (tmp_path / "asked").exists()
    summary = json.loads(allowed.stdout)
    case = load_case(tmp_path / "en-record.yaml")
    assert summary["facts"] == len(case.patient.facts)
    spans = json.loads((tmp_path / "en-record.spans.json").read_text(encoding="utf-8"))
    assert set(spans["spans"]) >= {f"facts.{fact.id}" for fact in case.patient.facts}


def test_passages_lose_nothing_and_end_at_sentences():
    long = RECORD * 5
    parts = list(passages_of(long, "en"))
    assert len(parts) > 1
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", long)
    assert all(part.strip()[-1] in ".!?" for part in parts)


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("denies  fever", "She denies\nfever today", "denies\nfever"),
        ("Fever", "no fever", "fever"),
        ("no fever.", "no fever, no cough", "no fever"),
        ("fevers", "no fever", None),
        ("", "no fever", None),
        ("(5 mm)", "stone (5 mm)", "(5 mm)"),
    ],
)
def test_a_quotation_stands_in_the_text_or_does_not(quote, text, found):
    span = span_of(quote, text)
    assert (span and span.text) == found


def test_the_language_of_a_record():
    assert language_of(RECORD) == "en"
    assert language_of(CHINESE) == "zh"
    assert language_of("患者 CT MRI") == "zh"
