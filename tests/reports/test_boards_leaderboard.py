"""The leaderboard: what is tied is tied, nothing is hidden, and a published table's form can be made."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_runs import make_run, steady

from dialogue_sim.errors import ConfigError
from dialogue_sim.reports.board_pages import board_page, noted
from dialogue_sim.reports.boards import Board, board, letter
from dialogue_sim.reports.entries import of_language, read_entries, require_comparable
from dialogue_sim.reports.external import load_reference
from dialogue_sim.reports.page_files import json_text, write_report
from dialogue_sim.reports.page_html import page_html
from dialogue_sim.reports.pages import csv_text, markdown

NAMES = {
    "weak": ("openai:THUDM/glm-4-9b-chat", 0.30),
    "even": ("openai:Qwen/Qwen2.5-7B-Instruct", 0.55),
    "level": ("openai:Qwen/Qwen3-32B", 0.55),
    "strong": ("openai:MedFlow/Qingnang-72B", 0.80),
}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("boards")
    made = {name: make_run(root / name, doctor, steady(level)) for name, (doctor, level) in NAMES.items()}
    made["gaps"] = make_run(
        root / "gaps", "openai:gaps", steady(0.55), skip=lambda case, replicate: case.endswith("7"),
        caps=lambda case, replicate: ["G1"] if case.endswith("1") else [],
    )  # fmt: skip
    return made


def ranked(*folders: Path, references: tuple[str, ...] = (), force: bool = False) -> Board:
    entries = read_entries([str(folder) for folder in folders])
    return board(
        entries, [load_reference(name) for name in references], require_comparable(entries, force=force)
    )


@pytest.fixture(scope="session")
def four(folders: dict[str, Path]) -> Board:
    four = (folders[name] for name in NAMES)
    return ranked(*four, references=("dialogue-2025", "medbench-2025"))


def test_far_apart_is_ordered_and_level_is_tied(four: Board) -> None:
    order = [row.run.rpartition("/")[2] for row in four.rows]
    assert (order[0], order[-1]) == ("strong", "weak")
    letters = {row.run.rpartition("/")[2]: set(row.ties) for row in four.rows}
    assert letters["even"] & letters["level"]
    assert not letters["strong"] & letters["even"]
    ranges = {row.run.rpartition("/")[2]: row.rank_range for row in four.rows}
    assert ranges["strong"] == (1, 1)
    assert ranges["even"] == ranges["level"] == (2, 3)
    assert ranges["weak"] == (4, 4)


def test_the_pages_say_who_is_first_or_that_nobody_is(four: Board, folders: dict[str, Path]) -> None:
    assert "Qingnang-72B comes first" in board_page(four, "en").headline[1]
    assert "排在第一" in board_page(four, "zh").headline[1]
    level = ranked(folders["even"], folders["level"])
    assert "cannot tell" in board_page(level, "en").headline[1]
    assert "无法判定" in board_page(level, "zh").headline[1]
    rows = board_page(level, "en").tables[0].rows
    assert all(row[1].best for row in rows), "those tied for the first place are all bold"


def test_sums_of_the_scorecard_reach_the_board_unchanged(four: Board) -> None:
    for row in four.rows:
        scores = json.loads((Path(row.run) / "scores.json").read_text())
        assert row.score == pytest.approx(scores["score"], abs=1e-9)
        assert list(row.ci95 or ()) == pytest.approx(scores["ci95"], abs=1e-5)
        assert {name: figure.score for name, figure in row.dimensions.items()} == pytest.approx(
            {name: figure["score"] for name, figure in scores["dimensions"].items()}
        )


def test_published_figures_stand_beside_the_score(four: Board) -> None:
    of = {row.doctor: row for row in four.rows}
    assert of["openai:THUDM/glm-4-9b-chat"].external["dialogue-2025"] == 39.51
    assert of["openai:THUDM/glm-4-9b-chat"].external["overall-before"] == 34.8
    assert of["openai:Qwen/Qwen3-32B"].external["overall-after"] == 77.2
    assert "overall-before" not in of["openai:Qwen/Qwen3-32B"].external
    assert {row.doctor: row.size_class for row in four.rows} == {
        "openai:THUDM/glm-4-9b-chat": "8b", "openai:Qwen/Qwen2.5-7B-Instruct": "8b", "openai:Qwen/Qwen3-32B": "70b",
        "openai:MedFlow/Qingnang-72B": "70b",
    }  # fmt: skip


def test_the_published_form_has_a_model_a_column_by_size_class(four: Board) -> None:
    page = board_page(four, "zh", "columns")
    titles = [table.title for table in page.tables]
    assert titles[:2] == ["8b 左右模型", "70b 左右模型"]
    large = page.tables[1]
    assert [column.title for column in large.columns][1:] == [
        "openai:MedFlow/Qingnang-72B",
        "openai:Qwen/Qwen3-32B",
    ]
    assert large.rows[0][0].text == "对话交互能力"
    assert [cell.best for cell in large.rows[0][1:]] == [True, False]
    published = next(row for row in large.rows if row[0].text == "对话交互能力（2025 年公布）")
    assert [(cell.text, cell.best) for cell in published[1:]] == [("79.96", True), ("77.65", False)]
    assert "**" in markdown(page)


def test_a_model_nobody_published_joins_the_class_of_its_size(folders: dict[str, Path]) -> None:
    entries = read_entries(
        [f"our-doctor-14b={folders['even']}", f"tiny={folders['level']}", str(folders["weak"])]
    )
    found = board(entries, [load_reference("dialogue-2025")], [])
    classes = {row.model: row.size_class for row in found.rows}
    assert classes["our-doctor-14b"] == "8b"
    assert classes["tiny"] == "70b", "named tiny, but its doctor is Qwen3-32B"


def test_missing_dialogues_are_shown_and_their_cases_are_left_out(folders: dict[str, Path]) -> None:
    found = ranked(folders["even"], folders["gaps"])
    assert found.n_cases == 36
    assert found.left_out["openai:Qwen/Qwen2.5-7B-Instruct"] == [f"zh-case-{n:03d}" for n in (7, 17, 27, 37)]
    gaps = next(row for row in found.rows if row.model == "openai:gaps")
    assert gaps.failure_rate == pytest.approx(0.1)
    assert gaps.n_failed == 4
    assert gaps.caps["G1"].events == 4
    text = markdown(board_page(found, "en"))
    assert "10.0 % of the dialogues planned for openai:gaps have no score" in text
    assert "left out" in text


def test_a_run_with_nothing_scored_is_named_and_not_ranked(folders: dict[str, Path], tmp_path: Path) -> None:
    none = make_run(tmp_path / "none", "openai:none", steady(0.5), skip=lambda case, replicate: True)
    found = ranked(folders["even"], none)
    assert [row.model for row in found.rows] == ["openai:Qwen/Qwen2.5-7B-Instruct"]
    assert found.unranked[0].model == "openai:none"
    assert "openai:none has no scored dialogue (40 planned, 40 failed)" in board_page(found, "en").warnings[0]


def test_an_order_that_hangs_on_the_weights_is_a_tie(tmp_path: Path) -> None:
    # Process and communication weigh 30 each: the first doctor is perfect in one, the second in the
    # other and a whisper better elsewhere. On every case the second is ahead, but only by these weights.
    def asks(case: str, item: str, replicate: int, chance: object) -> float:
        return float(item.startswith("A"))

    def listens(case: str, item: str, replicate: int, chance: object) -> float:
        return 1.0 if item.startswith("B") else 0.5 if item == "E3" else 0.0

    one = make_run(tmp_path / "one", "scripted:asks", asks, cases=12)
    two = make_run(tmp_path / "two", "scripted:listens", listens, cases=12)
    found = ranked(one, two)
    pair = found.pairs[0]
    assert pair.p < 0.05, "every case says the same"
    assert found.reversals[0].tied
    assert not pair.separated
    assert all(row.rank_range == (1, 2) for row in found.rows)


def test_a_remark_that_is_not_everyones_says_whose_it_is() -> None:
    notes = {"a": ["lexicon_judge", "demonstration"], "b": ["lexicon_judge"]}
    shared, own = noted(notes, "en")
    assert shared.startswith("Note: the judge is")
    assert own.startswith("a: Note: the embedded model")


def test_only_one_language(folders: dict[str, Path]) -> None:
    entries = of_language(read_entries([str(folders["even"]), str(folders["weak"])]), "zh")
    found = board(entries, [], [])
    assert found.cases["language"] == {"zh": 20}
    assert found.n_cases == 20


def test_every_form_says_the_same(four: Board, tmp_path: Path) -> None:
    for name in ("b.md", "b.csv", "b.html", "b.json"):
        write_report(tmp_path / name, four, lambda language: board_page(four, language), "zh")
    assert json.loads((tmp_path / "b.json").read_text()) == json.loads(json_text(four))
    rows = list(csv.reader(io.StringIO((tmp_path / "b.csv").read_text("utf-8-sig"))))
    assert rows[0][:3] == ["名次", "模型", "得分"]
    assert [row[1] for row in rows[1:]] == [row.model for row in four.rows]
    assert float(rows[1][2]) == four.rows[0].score
    for name in ("b.md", "b.html"):
        text = (tmp_path / name).read_text("utf-8")
        for row in four.rows:
            assert row.doctor in text.replace("\\", "")
            assert f"{row.score:.1f}" in text


def test_the_html_is_whole_bilingual_and_calls_nobody(four: Board) -> None:
    text = page_html({language: board_page(four, language) for language in ("zh", "en")}).text
    tags = Tags(text)
    assert tags.languages == {"zh", "en"}
    assert not [url for url in tags.loaded if url.startswith(("http", "//"))]
    assert "对话交互能力排行" in text
    assert "Dialogue interaction leaderboard" in text


def test_names_are_text_in_every_form(folders: dict[str, Path]) -> None:
    evil = "<script>alert(1)</script>|**x**"
    entries = read_entries([f"{evil}={folders['even']}", f"@SUM(A1)={folders['weak']}"])
    found = board(entries, [], [])
    page = board_page(found, "en")
    assert "<script>alert" not in page_html({"en": page}).text
    assert "\\<script\\>alert(1)\\</script\\>\\|\\*\\*x\\*\\*" in markdown(page)
    assert "'@SUM(A1)" in csv_text(page), "no spreadsheet takes a name for a formula"


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (1, 26, 27, 53)] == ["a", "z", "aa", "ba"]


class Tags(HTMLParser):
    """Which languages a page holds, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.languages: set[str] = set()
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if tag == "div" and of.get("class") == "t":
            self.languages.add(of["lang"] or "")
        self.loaded += [of[name] or "" for name in ("src", "href") if name in of]


