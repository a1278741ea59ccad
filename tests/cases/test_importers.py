"""Imported cases say what their source says, with its own denials, and mark the rest as not recorded.

The committed tests use records made up here. The samples of the public data sets are read where they
lie beside the repository, and skipped where they do not.
"""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialogue_sim import Doctor, Patient, consult, judge, score
from dialogue_sim.cases import content_hash, load_case, patient_view
from dialogue_sim.cases.importers import import_file, recognised
from dialogue_sim.cases.importers.mapping import topic_of
from dialogue_sim.cases.importers.rows import ImportFileError
from dialogue_sim.cases.importers.speech import said
from dialogue_sim.cases.importers.statements import statements
from dialogue_sim.cases.importers.vitals import vitals_in
from dialogue_sim.cases.importers.writing import write_cases
from dialogue_sim.cases.lint import lint
from dialogue_sim.cases.lint.text import mentions
from dialogue_sim.cases.model import Speaker
from dialogue_sim.cli.app import app

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

OSCE = {
    "OSCE_Examination": {
        "Objective_for_Doctor": "Assess the patient presenting with tiredness and weight loss.",
        "Patient_Actor": {
            "Demographics": "34-year-old female",
            "History": "The patient reports tiredness for three months. She has lost 5 kg. She denies fever.",
            "Symptoms": {"Primary_Symptom": "Tiredness", "Secondary_Symptoms": ["Weight loss", "No fever"]},
            "Past_Medical_History": "No significant past medical history.",
            "Social_History": "Non-smoker, drinks wine occasionally. Works as a baker.",
            "Review_of_Systems": "Denies chest pain, palpitations, or cough.",
            "Current_Medications": ["Levothyroxine"],
        },
        "Physical_Examination_Findings": {
            "Vital_Signs": {"Temperature": "36.6 °C", "Heart_Rate": "88 bpm"},
            "Abdominal_Examination": {"Inspection": "Normal.", "Palpation": "Not performed; not documented."},
        },
        "Test_Results": {"Biopsy": {"Findings": "Villous atrophy, consistent with celiac disease."}},
        "Correct_Diagnosis": "Celiac disease",
    }
}
MEDIQ = {
    "id": 7, "question": "Which of the following is the most likely diagnosis?",
    "context": [
        "A 40-year-old man comes to the clinic because of right ankle pain for 2 days.",
        "He denies trauma and fever.",
        "His temperature is 37.2°C (99.0°F) and blood pressure is 130/80 mm Hg.",
        "Examination shows a swollen ankle.",
        "The physician orders colchicine.",
    ],
    "context_len": 5, "options": {"A": "Gout", "B": "Septic arthritis"}, "answer": "Gout", "answer_idx": "A",
    "facts": [], "patient": {"age": "40 years old", "gender": "Male", "specialties": ["Rheumatology"]},
}  # fmt: skip
CMB = {
    "id": "91", "title": "案例分析-急性阑尾炎",
    "description": "现病史\n（1）病史摘要\n    王XX，男，23岁，1天前无明显诱因出现脐周疼痛，伴恶心，无呕吐、腹泻，"
    "后疼痛转移至右下腹。既往体健，否认药物过敏史，家族史不详。\n（2）主诉\n    转移性右下腹痛1天。\n\n"
    "体格检查\nT 38.1℃，P 96次/分，BP 120/76mmHg。腹平软，右下腹压痛，反跳痛阳性。\n\n"
    "辅助检查\n（1）实验室检查\n    血常规：WBC 14.2×109/L，N 86％。\n（2）超声检查\n    右下腹管状低回声，考虑急性阑尾炎。",
    "QA_pairs": [
        {"question": "简述诊断及鉴别诊断。", "answer": "诊断：急性阑尾炎。\n鉴别诊断：①右侧输尿管结石：可有血尿。②胃十二指肠溃疡穿孔：板状腹。"},
        {"question": "治疗原则？", "answer": "尽早行腹腔镜阑尾切除术，术前抗感染、补液。"},
    ],
}  # fmt: skip
DIALOGUE = {
    "patient_id": 9001,
    "dialog_history": [
        {"turn": 0, "role": "Doctor", "content": "您好，有哪里不舒服？"},
        {"turn": 1, "role": "Patient", "content": "<对医生讲> 我咳嗽三天了，没有发烧。"},
        {"turn": 1, "role": "Doctor", "content": "请做胸片。"},
        {"turn": 2, "role": "Patient", "content": "<对检查员讲> 您好，我要做胸片，结果是什么？"},
        {"turn": 2, "role": "Reporter", "content": "#检查项目#\n- 胸片: 两肺纹理增粗"},
        {"turn": 2, "role": "Doctor", "content": "诊断：急性支气管炎。治疗方案：多喝水。"},
        {"turn": 3, "role": "Patient", "content": "<结束> 谢谢医生，我得的是急性支气管炎。"},
        {"turn": 3, "role": "Doctor", "content": "#诊断结果#\n急性支气管炎"},
    ],
}  # fmt: skip
RECORD = {
    "id": 9002, "profile": {"性别": "女", "年龄": "女，61岁"},
    "medical_record": {
        "主诉": "多饮多尿1月", "现病史": "患者1月前出现多饮、多尿，体重下降5kg，否认发热。", "既往史": "高血压病史3年，否认药物过敏史。",
        "查体": "T 36.5℃，BP 140/90mmHg，双肺呼吸音清。", "辅助检查": "- 空腹血糖: 15.2mmol/L\n- 尿酮体: 阴性",
        "诊断结果": "2型糖尿病", "诊治经过": "给予胰岛素降糖，饮食控制，药物治疗。",
    },
}  # fmt: skip
REFERENCE = {
    "patient_id": 9003, "doctor_name": "GPT-4",
    "reference_diagnosis": {
        "diagnosis": " \n1. 急性胆囊炎\n2. 胆囊结石\n", "basis": "1. 主诉: 右上腹痛2天 2. 查体: 右上腹压痛 3. 辅助检查: 超声示胆囊增大",
        "treatment": "给予抗感染治疗，行腹腔镜胆囊切除术。",
    },
}  # fmt: skip


