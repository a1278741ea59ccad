"""A run's records are read when they are asked for, from the file that was opened."""

import os
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.runfiles import Records, read_run
from dialogue_sim.transcript import Transcript, Turn
from tests.reports.made_runs import make_run, steady


def transcript(number: int) -> Transcript:
    # A line separator inside a text ends no record.
    said = Turn(number=0, speaker="patient", text=f"It's\u2028{number}. 头疼")
    return Transcript(dialogue_id=f"case/{number}", case_id="case", language="en", turns=[said])


def written(path: Path, *numbers: int) -> Path:
    path.write_text("\n\n".join(transcript(number).model_dump_json() for number in numbers), encoding="utf-8")
    return path


def test_every_record_is_found_by_its_dialogue_in_the_file_s_order(tmp_path: Path) -> None:
    records = Records(written(tmp_path / "t.jsonl", 3, 1, 2), Transcript)
    assert list(records) == ["case/3", "case/1", "case/2"]
    assert dict(records) == {f"case/{number}": transcript(number) for number in (3, 1, 2)}
    assert "case/1" in records
    assert "case/9" not in records
    with pytest.raises(KeyError):
        records["case/9"]


def test_a_file_that_a_run_replaces_meanwhile_is_read_as_it_was(tmp_path: Path) -> None:
    records = Records(written(tmp_path / "t.jsonl", 1, 2), Transcript)
    os.replace(written(tmp_path / "new.jsonl", 7), tmp_path / "t.jsonl")
    assert records["case/2"] == transcript(2)


def test_the_file_is_let_go_with_the_records(tmp_path: Path) -> None:
    def held() -> int:
        return len(os.listdir("/proc/self/fd"))

    file, before = written(tmp_path / "t.jsonl", 1), held()
    for _ in range(50):
        Records(file, Transcript)
    (tmp_path / "bad.jsonl").write_text("{}\n", encoding="utf-8")
    for _ in range(50):
        with pytest.raises(ValueError, match="dialogue_id"):
            Records(tmp_path / "bad.jsonl", Transcript)
    assert held() <= before + 2


def test_a_damaged_line_is_told_when_the_run_is_opened(tmp_path: Path) -> None:
    make_run(tmp_path / "run", "a", steady(0.5))
    with (tmp_path / "run" / "verdicts.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"dialogue_id": 1}\n')
    with pytest.raises(ConfigError, match="a line is no judgement"):
        read_run(tmp_path / "run")
