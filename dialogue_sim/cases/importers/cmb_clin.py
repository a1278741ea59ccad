"""CMB-Clin's case analyses: a record in headed sections, then questions with expert answers (Chinese)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.cases.importers.building import Builder, ImportedCase, Source
from dialogue_sim.cases.importers.chinese_records import (
    actions_in,
    diagnosis_in,
    differential_in,
    examined,
    specialty_of,
    told_section,
)
from dialogue_sim.cases.importers.people import person_in
from dialogue_sim.cases.importers.rows import Row

SOURCE = Source("CMB-Clin", "Apache-2.0", "FreedomIntelligence/CMB")
_SECTION = re.compile(r"^\s*(现病史|体格检查|辅助检查|既往史|个人史|家族史)\s*$", re.MULTILINE)
_PART = re.compile(r"^\s*(?:[（(]\d+[)）]\s*)?(?P<name>[^\n：:。，,]{2,24}?)\s*(?:[：:]|$)", re.MULTILINE)
_PATIENT_PARTS = (
    "病史摘要",
    "主诉",
    "现病史",
    "既往史",
    "个人史",
    "家族史",
    "月经",
    "婚育",
    "过敏史",
    "生育史",
    "出生史",
)
_DISEASE_OF_TITLE = re.compile(r"案例分析\s*[-—－]\s*(.+)$")


_SHORT_ANSWER = 60


class QuestionAndAnswer(BaseModel):
    """One question on the case, with the expert's answer."""

    question: str
    answer: str


class CmbClinRow(BaseModel):
    """One record of `CMB-Clin-qa.json`."""

    model_config = ConfigDict(extra="allow")

    id: str | int
    title: str
    description: str
    QA_pairs: list[QuestionAndAnswer] = Field(default_factory=list)


class Part(NamedTuple):
    """A headed piece of the description: its section, its own head, its text."""

    section: str
    name: str
    text: str


def cases(row: Row) -> list[ImportedCase]:
    """The case of one record."""
    record = CmbClinRow.model_validate(row.data)
    parts = list(_parts(record.description))
    history = next((part.text for part in parts if part.name == "病史摘要"), record.description)
    builder = Builder(SOURCE, row, f"zh-cmb-clin-{record.id}", "zh", person_in(history, "zh"))
    builder.specialty = specialty_of(record.title)
    _reference(builder, record)
    for part in sorted(parts, key=lambda part: part.name != "主诉"):
        if part.name.endswith(_PATIENT_PARTS) or (
            part.section == "现病史" and part.name not in {"体格检查", "查体"}
        ):
            told_section(builder, part.name, part.text)
        else:
            examined(
                builder,
                "tests" if part.section == "辅助检查" else "examinations",
                part.name or part.section,
                part.text,
            )
    return [builder.build()]


def _reference(builder: Builder, record: CmbClinRow) -> None:
    for pair in record.QA_pairs:
        builder.note(f"问：{pair.question} 答：{pair.answer}")
        if not builder.diagnosis.primary and "诊断" in pair.question + pair.answer[:6]:
            named = diagnosis_in(pair.answer) or _bare_answer(pair)
            if named:
                builder.diagnosed(named[0])
                for other in named[1:]:
                    builder.warn("further_diagnosis", other)
                    builder.note(f"其他诊断：{other}")
        if "鉴别" in pair.question and not builder.differential:
            builder.differential = differential_in(pair.answer)
        if (
            re.search("治疗|处理|手术", pair.question)
            and not re.search("手术时机|术后", pair.question)
            and not builder.plan
        ):
            builder.plan = actions_in(pair.answer)
    titled = _DISEASE_OF_TITLE.search(record.title)
    if not builder.diagnosis.primary and titled:
        builder.diagnosed(titled[1])
        builder.warn("diagnosis_from_title", titled[1])
    elif titled:
        builder.diagnosed(builder.diagnosis.primary, parent=titled[1])


def _bare_answer(pair: QuestionAndAnswer) -> list[str]:
    """The answer itself, where the question asks for nothing but the diagnosis and the answer is short."""
    asked = re.search(r"诊断(?:是什么|考虑什么|为何)?[？?]?\s*$", pair.question) is not None
    short = len(pair.answer.strip()) <= _SHORT_ANSWER and not re.search("[？?]|依据|解析|答案", pair.answer)
    return re.split("[，,；;。]", pair.answer.strip(" 。\n")) if asked and short else []


def _parts(description: str) -> Iterator[Part]:
    """The description's sections, each cut at its numbered or named heads."""
    heads = list(_SECTION.finditer(description))
    if not heads:
        yield Part("现病史", "病史摘要", description)
        return
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = description[head.end() : following.start() if following else len(description)]
        yield from _cut(head[1], body)


def _cut(section: str, body: str) -> Iterator[Part]:
    name = ""
    lines: list[str] = []
    for line in body.splitlines():
        found = _PART.match(line)
        if found and _is_head(found["name"], line):
            if "".join(lines).strip():
                yield Part(section, name or section, "\n".join(lines))
            name, lines = found["name"].strip(), [line[found.end() :]]
        else:
            lines.append(line)
    if "".join(lines).strip():
        yield Part(section, name or section, "\n".join(lines))


def _is_head(name: str, line: str) -> bool:
    numbered = re.match(r"\s*[（(]\d+[)）]", line) is not None
    known = re.search(
        "检查|史$|主诉|摘要|查体|体检|体征|CT|MRI|X线|超声|造影|镜$|显像|胸片|心电图|测压|监测", name
    )
    return bool(known) and (
        numbered
        or re.fullmatch(r"\s*\S{2,14}\s*[：:]?\s*", line) is not None
        or re.search(r"[：:]", line[:20]) is not None
    )