def _coded(code: str, text: str = "") -> dict:
    return {"coding": [{"code": code}], "text": text}


def _bundle(*resources: dict) -> dict:
    subject = {"subject": {"reference": "Patient/p1"}}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": {**subject, **r}} for r in resources],
    }


BUNDLE = _bundle(
    {"resourceType": "Patient", "id": "p1", "name": [{"family": "Doe"}], "gender": "female", "birthDate": "1958-03-04"},
    {"resourceType": "Encounter", "id": "e1", "status": "finished", "priority": _coded("UR"), "period": {"start": "2024-02-01"},
     "reasonCode": [{"text": "Shortness of breath on exertion"}], "diagnosis": [{"condition": {"reference": "Condition/c1"}, "rank": 1}]},
    {"resourceType": "Condition", "id": "c1", "code": {"text": "Heart failure"}, "verificationStatus": _coded("confirmed")},
    {"resourceType": "Condition", "id": "c2", "code": {"text": "Hypertension"}, "category": [_coded("problem-list-item")]},
    {"resourceType": "Condition", "id": "c3", "code": {"text": "Asthma"}, "verificationStatus": _coded("refuted")},
    {"resourceType": "Condition", "id": "c4", "code": {"text": "Gout"}, "verificationStatus": _coded("entered-in-error")},
    {"resourceType": "AllergyIntolerance", "id": "a1", "code": {"text": "Penicillin"}, "reaction": [{"manifestation": [{"text": "rash"}]}]},
    {"resourceType": "MedicationStatement", "id": "m1", "status": "active", "medicationCodeableConcept": {"text": "Ramipril"},
     "dosage": [{"text": "5 mg daily"}]},
    {"resourceType": "MedicationStatement", "id": "m2", "status": "not-taken", "medicationCodeableConcept": {"text": "Warfarin"}},
    {"resourceType": "FamilyMemberHistory", "id": "f1", "status": "completed", "relationship": {"text": "Father"},
     "condition": [{"code": {"text": "Stroke"}, "onsetAge": {"value": 52}}]},
    {"resourceType": "FamilyMemberHistory", "id": "f2", "status": "health-unknown", "relationship": {"text": "Mother"}},
    {"resourceType": "Observation", "id": "o1", "status": "final", "code": _coded("85354-9"), "component": [
        {"code": _coded("8480-6"), "valueQuantity": {"value": 142}}, {"code": _coded("8462-4"), "valueQuantity": {"value": 88}}]},
    {"resourceType": "Observation", "id": "o2", "status": "final", "code": {"text": "NT-proBNP"}, "category": [_coded("laboratory")],
     "valueQuantity": {"value": 2300, "unit": "ng/L"}, "referenceRange": [{"high": {"value": 125}}]},
    {"resourceType": "Observation", "id": "o3", "status": "final", "code": {"text": "Fever"}, "valueBoolean": False},
    {"resourceType": "Observation", "id": "o4", "status": "final", "code": _coded("72166-2"), "valueCodeableConcept": {"text": "Never smoker"}},
    {"resourceType": "Observation", "id": "o5", "status": "final", "code": {"text": "Potassium"}, "dataAbsentReason": {"text": "unknown"}},
    {"resourceType": "Procedure", "id": "x1", "status": "completed"},
)  # fmt: skip


