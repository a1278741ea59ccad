"""Tables and the `datasets` folder: the same values in every form, and the scores are those of `scores.json`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.formats import export_run
from dialogue_sim.exports.rows import TABLES
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.run import Stages, execute, plan

DOCS = Path(__file__).resolve().parents[2] / "docs"


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture
def lines(made_run: Path, tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    return {path.stem: read_lines(path) for path in export_run(made_run, "jsonl", tmp_path / "jsonl")}


def test_every_row_names_its_schema_and_every_score_is_the_runs(made_run: Path, lines: dict) -> None:
    scores = json.loads((made_run / "scores.json").read_text())
    assert {table: {row["schema"] for row in rows} for table, rows in lines.items()} == {
        "dialogues": {"dialogue-sim/export/dialogue/1"},
        "turns": {"dialogue-sim/export/turn/1"},
        "verdicts": {"dialogue-sim/export/verdict/1"},
        "votes": {"dialogue-sim/export/verdict/1"},
    }
    runs = {one["dialogue_id"]: one for case in scores["cases"] for one in case["runs"]}
    assert len(runs) == len(lines["dialogues"]) == 4
    for row in lines["dialogues"]:
        one = runs[row["dialogue_id"]]
        assert (row["score"], row["raw"], row["dimensions"], row["caps"]) == (
            one["score"], one["raw"], one["dimensions"], one["caps"],
        )  # fmt: skip
    held = read_lines(made_run / "transcripts.jsonl")
    assert [row["text"] for row in lines["turns"]] == [turn["text"] for one in held for turn in one["turns"]]
    judged = read_lines(made_run / "verdicts.jsonl")
    for table in ("verdicts", "votes"):
        wanted = [(one["item"], one["value"]) for each in judged for one in each[table]]
        assert [(row["item"], row["value"]) for row in lines[table]] == wanted
    assert {row["item"] for row in lines["verdicts"] if row["kind"] == "cap"} == {"G1", "G2", "G3", "G4"}


def test_csv_holds_the_same(made_run: Path, tmp_path: Path, lines: dict) -> None:
    def flat(value: Any) -> str:
        if isinstance(value, list | bool):
            return json.dumps(value, ensure_ascii=False)
        return "" if value is None else str(value)

    for path in export_run(made_run, "csv", tmp_path):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        wanted = []
        for row in lines[path.stem]:
            dimensions = {f"dimensions.{name}": x for name, x in row.get("dimensions", {}).items()}
            both = {**row, **dimensions}
            wanted.append({name: flat(value) for name, value in both.items() if name != "dimensions"})
        assert rows == wanted


def test_parquet_holds_the_same(made_run: Path, tmp_path: Path, lines: dict) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for path in export_run(made_run, "parquet", tmp_path):
        assert parquet.read_table(path).to_pylist() == lines[path.stem]


def test_the_datasets_folder_opens_in_datasets(
    made_run: Path, tmp_path: Path, lines: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    folder = tmp_path / "folder"
    export_run(made_run, "datasets", folder)
    assert sorted(datasets.get_dataset_config_names(str(folder))) == sorted(TABLES)
    for table, rows in lines.items():
        loaded = datasets.load_dataset(str(folder), table, split="test", cache_dir=str(tmp_path / "cache"))
        assert loaded.to_list() == rows
    default = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert default["test"].num_rows == 4
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "scripted:brief" in card
    assert all(
        f"`{name}`" in card for row in TABLES.values() for name in row.model_fields if name != "schema_"
    )


async def test_a_run_that_is_not_scored_has_dialogues_and_no_figures(tmp_path: Path) -> None:
    flags = {
        "doctor": {"model": "scripted:snap"},
        "cases": ["en-back-pain-warehouse"],
        "out": str(tmp_path / "run"),
    }
    await execute(plan(config_from_flags(flags)), Stages(judge=False))
    written = export_run(tmp_path / "run", "datasets", tmp_path / "folder")
    assert [path.name for path in written] == ["README.md", "dialogues.parquet", "turns.parquet"]
    (row,) = read_lines(export_run(tmp_path / "run", "jsonl")[0])
    assert (row["score"], row["dimensions"], row["rubric"]) == (None, {}, "")
    with pytest.raises(ConfigError, match="has not been scored"):
        export_run(tmp_path / "run", "inspect")


def test_a_line_separator_inside_a_text_does_not_break_a_line(made_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("run.yaml", "scores.json", "verdicts.jsonl", "transcripts.jsonl"):
        text = (made_run / name).read_text(encoding="utf-8")
        (copy / name).write_text(text.replace("How long", "How\u2028long\x85"), encoding="utf-8")
    texts = [row["text"] for row in read_lines(export_run(copy, "jsonl")[1])]
    assert any("How\u2028long\x85" in text for text in texts)


@pytest.mark.parametrize("page", ["exports.md", "exports.zh-CN.md"])
def test_the_page_describes_every_field(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for row in TABLES.values():
        assert row.model_fields["schema_"].default in text
        for name in row.model_fields:
            assert name == "schema_" or f"`{name}`" in text, name


def test_an_option_of_another_form_is_refused(made_run: Path) -> None:
    with pytest.raises(ConfigError, match="belong to --to openai-chat"):
        export_run(made_run, "csv", min_score=50)
