"""`case new`: a person who knows no YAML writes a case, stops, goes on, and is told what is lacking."""

import sys
from pathlib import Path

import pytest
import walk

from dialogue_sim.authoring.answers import Answers, check_name
from dialogue_sim.authoring.assembly import assemble, lacking, plain_findings
from dialogue_sim.authoring.interview import Interview
from dialogue_sim.authoring.steps import STEPS
from dialogue_sim.authoring.wording import question, table
from dialogue_sim.cases import load_case
from dialogue_sim.cases.lint import RULES, lint
from dialogue_sim.errors import UserError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "case-new-walk.md"
MINIMUM = ["A tired baker", *[""] * 8, "I'm tired, doctor."]


def talk(folder, lines, language="en", slug="tired-baker", rest=None):
    """Answer with the lines; where they run out, `rest` answers each prompt, or the terminal is closed."""
    waiting, screen = iter(lines), []

    def read(prompt):
        screen.append(prompt)
        try:
            return next(waiting)
        except StopIteration:
            if rest is None:
                raise EOFError from None
            return rest(prompt)

    answers = Answers.open(folder, language, slug)
    written = Interview(answers, read, screen.append).hold(folder)
    return answers, "\n".join(screen), written


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_whole_walk_at_a_terminal_gives_a_case_without_findings(tmp_path, language):
    screens = walk.log(language, tmp_path)
    assert screens.count("[exit 0]") == 2
    file = tmp_path / f"{language}-{walk.NAMES[language]}.yaml"
    case = load_case(file)
    assert len(case.patient.facts) >= 20
    assert [str(finding) for finding in lint([file]).findings] == []
    assert case.judge.not_applicable == []
    # The page in docs shows this very walk.
    assert screens in PAGE.read_text(encoding="utf-8")


def test_what_was_typed_survives_a_closed_terminal_in_the_middle_of_a_list(tmp_path):
    answers, _, written = talk(tmp_path, [*MINIMUM, "It began in May.", "It's getting worse."])
    assert written is None
    assert [fact["say"] for fact in answers.facts] == ["It began in May.", "It's getting worse."]
    again, screen, _ = talk(tmp_path, ["It's all day long.", "duration"])
    assert [fact["say"] for fact in again.facts] == [
        "It began in May.",
        "It's getting worse.",
        "It's all day long.",
    ]
    assert "A title that helps" not in screen


def test_lines_can_be_taken_back_swapped_and_refiled(tmp_path):
    lines = [
        "No fever.",
        "!",
        "Tired all day.",
        "@sleep",
        "-1",
        "My feet swell.",
        "@nonsense-word",
        "swelling",
    ]
    answers, screen, _ = talk(tmp_path, [*MINIMUM, "", *lines])
    assert [(f["number"], f["topic"], f["status"]) for f in answers.facts] == [
        ("2", "general.sleep", "affirmed"),
        ("3", "ros.edema", "affirmed"),
    ]
    assert 'There is no kind "nonsense-word"' in screen


def test_back_asks_the_question_before_once_more(tmp_path):
    answers, _, _ = talk(tmp_path, ["A tired baker", "<", "A weary baker", "cardiology"])
    assert answers.given["title"] == "A weary baker"
    assert answers.given["specialty"] == "cardiology"


def test_an_answer_that_cannot_be_read_is_asked_for_again(tmp_path):
    answers, screen, _ = talk(tmp_path, ["A tired baker", "9999", "cardiology", "1", "1", "old", "57"])
    assert "Please type one of the numbers." in screen
    assert "Please write 57, 8 months or 20 days." in screen
    assert answers.given["age"] == {"age": "57", "age_unit": "year"}


def test_a_real_name_is_pointed_out(tmp_path):
    _, screen, _ = talk(tmp_path, [*MINIMUM, "", "", "Dr. Jones gave me tablets."])
    assert screen.split("identifies a real person: ")[1].startswith("Jones")


def test_a_bare_case_is_written_and_says_what_it_lacks(tmp_path):
    lines = [*MINIMUM, "I've been tired for a month. / Fatigue for 1 month"]
    answers, screen, written = talk(tmp_path, lines, rest=lambda prompt: "1" if "come from" in prompt else "")
    assert written is not None, screen[-600:]
    case = load_case(written)
    assert {"D1", "D2", "D3", "D4", "C1", "E2"} <= set(case.judge.not_applicable)
    assert {"diagnosis", "plan", "urgency"} <= set(lacking(answers))
    assert "Still lacking:" in screen
    assert "This part is not written down and is not scored: diagnosis" in screen


def test_a_deleted_line_leaves_no_broken_reference(tmp_path):
    answers = Answers.open(tmp_path, "en", "x")
    facts = [
        {"number": n, "topic": "ros.fever", "status": "denied", "say": "No fever.", "record": "No fever"}
        for n in "13"
    ]
    answers.given = {
        "title": "T", "opening": "O", "facts_symptoms": facts, "critical": ["2", "3"],
        "red_flags": [{"label": "gone", "facts": ["2"]}, {"label": "kept", "facts": ["2", "3"]}],
    }  # fmt: skip
    case = assemble(answers)
    assert [flag.label for flag in case.judge.red_flags] == ["kept"]
    assert [fact.critical for fact in case.patient.facts] == [False, True]


def test_everything_is_said_in_both_languages():
    for step in STEPS:
        for language in ("zh", "en"):
            assert question(step.name, language)[0]
    words = table()
    for key in set(words) - {"steps", "choices", "notes", "plain", "parts"}:
        assert set(words[key]) == {"zh", "en"}, key
    assert set(words["plain"]) == set(RULES)


def test_findings_are_plain_and_in_the_language_of_the_case():
    case = load_case(Path(__file__).resolve().parents[2] / "cases" / "zh" / "zh-chest-tightness-driver.yaml")
    facts = [case.patient.facts[0].model_copy(update={"say": "急性下壁心肌梗死"}), *case.patient.facts[1:]]
    broken = case.model_copy(update={"patient": case.patient.model_copy(update={"facts": facts})})
    found = list(plain_findings(broken))
    assert any(
        severity == "error" and "第 1 条" in sentence and "诊断的名字" in sentence
        for severity, sentence in found
    )


@pytest.mark.parametrize(("slug", "language"), [("Cough Teacher", "en"), ("cough", "fr"), ("咳嗽", "zh")])
def test_a_name_or_language_that_cannot_be_is_refused(slug, language):
    with pytest.raises(UserError):
        check_name(slug, language)
