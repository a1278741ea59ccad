import gzip
import json
from pathlib import Path

import pytest
from conftest import Judged
from scenes import Scene

from dialogue_sim.judging.readers import TranscriptFileError, read_transcripts

DATA = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"public samples are not at {DATA}")

HOSPITAL = {
    "patient_id": 7,
    "doctor_engine_name": "gpt-4",
    "dialog_history": [
        {"turn": 0, "role": "Doctor", "content": "您好，有哪里不舒服？"},
        {"turn": 1, "role": "Patient", "content": "<对医生讲> 屁股疼。"},
        {"turn": 1, "role": "Doctor", "content": "去拍个X光。"},
        {"turn": 2, "role": "Patient", "content": "<对检查员讲> 医生让我拍X光。"},
        {"turn": 2, "role": "Reporter", "content": "#检查项目#\n- X光: 未见骨折"},
        {
            "turn": 3,
            "role": "Doctor",
            "content": "#症状#\n(1) 疼\n\n#诊断结果#\n臀部挫伤\n\n#治疗方案#\n(1) 休息\n(2) 冷敷",
        },
    ],
}
CRAFT = {
    "case_id": "case_3",
    "trial_0": {
        "multiturn_conversation": [
            {"role": "system", "content": "You are an AI doctor."},
            {"role": "assistant", "content": "What brings you here?"},
            {"role": "user", "content": "A rash."},
            {"role": "assistant", "content": "**Final Diagnosis:** Contact dermatitis."},
        ]
    },
    "trial_1": {"multiturn_conversation": [{"role": "assistant", "content": "Hello, what is wrong?"}]},
}
PRIMOCK = {
    "consultation": "day1_consultation01",
    "utterances": [
        {"speaker": "doctor", "text": "<UNSURE>Hello</UNSURE> how can I help?"},
        {"speaker": "doctor", "text": "<UNIN/> Take your time."},
        {"speaker": "patient", "text": "I've had <INAUDIBLE_SPEECH/> diarrhoea."},
        {"speaker": "doctor", "text": "<UNIN/>"},
        {"speaker": "patient", "text": "For three days."},
    ],
}


def test_ai_hospital(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(json.dumps(HOSPITAL, ensure_ascii=False) + "\n\n", encoding="utf-8")
    (transcript,) = read_transcripts(path)
    assert transcript.language == "zh"
    assert transcript.doctor == "gpt-4"
    assert [turn.speaker for turn in transcript.turns] == [
        "doctor",
        "patient",
        "doctor",
        "patient",
        "examiner",
    ]
    assert transcript.turns[1].text == "屁股疼。"
    assert transcript.turns[4].text == "- X光: 未见骨折"
    assert transcript.closing is not None
    assert transcript.closing.diagnosis == "臀部挫伤"
    assert transcript.closing.plan == ["休息", "冷敷"]


def test_craft_md(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(CRAFT, indent=1), encoding="utf-8")
    first, second = read_transcripts(path)
    assert first.dialogue_id == "craft-md-case_3/0"
    assert [turn.speaker for turn in first.turns] == ["doctor", "patient", "doctor"]
    assert first.closing is not None
    assert first.closing.diagnosis == "Contact dermatitis"
    assert second.closing is None
    assert second.protocol_failures == ["no_closing_block"]


def test_primock57(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(PRIMOCK) + "\n").encode()))
    (transcript,) = read_transcripts(path)
    assert [turn.text for turn in transcript.turns] == [
        "Hello how can I help? Take your time.",
        "I've had diarrhoea. For three days.",
    ]
    assert transcript.language == "en"


def test_project_transcripts_come_back_as_written(tmp_path: Path, scene: Scene) -> None:
    transcript = scene.says("哪里疼？", "site").closes("胃炎").transcript()
    path = tmp_path / "transcripts.jsonl"
    path.write_text(transcript.model_dump_json(by_alias=True) + "\n", encoding="utf-8")
    assert read_transcripts(path) == [transcript]


