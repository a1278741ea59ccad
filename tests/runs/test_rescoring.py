"""Stored consultations scored again: the 2025 profile to the digit, foreign files by what needs no case."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.rubric import load_rubric
from dialogue_sim.reports.external import Named
from dialogue_sim.reports.pages import markdown
from dialogue_sim.reports.rescoring_files import write_rescored
from dialogue_sim.reports.rescoring_pages import rescoring_page
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.runs.rescored import Rescored
from dialogue_sim.runs.rescoring import rescore
from dialogue_sim.runs.stored import read_sets
from tests.servers.fake_openai import FakeOpenAI

openpyxl = pytest.importorskip("openpyxl", reason="the extra `xlsx` is not installed")

MEDFLOW = load_rubric("medflow-2025")
RECORD = [["user", "病历", "assistant", "M50-30-20 病历"]] * 5


def marked(body: dict[str, Any]) -> str:
    """A fixed judge: marks stand in the reply as M40-20-10, the complexity in the complaint as C2."""
    text = body["messages"][0]["content"]
    if "BOOM" in text:
        return "我拒绝打分"
    marks = re.findall(r"M(\d+)-(\d+)-(\d+)", text)
    return ",".join(marks[-1]) if marks else (re.findall(r"C(\d)", text) or ["2"])[-1]


def rows(complexity: int, *replies: str) -> list[list[str]]:
    opening = [["user", f"咳嗽三天 C{complexity}", "assistant", "您好，请坐。"]]
    return opening + [["user", f"回答{n}", "assistant", reply] for n, reply in enumerate(replies)] + RECORD


SHEETS = {
    "封面": rows(1, *["M10-10-10 第一张"] * 5),
    "甲": rows(2, *["M45-25-12 还有吗"] * 5),
    "乙": rows(1, *["M40-20-10 疼吗"] * 5),
    "丙": rows(3, *["M30-20-10 几天了"] * 3),
    "丁": rows(2, "M40-20-0 烧吗", "M20-10-0 吐吗", "您吸烟吗 M50-30-20", "M50-30-20 好"),
}
SCORES = {"甲": 0.8 * 82 + 0.2 * 50, "乙": 0.8 * 70 + 0.2 * 100, "丙": 0.8 * 60, "丁": 0.8 * 45}


def workbook(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        page = book.create_sheet(name)
        page.append(["Role", "Content", "Agent_Role", "Agent_Content"])
        for line in lines:
            page.append(line)
    book.save(path)
    return path


async def scored(
    paths: Sequence[Path], out: Path, server: FakeOpenAI | None = None, rubric: str = "medflow-2025",
    sheets: range | None = None, **more: Any,
) -> Rescored:  # fmt: skip
    judges = [{"model": "openai:fake", "base_url": server.url}] if server else [{"model": "lexicon"}]
    config = RunConfig.model_validate(
        {"doctor": {"model": "human"}, "judges": judges, "rubric": rubric, **more}
    )
    return await rescore(read_sets(paths, sheets=sheets), config, load_rubric(rubric), out)


async def test_the_2025_profile_equals_the_hand_calculation(tmp_path: Path) -> None:
    path = workbook(tmp_path / "model.xlsx", SHEETS)
    async with FakeOpenAI(marked) as server:
        found = await scored([path], tmp_path / "out", server, sheets=range(2, 6))
    (one,) = found.sets
    assert one.cases == pytest.approx(SCORES)
    assert one.score == pytest.approx(fmean(SCORES.values()))
    assert one.cases["甲"] == pytest.approx(75.6)
    assert one.ci95 is not None
    assert found.missing == 0


async def test_it_prints_the_originals_table_and_writes_its_columns(tmp_path: Path) -> None:
    path = workbook(tmp_path / "model.xlsx", {"甲": SHEETS["甲"]})
    async with FakeOpenAI(marked) as server:
        found = await scored([path], tmp_path / "out", server)
    text = markdown(rescoring_page(found, [], "zh"))
    assert "| 复杂度 | 问诊 | 基础平均分 | 加权平均分 | 达标率 | 平均轮数 |" in text
    assert "| 2 | 1 | 82.0 | 75.6 | 100.0% | 5.0 |" in text
    assert "所有工作表的加权平均分：75.60" in text
    written = write_rescored(found, MEDFLOW, tmp_path / "out", "zh")
    page = openpyxl.load_workbook(written["path_workbook"])["工作表"]
    head, line = page.iter_rows(values_only=True)
    assert head == ("工作表", "复杂度", "基础平均分", "加权平均分", "达标", "问诊轮数")
    assert line == ("甲", 2, 82, pytest.approx(75.6), "是", 5)
    for name in ("scores.json", "summary.md", "report.html"):
        assert (tmp_path / "out" / name).stat().st_size > 0


async def test_what_cannot_be_judged_is_a_failure_and_in_no_mean(tmp_path: Path) -> None:
    path = workbook(tmp_path / "model.xlsx", {"甲": SHEETS["甲"], "坏": rows(1, "BOOM", *["M1-1-1 x"] * 4)})
    async with FakeOpenAI(marked) as server:
        found = await scored([path], tmp_path / "out", server)
        (one,) = found.sets
        assert one.score == pytest.approx(75.6)
        assert (one.n, one.n_scored, found.missing) == (2, 1, 1)
        assert one.failures[0].kind == "malformed"
        assert "未能评分" in markdown(rescoring_page(found, [], "zh"))
        paid = list(server.bodies)
        mended = workbook(tmp_path / "model.xlsx", {"甲": SHEETS["甲"], "坏": rows(1, *["M40-20-10 x"] * 5)})
        again = await scored([mended], tmp_path / "out", server)
        assert again.missing == 0
        # Nothing that was paid for is paid again but the greeting that every pass begins with.
        assert len([body for body in server.bodies[len(paid) :] if body in paid]) <= 1


async def test_two_models_on_the_same_sheets_are_ranked_in_pairs(tmp_path: Path) -> None:
    def model(name: str, information: int) -> Path:
        chance = random.Random(name)
        sheets = {
            f"病例{n}": rows(1, *[f"M{information + chance.randint(0, 8)}-15-5 第{k}问" for k in range(5)])
            for n in range(20)
        }
        return workbook(tmp_path / f"{name}.xlsx", sheets)

    async with FakeOpenAI(marked) as server:
        found = await scored(
            [model("poor", 10), model("good", 40), model("same", 40)], tmp_path / "out", server
        )
    assert found.ranking is not None
    assert {row.model: row.rank_range for row in found.ranking.rows} == {
        "good": (1, 2),
        "same": (1, 2),
        "poor": (3, 3),
    }
    table = rescoring_page(found, [], "en").tables[0]
    assert [row[0].text for row in table.rows] == ["same", "good", "poor"] or [
        row[0].text for row in table.rows
    ] == ["good", "same", "poor"]


async def test_the_profile_needs_one_model(tmp_path: Path) -> None:
    path = workbook(tmp_path / "model.xlsx", {"甲": SHEETS["甲"]})
    with pytest.raises(ConfigError, match="needs one model"):
        await scored([path], tmp_path / "out")


async def test_a_judge_of_the_doctors_family_is_refused(tmp_path: Path) -> None:
    line = {
        "patient_id": 1,
        "doctor_engine_name": "qwen-max",
        "dialog_history": [{"role": "Patient", "content": "疼"}, {"role": "Doctor", "content": "哪里疼？"}],
    }
    path = tmp_path / "h.jsonl"
    path.write_text(json.dumps(line, ensure_ascii=False), encoding="utf-8")
    config = RunConfig.model_validate(
        {
            "doctor": {"model": "human"},
            "judges": [{"model": "openai:qwen3-32b", "base_url": "http://127.0.0.1:9/v1"}],
        }
    )
    with pytest.raises(ConfigError, match="family"):
        await rescore(read_sets([path]), config, load_rubric(None), tmp_path / "out")


async def test_forced_kinship_is_said(tmp_path: Path) -> None:
    line = json.loads(hospital(1, "哪里疼？")) | {"doctor_engine_name": "gpt-4"}
    path = tmp_path / "h.jsonl"
    path.write_text(json.dumps(line, ensure_ascii=False), encoding="utf-8")
    async with FakeOpenAI("{}", model="gpt-4o") as server:
        config = RunConfig.model_validate(
            {
                "doctor": {"model": "human"}, "judges": [{"model": "openai:gpt-4o", "base_url": server.url}],
                "allow_same_family": True,
            }
        )  # fmt: skip
        found = await rescore(read_sets([path]), config, load_rubric(None), tmp_path / "out")
    assert found.own_family == ["openai:gpt-4o"]
    assert found.missing == 1, "a judge that answers {} gives no mark"
    assert found.sets[0].score is None
    page = rescoring_page(found, [], "zh")
    assert any("同属一个家族" in text for text in page.warnings)


def hospital(patient: int, *questions: str) -> str:
    history: list[dict[str, Any]] = [{"role": "Patient", "content": "<对医生讲> 胸口闷。"}]
    for question in questions:
        history += [
            {"role": "Doctor", "content": question},
            {"role": "Patient", "content": "<对医生讲> 有一点。"},
        ]
    history.append({"role": "Doctor", "content": "#诊断结果#\n心绞痛\n\n#治疗方案#\n(1) 休息"})
    return json.dumps({"patient_id": patient, "dialog_history": history}, ensure_ascii=False)


async def test_foreign_consultations_are_scored_by_what_needs_no_case(tmp_path: Path) -> None:
    asks = [
        "您好，我是医生，请您慢慢说，哪里不舒服？",
        "什么时候开始的？",
        "以前得过什么病？",
        "在吃什么药？对什么药过敏吗？",
    ]
    (tmp_path / "asks.jsonl").write_text("\n".join(hospital(n, *asks) for n in range(4)), encoding="utf-8")
    (tmp_path / "silent.jsonl").write_text("\n".join(hospital(n, "。") for n in range(4)), encoding="utf-8")
    found = await scored(
        [tmp_path / "asks.jsonl", tmp_path / "silent.jsonl"], tmp_path / "out", rubric="clinical-dialogue"
    )
    scores = {one.name: one.score or 0.0 for one in found.sets}
    assert scores["asks"] > scores["silent"] + 10
    assert all(one.without_case == 4 for one in found.sets)
    assert found.ranking is not None
    assert found.ranking.rows[0].model == "asks"
    names = [Named(id=d.id, zh=d.zh, en=d.en) for d in load_rubric(None).dimensions]
    text = markdown(rescoring_page(found, names, "en"))
    assert "have no case file here" in text
    assert len((tmp_path / "out" / "verdicts.jsonl").read_text("utf-8").splitlines()) == 8


async def test_a_folder_is_one_set_and_every_format_is_read(tmp_path: Path) -> None:
    craft = tmp_path / "craft"
    craft.mkdir()
    for n in range(2):
        trial = {
            "multiturn_conversation": [
                {"role": "assistant", "content": "What is the matter?"},
                {"role": "user", "content": "A rash."},
            ]
        }
        (craft / f"case_{n}.json").write_text(
            json.dumps({"case_id": f"case_{n}", "trial_0": trial, "trial_1": trial})
        )
    primock = tmp_path / "primock.jsonl.gz"
    line = {
        "consultation": "d1",
        "utterances": [
            {"speaker": "doctor", "text": "Hello, how can I help?"},
            {"speaker": "patient", "text": "I cough."},
        ],
    }
    with gzip.open(primock, "wt", encoding="utf-8") as file:
        file.write(json.dumps(line))
    found = await scored([craft, primock], tmp_path / "out", rubric="clinical-dialogue")
    assert [(one.n, one.n_scored, len(one.files)) for one in found.sets] == [(4, 4, 2), (1, 1, 1)]
    assert sorted(found.sets[0].cases) == ["craft-md-case_0", "craft-md-case_1"]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no file"):
        read_sets([tmp_path / "empty"])
    path = workbook(tmp_path / "m.xlsx", {"甲": SHEETS["甲"]})
    with pytest.raises(ConfigError, match="none of them chosen"):
        read_sets([path], sheets=range(2, 85))
    with pytest.raises(ConfigError, match="two sets are called 'm'"):
        read_sets([path, path])
