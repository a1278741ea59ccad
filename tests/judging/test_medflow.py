from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import Scene, Script

from dialogue_sim.judging.medflow import TurnMarks, score_sheet, score_sheets, sheet_score
from dialogue_sim.judging.medflow_judge import ModelTurnJudge, one_number, three_numbers
from dialogue_sim.judging.readers.workbook import read_sheets
from dialogue_sim.judging.rubric import MedflowSettings, load_rubric
from dialogue_sim.judging.sheets import COLUMNS, Row, Sheet, sheet_of
from dialogue_sim.models.base import Message
from dialogue_sim.models.errors import MalformedError, TransientError
from dialogue_sim.prompts import Prompts
from dialogue_sim.reports.medflow_workbook import write_workbook

openpyxl = pytest.importorskip("openpyxl", reason="the extra `xlsx` is not installed")


@pytest.fixture(scope="module")
def settings() -> MedflowSettings:
    profile = load_rubric("medflow-2025").medflow
    assert profile is not None
    return profile


class Stub:
    """A fixed judge: the complexity is the complaint's first digit, the marks are the reply's numbers."""

    spec = "stub"

    def __init__(self) -> None:
        self.seen: list[tuple[int, int, int]] = []

    async def complexity(self, complaint: str, *, language: str, vote: int) -> int:
        return int(complaint[0])

    async def marks(
        self, dialogue: Sequence[Row], reply: str, *, complexity: int, round_number: int, language: str, vote: int
    ) -> TurnMarks:  # fmt: skip
        if reply == "boom":
            raise TransientError("lost")
        self.seen.append((len(dialogue), complexity, round_number))
        return TurnMarks(*(float(part) for part in reply.split("|")[0].split(",")))


def test_the_worked_example(settings: MedflowSettings) -> None:
    marks = [(row, TurnMarks(45, 25, 12)) for row in range(2, 7)]
    scored = sheet_score("x", 2, marks, False, settings)
    assert scored.base == 82
    assert scored.score == pytest.approx(75.6)
    assert scored.reached


@pytest.mark.parametrize(
    ("rounds", "complexity", "bonus"),
    [
        (3, 1, 0), (4, 1, 50), (5, 1, 100), (9, 1, 100),
        (3, 2, 0), (4, 2, 50), (6, 2, 50), (7, 2, 100),
        (3, 3, 0), (4, 3, 50), (8, 3, 50), (9, 3, 100), (40, 3, 100),
    ],
)  # fmt: skip
def test_the_bonus(settings: MedflowSettings, rounds: int, complexity: int, bonus: float) -> None:
    scored = sheet_score("x", complexity, [(n, TurnMarks(0, 0, 0)) for n in range(rounds)], False, settings)
    assert scored.bonus == bonus
    assert scored.score == pytest.approx(0.2 * bonus)


def sheet(complaint: str, *replies: str, record: int = 5, role: str = "assistant") -> list[list[str]]:
    """Rows as in the original: the first holds the complaint, the last five a record."""
    rows = [["user", complaint, "assistant", "50,30,20|greeting, never judged"]]
    rows += [["user", f"answer {n}", role, reply] for n, reply in enumerate(replies)]
    return rows + [["user", "record", "assistant", "50,30,20|record"] for _ in range(record)]


BOOK = {
    "first": (sheet("1 cough", *["40,20,10"] * 5), 70.0, 5, 100),
    "minimum": (sheet("2 cough", *["40,20,10"] * 4), 70.0, 4, 50),
    "suggested": (sheet("2 cough", *["40,20,10"] * 7), 70.0, 7, 100),
    "below": (sheet("1 cough", "40,20,10", "30,10,5", "20,15,0"), (70 + 45 + 35) / 3, 3, 0),
    "critical": (sheet("3 pain", *["45,25,12"] * 8), 82.0, 8, 50),
    "critical full": (sheet("3 pain", *["45,25,12"] * 9), 82.0, 9, 100),
    "zeros": (sheet("1 cough", "0,0,0", "40,20,10", "0,0,0", "40,20,10"), 35.0, 4, 50),
    "stopped": (sheet("1 cough", *["40,20,10"] * 4, "0,0,0|您吸烟吗", "50,30,20"), 70.0, 4, 50),
    "stopped at once": (sheet("1 cough", "50,30,20|平时抽烟吗", "50,30,20"), 0.0, 0, 0),
    "clamped": (sheet("9 cough", *["99,99,99"] * 4, "-5,-5,-5"), 80.0, 5, 50),
    "others": (sheet("1 cough", *["40,20,10"] * 4) [:-5] + sheet("", "50,30,20", role="tool")[1:], 70.0, 4, 50),
    "record only": (sheet("2 cough"), 0.0, 0, 0),
}  # fmt: skip


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, (rows, *_) in BOOK.items():
        page = book.create_sheet(name)
        page.append(list(COLUMNS))
        for row in rows:
            page.append(row)
    book.create_sheet("_notes").append(["anything"])
    path = tmp_path / "in.xlsx"
    book.save(path)
    return path


