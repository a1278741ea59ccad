"""AI Hospital's records (Chinese), in the three forms in which it publishes them.

`patients.json` holds whole records (`profile`, `medical_record`). Where those are not at hand, a judge's
row tells the reference (`reference_diagnosis`: diagnosis, basis, treatment), and a simulated
consultation tells what a language model in the patient's role said and what the reporter returned; a
case made from a consultation has no reference, because the doctor's conclusion is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases.importers.building import Builder, ImportedCase, Source
from dialogue_sim.cases.importers.chinese_records import actions_in, differential_in, examined, told_section
from dialogue_sim.cases.importers.people import person_in
from dialogue_sim.cases.importers.rows import ImportFileError, Row
from dialogue_sim.cases.importers.statements import sentences

SOURCE = Source("AI Hospital (MVME)", "MIT", "LibertFan/AI_Hospital; records from bingli.iiyi.com")
_ADDRESS = re.compile(r"<\s*(?:对医生讲|对检查员讲|结束)\s*>")
_RELAY = "对检查员讲"
_GREETING = re.compile(r"^(?:您好|你好|医生)[，,。!！\s]*(?:医生[，,。]?)?")
_TALK = re.compile(
    r"[？?]|谢谢|感谢|请问|建议我|我明白|明白了|我会|放心|不客气|我的回答|好的|祝您|^(?:是的|没有|不是|对|嗯|有)[。！!]?$"
)
_CONCLUDED = re.compile("诊断结果|诊断[：:为是]|诊断依据|治疗方案|初步诊断|我的诊断")
_RESULT = re.compile(r"^\s*[-•*]?\s*(?P<name>[^：:\n]{2,30})[：:]\s*(?P<result>.*)$")
_HEADING = re.compile(r"^\s*#+\s*([^#\n]+?)\s*#*\s*[:：]?\s*$")
_SILENT_RESULT = re.compile(
    r"^(?:无$|-+$|请在|请到|请先|需要?等|无法查询|未查询到|无结果|暂无|没有相关|N/?A|无相关)"
)
_BASIS = re.compile(
    r"(?:^|\n|[；;。]|\s)\s*(?:\d+[.、．]|[（(]\d+[)）]|[①-⑳])?\s*(主诉|病史|现病史|症状|查体|体格检查|体征|辅助检查|检查|影像学检查|实验室检查)\s*[：:]"
)


class MedicalRecord(BaseModel):
    """The sections of a whole record; unknown ones are kept in `model_extra`."""

    model_config = ConfigDict(extra="allow")

    主诉: str = ""
    现病史: str = ""
    既往史: str = ""
    个人史: str = ""
    家族史: str = ""
    查体: str = ""
    辅助检查: str = ""
    诊断结果: str = ""
    初步诊断: str = ""
    鉴别诊断: str = ""
    诊断依据: str = ""
    诊治经过: str = ""


class PatientRow(BaseModel):
    """An entry of `patients.json`."""

    id: int | str
    profile: str | dict[str, str] = ""
    medical_record: MedicalRecord


class Reference(BaseModel):
    """What a judge's row tells of the record."""

    model_config = ConfigDict(extra="allow")

    diagnosis: str
    basis: str = ""
    treatment: str = ""
    symptom: str = ""
    medical_test: str = ""


class EvaluationRow(BaseModel):
    """A line of `evaluation_*.jsonl`."""

    model_config = ConfigDict(extra="allow")

    patient_id: int | str
    reference_diagnosis: Reference


class Message(BaseModel):
    """One message of a consultation."""

    role: Literal["Doctor", "Patient", "Reporter"]
    content: str


class DialogueRow(BaseModel):
    """A line of `dialog_history_*.jsonl`."""

    model_config = ConfigDict(extra="allow")

    patient_id: int | str
    dialog_history: list[Message] = Field(min_length=1)


def cases(row: Row) -> list[ImportedCase]:
    """The case of one record, in whichever form it stands."""
    if "medical_record" in row.data:
        return [_from_record(row, PatientRow.model_validate(row.data))]
    if "reference_diagnosis" in row.data:
        return [_from_reference(row, EvaluationRow.model_validate(row.data))]
    if "dialog_history" in row.data:
        return [_from_dialogue(row, DialogueRow.model_validate(row.data))]
    raise ImportFileError(
        "holds neither medical_record, reference_diagnosis nor dialog_history", where=row.where
    )


def _from_record(row: Row, entry: PatientRow) -> ImportedCase:
    record = entry.medical_record
    profile = entry.profile if isinstance(entry.profile, str) else "，".join(entry.profile.values())
    builder = Builder(
        SOURCE, row, f"zh-ai-hospital-{entry.id}", "zh", person_in(f"{profile}。{record.现病史}", "zh")
    )
    _diagnosed(builder, record.诊断结果 or record.初步诊断)
    builder.differential = differential_in(record.鉴别诊断)
    builder.plan = actions_in(record.诊治经过)
    builder.note(f"诊断依据：{record.诊断依据}" if record.诊断依据 else "")
    builder.note(f"诊治经过：{record.诊治经过}" if record.诊治经过 else "")
    for name in ("主诉", "现病史", "既往史", "个人史", "家族史"):
        told_section(builder, name, getattr(record, name))
    for name, text in (record.model_extra or {}).items():
        if isinstance(text, str) and name.endswith("史"):
            told_section(builder, name, text)
        else:
            builder.warn("section_not_known", str(name))
            builder.note(f"{name}：{text}")
    examined(builder, "examinations", "查体", record.查体)
    _results(builder, "辅助检查", record.辅助检查)
    return builder.build()