def imported(tmp_path, format_name, *records, suffix=".jsonl"):
    file = tmp_path / f"source{suffix}"
    file.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), encoding="utf-8")
    found = import_file(format_name, file)
    assert not found.refused
    return found.cases


def told(case):
    return {(fact.topic, fact.status) for fact in case.patient.facts}


def kinds(one):
    return {warning.kind for warning in one.warnings}


def test_agentclinic(tmp_path):
    one = imported(tmp_path, "agentclinic", OSCE)[0]
    case = one.case
    assert (case.patient.demographics.age, case.patient.demographics.sex) == (34, "female")
    assert {
        ("ros.fever", "denied"),
        ("ros.chest_pain", "denied"),
        ("ros.cough", "denied"),
        ("history.past", "denied"),
    } <= told(case)
    assert {
        ("social.smoking", "denied"),
        ("social.alcohol", "affirmed"),
        ("general.weight", "affirmed"),
    } <= told(case)
    assert any(f.topic == "history.drug" and f.status == "affirmed" for f in case.patient.facts)
    assert case.examiner.vitals.pulse == "88 bpm"
    assert case.judge.diagnosis.primary == "Celiac disease"
    # The only biopsy sentence names the diagnosis, so nobody but the judge may have it.
    assert not case.examiner.tests
    assert {"names_diagnosis", "source_silent", "not_recorded:plan", "not_recorded:red_flags"} <= kinds(one)


def test_mediq(tmp_path):
    one = imported(tmp_path, "mediq", MEDIQ)[0]
    case = one.case
    assert case.id == "en-mediq-imedqa-7"
    assert case.specialty == "rheumatology"
    assert case.judge.diagnosis.primary == "Gout"
    assert [entry.names for entry in case.judge.differential] == [["Septic arthritis"]]
    assert case.examiner.vitals.blood_pressure == "130/80 mm Hg"
    assert "swollen ankle" in case.examiner.examinations[0].result
    assert ("ros.fever", "denied") in told(case)
    assert "later_course" in kinds(one)
    assert not any("colchicine" in fact.record for fact in case.patient.facts)


@pytest.mark.parametrize(
    ("question", "answer", "part"),
    [
        ("Which is the best next step in management?", "Start fluids", "plan"),
        ("Which is the most appropriate next diagnostic test?", "Joint aspiration", "must"),
        ("Which enzyme is inhibited by the drug?", "Xanthine oxidase", ""),
    ],
)
def test_a_question_gives_what_it_asks_for_and_no_more(tmp_path, question, answer, part):
    case = imported(tmp_path, "mediq", {**MEDIQ, "question": question, "answer": answer})[0].case
    assert not case.judge.diagnosis.primary
    assert {"D1", "D2"} <= set(case.judge.not_applicable)
    assert [action.action for action in case.judge.plan] == ([answer] if part == "plan" else [])
    assert [test.names[0] for test in case.judge.tests.must] == ([answer] if part == "must" else [])
    assert ("D4" in case.judge.not_applicable) == (part != "plan")
    assert answer in case.provenance.note


def test_craft_md(tmp_path):
    file = tmp_path / "cases.csv"
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(
            handle, ["case_id", "case_vignette", "answer", "category", "choice_1", "choice_2"]
        )
        writer.writeheader()
        vignette = (
            "A 13-month-old girl is brought in by her mother for a rash that began 3 days ago. She has had no fever. "
            "Physical examination reveals honey-colored crusts."
        )
        writer.writerow(
            {"case_id": "case_3", "case_vignette": vignette, "answer": "Impetigo", "category": "Dermatology",
             "choice_1": "Impetigo", "choice_2": "Eczema"}
        )  # fmt: skip
    case = import_file("craft-md", file).cases[0].case
    assert case.id == "en-craft-md-case-3"
    assert case.patient.speaker == Speaker(who="companion", relation="mother")
    assert (case.patient.demographics.age, case.patient.demographics.age_unit) == (13, "month")
    assert ("ros.fever", "denied") in told(case)
    assert "crusts" in case.examiner.examinations[0].result