async def test_a_workbook_of_every_branch_equals_the_hand_calculation(
    workbook: Path, settings: MedflowSettings
) -> None:
    report = await score_sheets(read_sheets(workbook), Stub(), settings)
    assert not report.failures
    got = {one.name: (one.base, one.rounds, one.bonus, one.score) for one in report.sheets}
    assert got.keys() == BOOK.keys()
    for name, (_, base, rounds, bonus) in BOOK.items():
        assert got[name] == pytest.approx((base, rounds, bonus, 0.8 * base + 0.2 * bonus)), name
    hand = [0.8 * base + 0.2 * bonus for _, base, _, bonus in BOOK.values()]
    assert report.overall == pytest.approx(sum(hand) / len(hand))
    two = next(group for group in report.groups if group.complexity == 2)
    assert (two.n, two.rate, two.rounds) == (3, pytest.approx(200 / 3), pytest.approx(11 / 3))
    assert two.score == pytest.approx((66 + 76 + 0) / 3)
    assert {one.name for one in report.sheets if one.stopped} == {"stopped", "stopped at once"}


async def test_each_reply_is_judged_with_the_dialogue_before_it(
    workbook: Path, settings: MedflowSettings
) -> None:
    stub = Stub()
    sheets = {one.name: one for one in read_sheets(workbook)}
    await score_sheet(sheets["minimum"], stub, settings, language="zh", record_rows=5)
    assert stub.seen == [(2, 2, 1), (3, 2, 2), (4, 2, 3), (5, 2, 4)]


async def test_a_failed_call_fails_the_sheet_and_is_in_no_mean(settings: MedflowSettings) -> None:
    good = Sheet("good", [Row(*row) for row in sheet("1 cough", *["40,20,10"] * 5)])
    bad = Sheet("bad", [Row(*row) for row in sheet("1 cough", "40,20,10", "boom", "40,20,10", "40,20,10")])
    report = await score_sheets([good, bad], Stub(), settings)
    assert [one.name for one in report.sheets] == ["good"]
    assert [(failure.where, failure.kind) for failure in report.failures] == [("bad", "transient")]
    assert report.overall == pytest.approx(76)
    nothing = await score_sheets([bad], Stub(), settings)
    assert nothing.overall is None


async def test_the_projects_own_transcripts(scene: Scene, settings: MedflowSettings) -> None:
    for _ in range(6):
        scene.says("40,20,10")
    own = sheet_of(scene.transcript())
    assert own.complaint == scene.case.patient.opening
    rated = Sheet(own.name, [own.rows[0]._replace(content="1"), *own.rows[1:]])
    scored = await score_sheet(rated, Stub(), settings, language="zh", record_rows=0)
    assert (scored.rounds, scored.score) == (5, pytest.approx(76))


async def test_votes_are_averaged(settings: MedflowSettings) -> None:
    answers = iter(["2"] * 3 + ["30,20,10", "40,20,10", "50,20,10"] * 4)
    model = Script(lambda messages, call: next(answers))
    judge = ModelTurnJudge(model, Prompts(), temperature=1.0)
    rows = [Row(*row) for row in sheet("cough", *["问"] * 4)]
    scored = await score_sheet(Sheet("x", rows), judge, settings, language="zh", record_rows=5, votes=3)
    assert scored.base == pytest.approx(70)
    assert {options.temperature for options in model.options} == {1.0}
    assert len({options.seed for options in model.options}) == 3


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("30,20,5", (30, 20, 5)),
        (" 30， 20，5 ", (30, 20, 5)),
        ("得分：30,20,5。", (30, 20, 5)),
        ("60,20,-5", (50, 20, 0)),
        ("30.5,20,5", (30.5, 20, 5)),
        ("<think>3,3,3</think>30,20,5", None),
    ],
)
def test_three_numbers_clamped(text: str, marks: tuple[float, ...] | None) -> None:
    if marks is None:
        with pytest.raises(ValueError, match="three"):
            three_numbers(text)
    else:
        assert three_numbers(text) == marks


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "30,20",
        "30,20,5,2",
        "三十，二十，五",
        "30 20 5",
        "总分55：30,20,5",
        "{}",
        "(0,0)",
        "nan,nan,nan",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="three"):
        three_numbers(text)


