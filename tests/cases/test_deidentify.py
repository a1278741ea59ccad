"""What identifies a patient is found and replaced; clinical language is left alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dialogue_sim.cases import load_case
from dialogue_sim.cases.deidentify import find, is_identity_number, is_nhs_number, redact
from dialogue_sim.cli.app import app
from dialogue_sim.resources import bundled

FOUND = [
    ("姓名：李建国", "name", "李建国"),
    ("患者姓名: 欧阳静怡  性别：女", "name", "欧阳静怡"),
    ("患者张伟，男，45岁", "name", "张伟"),
    ("张秀英，女，63岁，退休", "name", "张秀英"),
    ("病人周XX，男，34岁", "name", "周XX"),
    ("王某某，男，6个月", "name", "王某某"),
    ("由女儿刘丽陪同就诊", "name", "刘丽"),
    ("昨日找陈国强医生看过", "name", "陈国强"),
    ("王主任建议手术", "name", "王"),
    ("孙阿姨说睡不好", "name", "孙"),
    ("身份证号：11010519491231002X", "id_number", "11010519491231002X"),
    ("号码11010519491231002X已登记", "id_number", "11010519491231002X"),
    ("联系电话：13812345678", "phone", "13812345678"),
    ("电话 0377-63212345", "phone", "0377-63212345"),
    ("微信号：lijg_1958", "account", "lijg_1958"),
    ("邮箱li.jg@example.com", "email", "li.jg@example.com"),
    ("住院号：20230012345", "record_number", "20230012345"),
    ("病理号 S2023-0456", "record_number", "S2023-0456"),
    ("床号：12", "bed", "床号：12"),
    ("23床患者诉胸闷", "bed", "23床"),
    (
        "家庭住址：河南省南阳市卧龙区中州路123号2单元501室",
        "address",
        "河南省南阳市卧龙区中州路123号2单元501室",
    ),
    ("家住幸福新村3号楼", "address", "幸福新村3号楼"),
    ("昨日在南阳市中心医院就诊", "hospital", "南阳市中心医院"),
    ("转入北京协和医院", "hospital", "北京协和医院"),
    ("于华西医院行冠脉造影", "hospital", "华西医院"),
    ("2023年5月12日入院", "date", "2023年5月12日"),
    ("5月12日复查", "date", "5月12日"),
    ("B超（2016-7-22）示", "date", "2016-7-22"),
    ("2020.2.27 CT", "date", "2020.2.27"),
    ("Name: John A. Smith", "name", "John A. Smith"),
    ("PATIENT NAME: SMITH, John", "name", "SMITH, John"),
    ("Mr O'Brien has chest pain", "name", "O'Brien"),
    ("seen by Dr. Jones today", "name", "Dr. Jones"),
    ("Her husband Peter drove her", "name", "Peter"),
    ("Margaret Thornley is a retired nurse", "name", "Margaret Thornley"),
    ("My name is Zbigniew Nowak.", "name", "Zbigniew Nowak"),
    ("NHS number 943 476 5919", "id_number", "943 476 5919"),
    ("his SSN is 123-45-6789", "id_number", "123-45-6789"),
    ("MRN: AB-123456", "record_number", "AB-123456"),
    ("Hospital number 7788123", "record_number", "7788123"),
    ("Ward 7B, bed 12", "bed", "Ward 7B"),
    ("Tel: 020 7946 0958", "phone", "020 7946 0958"),
    ("call (555) 123-4567", "phone", "(555) 123-4567"),
    ("mobile 07700 900123", "phone", "07700 900123"),
    ("+44 20 7946 0958", "phone", "+44 20 7946 0958"),
    ("lives at 14 Baker Street, London NW1 6XE", "address", "14 Baker Street, London NW1 6XE"),
    ("postcode NW1 6XE", "address", "NW1 6XE"),
    ("from Springfield, IL 62704", "address", "Springfield, IL 62704"),
    ("admitted to St Mary's Hospital", "hospital", "St Mary's Hospital"),
    ("reviewed at the Mayo Clinic", "hospital", "Mayo Clinic"),
    ("on 12 May 2023", "date", "12 May 2023"),
    ("May 12th, 2023", "date", "May 12th, 2023"),
    ("DOB 12/05/1961", "date", "12/05/1961"),
    ("seen 2022-05-11T10:20:00Z", "date", "2022-05-11T10:20:00Z"),
    ("in March 2019", "date", "March 2019"),
    ("details at https://portal.example.org/p/123", "web", "https://portal.example.org/p/123"),
]
CLINICAL = [
    "患者高血压10年，平素体健，其子高热，父亲高血压。",
    "在当地医院治疗，外院诊断不详，到县人民医院就诊，建议转上级医院。",
    "卧床8年，3月龄患儿，发病2天，孕32周，停经6月余。",
    "血压120/80 mmHg，肌力4/5，WBC 13.2×10^9/L，NRS 3-4分，第12胸椎。",
    "向医生说明情况，和医生约好复查，和家属商量，任何药物均未使用。",
    "白细胞升高，黄疸，方便面吃多了，于今晨加重，时有头晕。",
    "2019年行阑尾切除术，近20年吸烟，每日20支。",
    "BP 120/80, HR 88, pain 4/5, K 3.9 mmol/L, T 36.5 °C, SpO2 98 %.",
    "Crohn's disease, Graves disease, Murphy sign, Wells score 4, McBurney tenderness.",
    "He may 12 hours later feel better; she will rest. Took 2 tablets at 10:30.",
    "Referred to the local hospital; seen in the Dermatology Clinic of the University Hospital.",
    "Smoked 20 a day for 30 years, stopped in 2015. Gestation 32+4. Grade 2/6 murmur.",
    "Mother: type 2 diabetes. Father: myocardial infarction at 52. GP: none.",
]


@pytest.mark.parametrize(("text", "kind", "what"), FOUND)
def test_it_is_found_and_replaced(text, kind, what):
    found = {(finding.kind, finding.text) for finding in find(text)}
    assert (kind, what) in found
    clean = redact(text)
    assert what not in clean
    assert not find(clean)


@pytest.mark.parametrize("text", CLINICAL)
def test_clinical_language_is_left_alone(text):
    assert find(text) == []
    assert redact(text) == text


def test_check_digits():
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
    assert not is_identity_number("11010519491331002X")
    assert is_nhs_number("9434765919")
    assert not is_nhs_number("9434765918")


def test_findings_stand_where_they_say_and_do_not_overlap():
    text = "\n".join(text for text, _, _ in FOUND)
    last = 0
    for finding in find(text):
        assert text[finding.start : finding.end] == finding.text
        assert finding.start >= last
        last = finding.end


@given(st.lists(st.sampled_from([row[0] for row in FOUND] + CLINICAL), max_size=6), st.text(max_size=20))
def test_redacted_text_holds_nothing_more(parts, noise):
    assert find(redact(noise.join(parts))) == []


def test_bundled_cases_name_nobody_but_the_invented_patient():
    kinds = set()
    for path in sorted(bundled("cases").glob("*/*.yaml")):
        text = path.read_text(encoding="utf-8")
        said, _, asked = text[text.index("  opening:") :].partition("\nquestions:\n")
        kinds |= {(finding.kind, finding.text) for finding in find(said)}
        # Doctors ask for "which hospital", and call the patient by the name that was invented.
        own = load_case(path).patient.demographics.name
        kinds |= {(f.kind, f.text) for f in find(asked) if f.kind != "hospital" and f.text not in own}
    # A public helpline is the one number that belongs in a case.
    assert kinds <= {("phone", "0808 2000 247")}


def test_the_command_says_what_where_and_fails_until_it_is_gone(tmp_path):
    record = tmp_path / "record.txt"
    record.write_text("主诉：胸闷\n患者张伟，男，45岁，电话13812345678。\n", encoding="utf-8")
    clean = tmp_path / "clean.txt"
    ran = CliRunner().invoke(app, ["case", "deidentify", str(record), "--redact", str(clean), "--json"])
    assert ran.exit_code == 1
    rows = json.loads(ran.stdout)
    assert [(row["kind"], row["line"]) for row in rows] == [("name", 2), ("phone", 2)]
    assert CliRunner().invoke(app, ["case", "deidentify", str(clean)]).exit_code == 0
    assert "张伟" not in clean.read_text(encoding="utf-8")