def test_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="the extra `xlsx` is not installed")
    book = openpyxl.Workbook()
    page = book.active
    page.title = "case 1"
    page.append(["Agent_Content", "Role", "Content", "Agent_Role"])
    page.append(["您好", "user", "咳嗽", "assistant"])
    page.append(["多久了？", "user", "三天", "assistant"])
    for _ in range(5):
        page.append(["记录", "user", "记录", "assistant"])
    book.create_sheet("_meta").append(["x"])
    path = tmp_path / "b.xlsx"
    book.save(path)
    (transcript,) = read_transcripts(path)
    assert [turn.text for turn in transcript.turns] == ["咳嗽", "您好", "三天", "多久了？"]
    assert transcript.dialogue_id == "b/case 1"


@pytest.mark.parametrize(
    ("name", "content", "what", "where"),
    [
        ("a.jsonl", b"", "no record", "a.jsonl"),
        ("a.jsonl", b'{"dialog_history": []}\n{oops\n', "no JSON object", "a.jsonl:2"),
        ("a.jsonl", b"[1, 2]", "JSON object is wanted", "a.jsonl"),
        ("a.jsonl", b'{"some": "thing"}', "no known transcript format", "a.jsonl"),
        ("a.jsonl", b'{"dialog_history": 5}', "is int, not list", "a.jsonl:1"),
        (
            "a.jsonl",
            b'{"dialog_history": [{"role": "Nurse", "content": "x"}]}',
            "needs a `role`",
            "a.jsonl:1",
        ),
        ("a.jsonl", b'{"utterances": []}', "'consultation' is missing", "a.jsonl:1"),
        ("a.json", b'{"trial_0": {}}', "no `multiturn_conversation`", "a.json:1"),
        ("a.jsonl", b'{"turns": [], "dialogue_id": "x"}', "is no transcript", "a.jsonl:1"),
        ("a.jsonl", b'{"a": "\xff"}', "not UTF-8", "a.jsonl:1"),
        ("a.jsonl.gz", b"\x1f\x8b broken", "cannot be read", "a.jsonl.gz"),
        ("a.xlsx", b"PK no workbook", "cannot be read as a workbook", "a.xlsx"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, what: str, where: str
) -> None:
    if name.endswith(".xlsx"):
        pytest.importorskip("openpyxl", reason="the extra `xlsx` is not installed")
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TranscriptFileError) as caught:
        read_transcripts(path)
    assert what in caught.value.what
    assert caught.value.where.startswith(str(tmp_path / where))


def test_a_missing_file_and_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(TranscriptFileError, match="cannot be read"):
        read_transcripts(tmp_path / "none.jsonl")
    with pytest.raises(TranscriptFileError, match="no transcript format 'x'"):
        read_transcripts(tmp_path / "none.jsonl", "x")


@real
@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("ai-hospital/dialog_history_*.jsonl", 100),
        ("craft-md/transcripts_gpt4/*.json", 30),
        ("primock57/*.gz", 57),
    ],
)
def test_the_public_samples_are_read_whole(pattern: str, count: int) -> None:
    transcripts = [t for path in sorted(DATA.glob(pattern)) for t in read_transcripts(path)]
    assert len(transcripts) == count
    assert all(t.of("doctor") and t.of("patient") for t in transcripts if t.case_id != "craft-md-case_?")
    assert len({t.dialogue_id for t in transcripts}) == count


@real
async def test_human_doctors_are_scored_without_a_case(judged: Judged) -> None:
    transcripts = read_transcripts(DATA / "primock57" / "transcripts.jsonl.gz")[:12]
    found = [await judged(transcript, None) for transcript in transcripts]

    def mean(item: str) -> float:
        return sum(verdicts[item].value or 0 for verdicts in found) / len(found)

    assert mean("A4") > 0.8
    assert mean("B15") > 0.9
    assert mean("A3") > 0.4
    assert sum(verdicts["G3"].mark == "met" for verdicts in found) == 0
    assert sum(verdicts["G4"].mark == "met" for verdicts in found) == 0