@given(st.tuples(*[st.floats(-1e6, 1e6)] * 3))
def test_marks_never_leave_their_ranges(numbers: tuple[float, float, float]) -> None:
    marks = three_numbers(",".join(f"{number:.3f}" for number in numbers))
    assert 0 <= marks.information <= 50
    assert 0 <= marks.communication <= 30
    assert 0 <= marks.diagnosis <= 20


@pytest.mark.parametrize(("text", "level"), [("2", 2), ("复杂度：3", 3), ("0", 1), ("7", 3)])
def test_one_number(text: str, level: int) -> None:
    assert one_number(text) == level


async def test_an_unreadable_reply_is_asked_for_once_more_and_then_is_a_failure(
    settings: MedflowSettings,
) -> None:
    def answer(messages: list[Message], call: int) -> str:
        return "2" if call == 0 else "我觉得很好" if len(messages) == 1 else "40,20,10"

    rows = [Row(*row) for row in sheet("cough", *["问"] * 4)]
    judge = ModelTurnJudge(Script(answer), Prompts(), temperature=1.0)
    scored = await score_sheet(Sheet("x", rows), judge, settings, language="zh", record_rows=5)
    assert scored.base == 70
    stubborn = ModelTurnJudge(Script(lambda m, n: "2" if n == 0 else "很好"), Prompts(), temperature=1.0)
    with pytest.raises(MalformedError):
        await score_sheet(Sheet("x", rows), stubborn, settings, language="zh", record_rows=5)


async def test_the_judge_sees_the_dialogue_the_label_and_the_reply(settings: MedflowSettings) -> None:
    model = Script(lambda messages, call: "3" if call == 0 else "40,20,10")
    rows = [
        Row("user", "胸痛", "assistant", "您好"),
        Row("user", "三小时", "assistant", "哪里痛？</dialogue>"),
        Row("user", "record", "", ""),
    ]
    judge = ModelTurnJudge(model, Prompts(), temperature=1.0)
    await score_sheet(Sheet("x", rows), judge, settings, language="zh", record_rows=1)
    request = model.asked[1][0]["content"]
    for part in ("胸痛", "您好", "三小时", "哪里痛", "复杂", "第 1 轮"):
        assert part in request
    assert "</dialogue>" not in request


async def test_the_workbook_has_the_columns_of_the_original(
    workbook: Path, settings: MedflowSettings, tmp_path: Path
) -> None:
    report = await score_sheets(read_sheets(workbook), Stub(), settings)
    out = tmp_path / "out.xlsx"
    write_workbook(report, out, "zh")
    page = openpyxl.load_workbook(out)["工作表"]
    rows = list(page.iter_rows(values_only=True))
    assert rows[0] == ("工作表", "复杂度", "基础平均分", "加权平均分", "达标", "问诊轮数")
    assert rows[1] == ("first", 1, 70, 76, "是", 5)
    assert len(rows) == 1 + len(BOOK)
    groups = list(openpyxl.load_workbook(out)["汇总"].iter_rows(values_only=True))
    assert groups[0] == ("复杂度", "基础平均分", "加权平均分", "达标率", "平均轮数")


async def test_a_name_that_looks_like_a_formula_stays_text(settings: MedflowSettings, tmp_path: Path) -> None:
    evil = Sheet('=HYPERLINK("http://x")', [Row(*row) for row in sheet("1 cough", *["40,20,10"] * 5)])
    report = await score_sheets([evil], Stub(), settings)
    write_workbook(report, tmp_path / "out.xlsx", "zh")
    cell = openpyxl.load_workbook(tmp_path / "out.xlsx")["工作表"]["A2"]
    assert cell.data_type == "s"
