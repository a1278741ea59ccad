"""Comparisons as HTML: everything drawn, every consultation in it or beside it, nothing left from before."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from made_runs import chatter, make_run, steady

from dialogue_sim.reports import packing
from dialogue_sim.reports.board_html import board_html
from dialogue_sim.reports.board_pages import board_page
from dialogue_sim.reports.boards import board
from dialogue_sim.reports.comparison_plots import Ranked, tie_columns
from dialogue_sim.reports.entries import of_language, read_entries
from dialogue_sim.reports.figures import around_zero, short_names, typeset
from dialogue_sim.reports.files import write_reports
from dialogue_sim.reports.page_files import write_report
from dialogue_sim.reports.plots import wrapped
from dialogue_sim.reports.reading import reading


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("drawn")
    return [
        make_run(root / name, f"openai:lab/{name}", steady(level), cases=8, seeds=2, talk=chatter)
        for name, level in (("even", 0.5), ("level", 0.52), ("strong", 0.9))
    ]


def written(folders: list[Path], page: Path) -> str:
    """The leaderboard's HTML file."""
    entries = read_entries([str(folder) for folder in folders])
    found = board(entries, [], [])
    write_report(
        page, found, lambda language: board_page(found, language), "en",
        lambda pages, folder: board_html(found, entries, pages, folder),
    )  # fmt: skip
    return page.read_text(encoding="utf-8")


def data_of(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def unpacked(block: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(block)))


def test_every_consultation_of_every_run_is_in_the_page(folders: list[Path], tmp_path: Path) -> None:
    text = written(folders, tmp_path / "board.html")
    data = data_of(text)
    assert data["runs"][0] == "openai:lab/strong", "the first of the board comes first"
    assert len(data["index"]) == 3 * 16
    blocks = re.findall(r'<script type="text/plain" id="block-\d+">(.*?)</script>', text)
    for entry in data["index"]:
        block, place = entry["at"]
        name = data["runs"][entry["run"]].rpartition("/")[2]
        folder = next(folder for folder in folders if folder.name == name)
        lines = (folder / "transcripts.jsonl").read_text("utf-8").splitlines()
        kept = next(one for one in map(json.loads, lines) if one["dialogue_id"] == entry["id"])
        assert [turn["text"] for turn in unpacked(blocks[block])[place]["turns"]] == [
            turn["text"] for turn in kept["turns"]
        ]
    assert not (tmp_path / "board.files").exists()


def test_both_languages_are_drawn_alike(folders: list[Path], tmp_path: Path) -> None:
    text = written(folders, tmp_path / "board.html")
    chinese, english = (
        text.split(f'<div class="t" lang="{language}">')[1].split("</section>\n</div>")[0]
        for language in ("zh", "en")
    )
    for part, words in ((chinese, ("名次", "并列", "各条目")), (english, ("rank", "tied", "Items"))):
        assert part.count("<svg") == 4
        assert all(word in part for word in words)
    assert "even" in english


def test_too_much_for_one_file_lies_beside_it_and_is_cleared_away(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "my board #1.html"
    monkeypatch.setattr(packing, "WHOLE", 1000)
    monkeypatch.setattr(packing, "PIECE", 60_000)
    text = written(folders, page)
    beside = tmp_path / "my board #1.files"
    data = data_of(text)
    files = sorted(beside.iterdir())
    assert len(files) > 1
    assert {f"{beside.name}/{file.name}" for file in files} == set(data["files"])
    assert "block-0" not in text
    stock: dict[int, str] = {}
    for file in files:
        script = re.fullmatch(r"stock\((\d+), (\[.*\])\);\n", file.read_text("utf-8"))
        assert script
        stock |= {int(script[1]) + k: block for k, block in enumerate(json.loads(script[2]))}
    assert sorted(stock) == list(range(len(data["files"])))
    assert sum(len(unpacked(block)) for block in stock.values()) == 3 * 16
    monkeypatch.setattr(packing, "PIECE", 10**6)
    written(folders, page)
    assert len(list(beside.iterdir())) == 1, "parts of the former page are gone"
    monkeypatch.undo()
    assert "block-0" in written(folders, page)
    assert not beside.exists()


def test_a_runs_report_is_divided_too(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "WHOLE", 1000)
    write_reports(folders[0])
    assert data_of((folders[0] / "report.html").read_text("utf-8"))["files"]
    monkeypatch.undo()
    write_reports(folders[0])
    assert not (folders[0] / "report.files").exists()


def test_only_the_cases_that_are_compared_are_kept(folders: list[Path], tmp_path: Path) -> None:
    found = reading(of_language(read_entries([str(folder) for folder in folders]), "zh"))
    assert found
    assert {entry["case"][:2] for entry in found.index} == {"zh"}
    silent = make_run(tmp_path / "silent", "openai:silent", steady(0.5), cases=4)
    assert reading(read_entries([str(silent)])) is None


def test_lines_of_tied_models_do_not_touch() -> None:
    ties = ["a", "ab", "bc", "c", "d", "de", "e"]
    rows = [Ranked("m", 50.0, None, 1, (1, 1), list(letters)) for letters in ties]
    assert tie_columns(rows) == [[[0, 1], [2, 3], [4, 5]], [[1, 2], [5, 6]]]
    assert tie_columns(rows[:1]) == []


def test_names_and_scales_fit_a_figure() -> None:
    names = ["openai:Qwen/Qwen3-32B", "vllm:lab/other", "scripted:expert"]
    assert list(short_names(names).values()) == ["Qwen3-32B", "other", "expert"]
    assert short_names(["a:x", "b:x"]) == {"a:x": "a:x", "b:x": "b:x"}
    assert typeset("-3.4 – -1.0") == "−3.4 – −1.0"
    assert typeset("gpt-4") == "gpt-4"
    low, high = around_zero([2.0, 8.0])
    assert low < 0 < 8 < high
    assert around_zero([]) == (-1.0, 1.0)
    assert wrapped("B7 Ideas, concerns and expectations") == "B7 Ideas, concerns and\nexpectations"
    assert wrapped("一" * 40).count("\n") == 1
    assert wrapped("x" * 100).endswith("…")
