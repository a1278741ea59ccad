from pathlib import Path

import pytest

from dialogue_sim.cases import Case
from dialogue_sim.judging.programs import PROGRAMS
from dialogue_sim.judging.rubric import (
    Rubric,
    RubricError,
    applicable,
    applicable_without_case,
    content_hash,
    load_rubric,
)
from dialogue_sim.judging.rules import RULES
from dialogue_sim.resources import bundled

WEIGHTS = {
    "A1": 10, "A2": 6, "A3": 3, "A4": 1, "A5": 2, "A6": 2, "A7": 2, "A8": 1, "A9": 1, "A10": 2,
    "B1": 1, "B2": 1, "B3": 2, "B4": 1, "B5": 3, "B6": 4, "B7": 3, "B8": 3, "B9": 1, "B10": 2, "B11": 3,
    "B12": 2, "B13": 1, "B14": 2, "B15": 1,
    "C1": 4, "C2": 3, "C3": 3, "C4": 3, "C5": 1, "C6": 1,
    "D1": 8, "D2": 4, "D3": 4, "D4": 3, "D5": 1,
    "E1": 2, "E2": 2, "E3": 1,
}  # fmt: skip


def test_the_default_rubric_has_the_39_items_and_weights_of_the_specification(rubric: Rubric) -> None:
    assert {item.id: item.weight for item in rubric.items} == WEIGHTS
    assert {d.id: d.weight for d in rubric.dimensions} == {
        "process": 30, "communication": 30, "safety": 15, "outcome": 20, "efficiency": 5,
    }  # fmt: skip
    assert {cap.id: cap.limit for cap in rubric.caps} == {"G1": 40, "G2": 40, "G3": 60, "G4": 60}


def test_every_registered_program_and_rule_is_used_by_the_default_rubric(rubric: Rubric) -> None:
    assert {item.program for item in rubric.items if item.program} == set(PROGRAMS)
    used = {part.lexicon for part in (*rubric.items, *rubric.caps) if part.lexicon}
    assert used == set(RULES)


def test_every_item_left_to_a_judge_can_be_answered_without_a_model(rubric: Rubric) -> None:
    assert [i.id for i in rubric.items if set(i.methods) != {"program"} and not i.lexicon] == []


def _with(tmp_path: Path, old: str, new: str) -> Path:
    text = (bundled("judges") / "clinical-dialogue.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "what", "mend"),
    [
        ("id: process, weight: 30", "id: process, weight: 31", "sum to 101", "sum to 100"),
        ("    dimension: efficiency\n    weight: 2", "    dimension: speed\n    weight: 2", "no dimension 'speed'", "known are"),
        ("program: key_fact_coverage", "program: key_fact_covrage", "no program", "'key_fact_coverage'"),
        ("lexicon: greeting", "lexicon: greting", "no lexicon rule", "'greeting'"),
        ("    program: red_flags\n", "", "names none", "add `program:`"),
        ("  - id: A2\n", "  - id: A1\n", "stands twice", "own id"),
        ("The doctor asks about past illnesses or operations.", "The doctor does not forget past illnesses.",
         "worded negatively", "met is always good"),
        ("The doctor asks about past illnesses or operations.",
         "The doctor asks about past illnesses unless they are known.", "worded negatively", ""),
        ("The doctor asks about past illnesses or operations.",
         "The doctor asks about past illnesses. The doctor asks about operations.", "two behaviours", "one behaviour"),
        ("The doctor asks about past illnesses or operations.", "The doctor asks " + "very " * 34 + "much.",
         "more than 35", "shorten"),
        ("医生问了以前得过的病或做过的手术。", "医生没有漏问以前得过的病。", "worded negatively", ""),
        ("医生问了以前得过的病或做过的手术。", "医生问了" + "很多" * 40, "more than 60", "shorten"),
        ("The doctor asks about past illnesses or operations.",
         "The doctor asks about the patient's present drugs and allergies.", "says the same", "remove"),
        ("weight: 6\n", "weight: 0\n", "greater than 0", ""),
        ("      met: 以前得过什么大病、开过刀吗？\n", "", "'met' is missing", "add `met:`"),
        ("limit: 40", "limit: 100", "less than 100", ""),
    ],
)  # fmt: skip
def test_a_rubric_that_cannot_be_trusted_is_refused_with_line_and_mend(
    tmp_path: Path, old: str, new: str, what: str, mend: str
) -> None:
    path = _with(tmp_path, old, new)
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    assert what in caught.value.what
    assert mend in caught.value.mend
    assert caught.value.where.startswith(f"{path}:")
    line = int(caught.value.where.split(":")[1].split()[0])
    changed = path.read_text(encoding="utf-8").split("\n")
    assert 1 < line <= len(changed)


def test_the_line_of_a_finding_is_the_line_of_the_statement(tmp_path: Path) -> None:
    path = _with(
        tmp_path,
        "The doctor's first question about the illness is an open one.",
        "The doctor never starts closed.",
    )
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    line = int(caught.value.where.split(":")[1].split()[0])
    assert "never starts closed" in path.read_text(encoding="utf-8").split("\n")[line - 1]


def test_an_empty_rubric_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text(
        "schema: dialogue-sim/rubric/1\nid: empty\nversion: '1'\nzh: 空\nen: empty\n"
        "dimensions:\n  - {id: a, weight: 100, zh: 甲, en: a}\nitems: []\n",
        encoding="utf-8",
    )
    with pytest.raises(RubricError, match="no items"):
        load_rubric(path)


def test_a_dimension_without_items_is_out_of_reach(tmp_path: Path) -> None:
    path = _with(tmp_path, "dimension: process\n    weight: 10", "dimension: process\n    weight: 10")
    text = path.read_text(encoding="utf-8").replace("dimension: efficiency", "dimension: outcome")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RubricError, match="'efficiency' has no item"):
        load_rubric(path)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(RubricError) as caught:
        load_rubric("clinical-dialog")
    assert "clinical-dialogue" in caught.value.mend


def test_the_hash_follows_content_and_not_layout(tmp_path: Path, rubric: Rubric) -> None:
    same = _with(tmp_path, "items:\n", "# a remark\nitems:\n")
    assert content_hash(load_rubric(same)) == content_hash(rubric)
    other = _with(tmp_path, "limit: 40", "limit: 41")
    assert content_hash(load_rubric(other)) != content_hash(rubric)


def test_what_applies_depends_on_the_case_alone(rubric: Rubric, driver: Case, driver_en: Case) -> None:
    zh, en = ({item.id for item in applicable(rubric, case)} for case in (driver, driver_en))
    assert len(zh) == 39
    assert "A9" in zh
    assert "A9" not in en
    judge = driver.judge.model_copy(update={"not_applicable": ["C5"], "red_flags": []})
    patient = driver.patient.model_copy(update={"cues": []})
    left = {
        item.id for item in applicable(rubric, driver.model_copy(update={"judge": judge, "patient": patient}))
    }
    assert zh - left == {"C5", "A2", "A10", "B6", "B8"}


def test_without_a_case_only_what_needs_none_is_asked(rubric: Rubric) -> None:
    ids = {item.id for item in applicable_without_case(rubric, "en")}
    assert {"A3", "A4", "B1", "B3", "B5", "C2", "E1"} <= ids
    assert not ids & {"A1", "A2", "B6", "C1", "D1", "D3", "E2", "A9"}


def test_the_2025_profile_loads_with_its_numbers() -> None:
    profile = load_rubric("medflow-2025")
    assert profile.medflow is not None
    assert profile.medflow.suggested_rounds == {1: 5, 2: 7, 3: 9}