def test_cmb_clin(tmp_path):
    one = imported(tmp_path, "cmb-clin", CMB)[0]
    case = one.case
    assert case.patient.opening == "医生您好，转移性右下腹痛1天。"
    assert {
        ("hpi.trigger", "denied"),
        ("ros.nausea", "affirmed"),
        ("ros.vomiting", "denied"),
        ("ros.diarrhea", "denied"),
    } <= told(case)
    assert {("history.past", "denied"), ("history.allergy", "denied")} <= told(case)
    assert not any(fact.topic == "history.family" for fact in case.patient.facts)
    assert case.examiner.vitals.temperature == "38.1℃"
    assert case.judge.diagnosis.primary == "急性阑尾炎"
    assert [entry.names[0] for entry in case.judge.differential] == ["右侧输尿管结石", "胃十二指肠溃疡穿孔"]
    assert any("阑尾切除术" in phrase for action in case.judge.plan for phrase in action.match)
    assert {"source_silent", "names_diagnosis", "not_recorded:urgency"} <= kinds(one)


def test_ai_hospital_in_its_three_forms(tmp_path):
    record, reference, dialogue = imported(tmp_path, "ai-hospital", RECORD, REFERENCE, DIALOGUE)
    assert record.case.id == "zh-ai-hospital-9002"
    assert (record.case.patient.demographics.age, record.case.patient.demographics.sex) == (61, "female")
    assert {("ros.fever", "denied"), ("history.allergy", "denied"), ("ros.thirst", "affirmed")} <= told(
        record.case
    )
    assert {f.names[0]: f.status for f in record.case.examiner.tests} == {
        "空腹血糖": "unstated",
        "尿酮体": "normal",
    }
    assert reference.case.judge.diagnosis.primary == "急性胆囊炎"
    assert {"further_diagnosis", "from_reference_only", "not_recorded:age"} <= kinds(reference)
    assert ("ros.fever", "denied") in told(dialogue.case)
    assert not dialogue.case.judge.diagnosis.primary
    assert not any("支气管炎" in fact.record for fact in dialogue.case.patient.facts)
    assert dialogue.case.examiner.tests[0].result == "两肺纹理增粗"
    assert {"from_dialogue_only", "conclusion_is_no_reference"} <= kinds(dialogue)


def test_fhir(tmp_path):
    one = imported(tmp_path, "fhir", BUNDLE, suffix=".json")[0]
    case = one.case
    by_record = {fact.record: fact for fact in case.patient.facts}
    assert (case.patient.demographics.age, case.patient.demographics.sex) == (65, "female")
    assert case.judge.diagnosis.primary == "Heart failure"
    assert case.urgency == "urgent"
    assert by_record["Hypertension"].status == "affirmed"
    assert by_record["Asthma"].status == "denied"
    assert "Gout" not in by_record
    assert by_record["Warfarin"].status == "denied"
    assert by_record["Ramipril 5 mg daily"].topic == "history.drug"
    assert by_record["Penicillin (rash)"].topic == "history.allergy"
    assert by_record["Father: Stroke (52)"].topic == "history.family"
    assert by_record["Fever"].status == by_record["Never smoker"].status == "denied"
    assert case.examiner.vitals.blood_pressure == "142/88 mmHg"
    assert [(f.names[0], f.status) for f in case.examiner.tests] == [("NT-proBNP", "abnormal")]
    assert {"identifiers_left_out", "entered_in_error", "not_imported:Procedure", "source_silent"} <= kinds(
        one
    )
    assert "Doe" not in case.model_dump_json()
    assert "Doe" not in json.dumps(one.record)
    assert len(one.record["entry"]) == len(BUNDLE["entry"])


def test_a_bundle_of_two_patients_gives_two_cases(tmp_path):
    second = {"resourceType": "Patient", "id": "p2", "gender": "male", "birthDate": "2023-12-01"}
    fever = {"resourceType": "Observation", "id": "o9", "status": "final", "effectiveDateTime": "2024-02-01",
             "code": {"text": "Fever"}, "valueBoolean": True, "subject": {"reference": "Patient/p2"}}  # fmt: skip
    bundle = {**BUNDLE, "entry": [*BUNDLE["entry"], {"resource": second}, {"resource": fever}]}
    first, other = (one.case for one in imported(tmp_path, "fhir", bundle, suffix=".json"))
    assert other.patient.demographics.age_unit == "month"
    assert other.patient.speaker.who == "companion"
    assert told(other) == {("ros.fever", "affirmed")}
    assert ("ros.fever", "denied") in told(first)