def _from_reference(row: Row, entry: EvaluationRow) -> ImportedCase:
    reference = entry.reference_diagnosis
    case_id = f"zh-ai-hospital-{entry.patient_id}-reference"
    builder = Builder(SOURCE, row, case_id, "zh", person_in(reference.symptom or reference.basis, "zh"))
    _diagnosed(builder, reference.diagnosis)
    builder.plan = actions_in(reference.treatment)
    builder.note(f"诊断依据：{reference.basis}")
    builder.note(f"诊治经过：{reference.treatment}")
    builder.warn("from_reference_only", "the record itself is not in this file")
    told_section(builder, "现病史", reference.symptom)
    _results(builder, "辅助检查", reference.medical_test)
    heads = list(_BASIS.finditer(reference.basis))
    if not heads:
        told_section(builder, "现病史", reference.basis)
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(reference.basis)
        text = re.sub(r"[\s\d.、．（(]*$", "", reference.basis[head.end() : end]).strip()
        if head[1] in {"主诉", "病史", "现病史", "症状"}:
            told_section(builder, head[1], text)
        elif head[1] in {"查体", "体格检查", "体征"}:
            examined(builder, "examinations", head[1], text)
        else:
            _results(builder, head[1], text)
    return builder.build()


def _from_dialogue(row: Row, entry: DialogueRow) -> ImportedCase:
    texts = [_GREETING.sub("", _ADDRESS.sub("", text).strip()) for text in _told(entry.dialog_history)]
    case_id = f"zh-ai-hospital-{entry.patient_id}-{row.digest[:6]}"
    builder = Builder(SOURCE, row, case_id, "zh", person_in("。".join(texts), "zh"))
    builder.warn(
        "from_dialogue_only",
        "what the patient says was said by a language model; the record is not in this file",
    )
    closing = entry.dialog_history[-1]
    if closing.role == "Doctor":
        builder.warn(
            "conclusion_is_no_reference", "the doctor's conclusion is a model's; it stands in the note"
        )
        builder.note(f"模型医生的结论（不是参考答案）：{closing.content}")
    if texts:
        builder.opening = sentences(texts[0], "zh")[0] if len(texts[0]) > _LONG_OPENING else texts[0]
    for number, text in enumerate(texts):
        for sentence in sentences(text, "zh"):
            if _TALK.search(sentence):
                builder.warn("talk_left_out", sentence)
            else:
                builder.told(
                    sentence, disclosure="opening" if not number and sentence in builder.opening else "on_ask"
                )
    for message in entry.dialog_history:
        if message.role == "Reporter":
            _results(builder, "检查结果", message.content)
    return builder.build()


def _told(messages: Sequence[Message]) -> list[str]:
    """What the patient said to the doctor before the doctor concluded; later words repeat the doctor's."""
    told = []
    for message in messages:
        if message.role == "Doctor" and _CONCLUDED.search(message.content):
            break
        if message.role == "Patient" and _RELAY not in message.content:
            told.append(message.content)
    return told


_LONG_OPENING = 200


def _diagnosed(builder: Builder, text: str) -> None:
    lines = [
        re.sub(r"^\s*\d+[.、．]\s*", "", line).strip()
        for line in re.split(r"\n|\s(?=\d+[.、．])|[；;]", text)
    ]
    names = [line for line in lines if line]
    if names:
        builder.diagnosed(names[0])
    for other in names[1:]:
        builder.warn("further_diagnosis", other)
        builder.note(f"其他诊断：{other}")


def _results(builder: Builder, heading: str, text: str) -> None:
    """Results listed line by line; a heading stands for the lines under it that name nothing themselves."""
    name, waiting = heading, ""
    for line in text.splitlines():
        if not line.strip():
            continue
        if head := _HEADING.match(line):
            name, waiting = ("检查结果" if head[1] in {"检查项目", "检查结果"} else head[1]), ""
            continue
        found = _RESULT.match(line)
        if found and not found["result"].strip():
            waiting = found["name"].strip(" -*")
        elif found and found["name"].strip(" -*") not in {"结果", "检查结果"}:
            _result(builder, found["name"].strip(" -*"), found["result"])
        else:
            _result(builder, waiting or name, (found["result"] if found else line).strip(" -*"))


def _result(builder: Builder, name: str, text: str) -> None:
    if not text.strip():
        return
    if _SILENT_RESULT.match(text.strip()):
        builder.warn("source_silent", f"{name}：{text}")
        return
    builder.found(
        "examinations" if re.search("查体|体格检查|体征|触诊|叩诊|听诊", name) else "tests", name, text
    )