# ── what must be equal ────────────────────────────────────────────────────────────────────────────

CHANGES = {
    "the cases": ({"simulation.cases.en-case-000": "another-hash"}, "cases: content: en-case-000"),
    "a case": ({"simulation.cases.en-case-000": None}, "cases: only there: en-case-000"),
    "the prompts": ({"simulation.prompts_sha256": "q" * 64}, "prompts"),
    "the patient": ({"simulation.patient.model": "openai:gpt"}, "patient: model: openai:gpt ≠ record"),
    "the panel": (
        {"judging.judges": [{"model": "lexicon"}, {"model": "openai:x"}]},
        "judge: 2.model: openai:x ≠ –",
    ),
    "the votes": ({"judging.votes": 3}, "votes: 3 ≠ 1"),
    "the turns": ({"simulation.turns": 10}, "turn limit: 10 ≠ 30"),
    "the style": ({"simulation.doctor.style": "guided"}, "doctor style: guided ≠ chat"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_runs_that_are_not_comparable_are_refused_by_name(
    what: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    changes, named = CHANGES[what]
    other = make_run(tmp_path / "other", "openai:other", steady(0.5), changes=changes)
    with pytest.raises(ConfigError, match="not comparable") as refusal:
        ranked(folders["even"], other)
    assert named in str(refusal.value)
    assert "--force" in refusal.value.mend
    forced = ranked(folders["even"], other, force=True)
    assert len(forced.differing) == 1
    for language in ("zh", "en"):
        assert any("openai:other" in text for text in board_page(forced, language).warnings)


def test_another_rubric_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    other = make_run(tmp_path / "other", "openai:other", steady(0.5))
    scores = json.loads((other / "scores.json").read_text())
    scores["rubric"]["sha256"] = "0" * 64
    (other / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(ConfigError, match="rubric"):
        ranked(folders["even"], other)
    forced = ranked(folders["even"], other, force=True)
    assert forced.reversals == [], "weights that are not known are not varied"
    assert any("other weights were not tried" in text for text in board_page(forced, "en").remarks)


def test_what_is_no_scored_run_is_said(tmp_path: Path, folders: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="no run directory"):
        read_entries([str(tmp_path)])
    bare = make_run(tmp_path / "bare", "openai:x", steady(0.5), cases=2)
    (bare / "scores.json").write_text("{}")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_entries([str(bare)])
    (bare / "scores.json").unlink()
    with pytest.raises(ConfigError, match="not been scored"):
        read_entries([str(bare)])
    with pytest.raises(ConfigError, match="two runs are called"):
        read_entries([str(folders["even"]), str(folders["even"])])