def test_nobody_but_the_judge_gets_the_diagnosis_and_ids_are_stable(tmp_path):
    records = {"agentclinic": OSCE, "mediq": MEDIQ, "cmb-clin": CMB, "ai-hospital": RECORD, "fhir": BUNDLE}
    for name, record in records.items():
        case = imported(tmp_path, name, record)[0].case
        shown = json.dumps(
            [case.title, repr(patient_view(case)), case.examiner.model_dump(mode="json")], ensure_ascii=False
        )
        assert not mentions(shown, case.judge.diagnosis.primary), name
        assert case.split == "private"
        assert case.canary
        assert case.provenance.licence
        assert case.provenance.review == "none"
        again = imported(tmp_path, name, record)[0].case
        assert content_hash(again) == content_hash(case)
        [path] = write_cases([case], tmp_path / "out")
        assert load_case(path) == case
        assert not [f for f in lint([path]).findings if f.severity == "error"]


def test_every_sentence_of_a_narrative_is_accounted_for(tmp_path):
    one = imported(tmp_path, "mediq", MEDIQ)[0]
    kept = one.case.model_dump_json() + " ".join(warning.detail for warning in one.warnings)
    words = {
        word
        for sentence in MEDIQ["context"]
        for word in sentence.lower().replace(".", " ").replace(",", " ").split()
    }
    assert not [word for word in words if word not in kept.lower()]


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("Denies fever, chills, or night sweats.", "en", [("denied", "ros.fever"), ("denied", "ros.chills"), ("denied", "ros.sweating")]),
        ("It has never bled, ulcerated, or formed blisters.", "en", [("denied", None)]),
        ("An otherwise healthy man presents with a rash.", "en", [("denied", None), ("affirmed", "ros.rash")]),
        ("He is a student with no history of drug use.", "en", [("affirmed", "social.occupation"), ("denied", "social.substance")]),
        ("On review, there's no history of cough or fever.", "en", [("denied", "ros.cough"), ("denied", "ros.fever")]),
        ("No additional symptoms provided.", "en", [(None, None)]),
        ("Denies pain but reports numbness.", "en", [("denied", None), ("affirmed", "ros.numbness")]),
        ("否认高血压、糖尿病史，家族史不详。", "zh", [("denied", "history.past"), ("denied", "history.past"), (None, "history.family")]),
        ("3天前无明显诱因出现头痛，无呕吐。", "zh", [("denied", "hpi.trigger"), ("affirmed", "hpi.onset"), ("denied", "ros.vomiting")]),
        ("右上腹无痛性肿块，四肢无力。", "zh", [("affirmed", "ros.abdominal_pain"), ("affirmed", "ros.weakness")]),
        ("头倒是不疼，大小便正常。", "zh", [("denied", "ros.headache"), ("denied", "general.stool")]),
        ("否认药物及食物过敏史。", "zh", [("denied", "history.allergy")]),
    ],
)  # fmt: skip
def test_three_values_by_the_sources_own_words(text, language, wanted):
    found = [(s.status, topic_of(s.text, language)) for s in statements(text, language)]
    assert [status for status, _ in found] == [status for status, _ in wanted]
    assert all(topic is None or topic == got for (_, got), (_, topic) in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("record", "status", "language", "say"),
    [
        ("denies palpitations", "denied", "en", "No palpitations."),
        ("Works as a graphic designer", "affirmed", "en", "I work as a graphic designer."),
        (
            "She has lost her appetite and sleeps badly",
            "affirmed",
            "en",
            "I have lost my appetite and sleep badly.",
        ),
        ("The patient reports a dull headache", "affirmed", "en", "I've had a dull headache."),
        ("His father died when he was 50", "affirmed", "en", "His father died when he was 50."),
        ("He does not smoke", "denied", "en", "I do not smoke."),
        ("否认冠心病病史", "denied", "zh", "没有得过冠心病。"),
        ("患者食量减少", "affirmed", "zh", "食量减少。"),
        ("既往体健", "denied", "zh", "没有，既往体健。"),
    ],
)
def test_what_the_patient_says_keeps_what_the_record_says(record, status, language, say):
    assert said(record, status, language, Speaker()) == say


def test_vital_signs():
    english = vitals_in("Temperature 38.5°C, BP 110/70 mm Hg, pulse is 83/min, SpO2 97% on room air", "en")
    assert english == {
        "temperature": "38.5°C", "blood_pressure": "110/70 mm Hg", "pulse": "83/min", "oxygen_saturation": "97% on room air",
    }  # fmt: skip
    chinese = vitals_in("T36.8℃，P70次/分，R20次/分，Bp136/80mmHg", "zh")
    assert chinese == {
        "temperature": "36.8℃", "pulse": "70次/分", "respiration": "20次/分", "blood_pressure": "136/80mmHg",
    }  # fmt: skip


def test_a_row_that_is_not_of_the_format_is_refused_and_told(tmp_path):
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(MEDIQ) + "\n" + json.dumps({"id": 1}) + "\n", encoding="utf-8")
    found = import_file("mediq", file)
    assert (found.rows, len(found.cases), len(found.refused)) == (2, 1, 1)
    assert "question" in found.refused[0].what
    with pytest.raises(ImportFileError, match="no format"):
        import_file("medqi", file)


def test_a_format_is_recognised_or_asked_for(tmp_path):
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(MEDIQ) + "\n", encoding="utf-8")
    assert import_file("auto", file) == import_file("mediq", file)
    file.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(ImportFileError, match="no known format"):
        import_file("auto", file)


def test_the_command_prints_how_many_and_what_is_missing(tmp_path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps(CMB, ensure_ascii=False), encoding="utf-8")
    out = tmp_path / "out"
    ran = CliRunner().invoke(app, ["case", "import", "cmb-clin", str(file), "--out", str(out), "--json"])
    assert ran.exit_code == 0, ran.output
    summary = json.loads(ran.stdout)
    assert (summary["rows"], summary["imported"], summary["lint"]["errors"]) == (1, 1, 0)
    assert summary["warnings"]["not_recorded:urgency"] == 1
    assert (out / "zh-cmb-clin-91.yaml").is_file()
    assert json.loads((out / "zh-cmb-clin-91.source.json").read_text(encoding="utf-8")) == CMB


SAMPLES = [
    ("agentclinic", "agentclinic/agentclinic_medqa_sample.jsonl", 60),
    ("mediq", "mediq/imedqa_sample.jsonl", 120),
    ("mediq", "mediq/icraftmd_sample.jsonl", 40),
    ("craft-md", "craft-md/cases_sample.csv", 59),
    ("cmb-clin", "cmb-clin/cmb_clin_sample.json", 30),
    ("ai-hospital", "ai-hospital/evaluation_gpt4_onestep_sample.jsonl", 25),
    *[
        ("ai-hospital", f"ai-hospital/dialog_history_{m}_sample.jsonl", 25)
        for m in ("gpt3", "gpt4", "qwen_max", "wenxin")
    ],
]


@pytest.mark.parametrize(("format_name", "path", "rows"), SAMPLES, ids=[sample[1] for sample in SAMPLES])
def test_every_row_of_the_public_samples_imports_and_lints_without_error(tmp_path, format_name, path, rows):
    file = DATA / path
    if not file.is_file():
        pytest.skip(f"the sample {path} does not lie beside the repository")
    assert recognised(file) == format_name
    found = import_file(format_name, file)
    assert (found.rows, len(found.cases), found.refused) == (rows, rows, [])
    paths = write_cases([one.case for one in found.cases], tmp_path)
    assert [load_case(p) for p in paths[:3]] == [one.case for one in found.cases[:3]]
    assert [str(f) for f in lint(paths).findings if f.severity == "error"] == []


@pytest.mark.parametrize("grade", ["snap", "brief", "thorough", "expert", "cold", "warm"])
@pytest.mark.parametrize(
    ("format_name", "record"), [("mediq", {**MEDIQ, "question": "Why?"}), ("ai-hospital", DIALOGUE)]
)
async def test_an_imported_case_with_gaps_holds_a_consultation_and_is_scored(
    tmp_path, grade, format_name, record
):
    case = imported(tmp_path, format_name, record)[0].case
    transcript = await consult(case, Doctor(f"scripted:{grade}"), Patient())
    result = score(await judge(transcript, case), case)
    assert 0 <= result.score <= 100
    assert not {"D1", "D2", "D4", "C1", "E2"} - set(case.judge.not_applicable)
