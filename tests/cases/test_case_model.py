"""A case file is refused with file, line, field and how to mend it; a role sees only its view."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue_sim.cases import (
    CaseError,
    content_hash,
    examiner_view,
    json_schema,
    load_case,
    load_cases,
    patient_view,
)
from dialogue_sim.cases.views import doctor_view
from dialogue_sim.resources import bundled

EXEMPLAR = bundled("cases") / "zh" / "zh-chest-tightness-driver.yaml"


def broken(tmp_path: Path, old: str, new: str) -> Path:
    text = EXEMPLAR.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "case.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "what", "mend"),
    [
        ("urgency: emergency", "urgncy: emergency", "'urgency' is missing", "add `urgency:`"),
        ("topic: hpi.onset", "topic: hpi.onst", "did you mean 'hpi.onset'", ""),
        ("specialty: cardiology", "specialty: cardiologie", "did you mean 'cardiology'", ""),
        ("{id: nausea,", "{id: onset,", "'onset' stands twice", ""),
        ("facts: [radiation]", "facts: [radiatoin]", "did you mean 'radiation'", ""),
        ("when: 'turn:3'", "when: 'turn three'", "no moment", ""),
        ("status: affirmed", "status: maybe", "'affirmed' or 'denied'", ""),
        ("turn_band: [8, 20]", "turn_band: [20, 8]", "least is larger", ""),
        ("age: 57", "age: fifty", "integer", ""),
        ("complexity: 3", "complexity: 3\ncolour: red", "no field called 'colour'", "remove it"),
    ],
)
def test_each_mistake_gets_one_clear_message(tmp_path, old, new, what, mend):
    with pytest.raises(CaseError) as caught:
        load_case(broken(tmp_path, old, new))
    assert what in str(caught.value)
    assert mend in str(caught.value)
    assert "case.yaml:" in caught.value.where


def test_the_line_is_that_of_the_field(tmp_path):
    file = broken(tmp_path, "topic: hpi.character", "topic: hpi.karakter")
    line = next(
        i for i, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "karakter" in text
    )
    with pytest.raises(CaseError) as caught:
        load_case(file)
    assert caught.value.where.startswith(f"{file}:{line} ")


def test_no_view_but_the_judges_holds_a_diagnosis():
    for case in load_cases():
        names = [case.judge.diagnosis.primary, *case.judge.diagnosis.synonyms]
        seen = f"{patient_view(case)} {examiner_view(case)} {doctor_view(case)}".casefold()
        for name in names:
            assert not re.search(rf"(?<![a-z]){re.escape(name.casefold())}(?![a-z])", seen), (
                f"{case.id}: {name}"
            )
    held = {
        field.name
        for view in (patient_view(case), examiner_view(case), doctor_view(case))
        for field in fields(view)
    }
    assert not held & {"diagnosis", "judge", "red_flags", "plan", "differential"}
    assert not {field.name for field in fields(patient_view(case).facts[0])} & {"record", "critical"}


def test_parallel_cases_are_the_same_story():
    cases = {case.id: case for case in load_cases()}
    pairs = [
        (case, cases[case.parallel]) for case in cases.values() if case.parallel and case.language == "zh"
    ]
    assert len(pairs) >= 2
    for one, other in pairs:
        assert other.parallel == one.id
        shape = [
            [
                (f.id, f.topic, f.status, f.critical, f.disclosure)
                for f in sorted(case.patient.facts, key=lambda f: f.id)
            ]
            for case in (one, other)
        ]
        assert shape[0] == shape[1], one.id


def test_the_hash_is_of_the_content_and_not_of_the_layout(tmp_path):
    file = broken(tmp_path, "schema:", "# a comment\nschema:")
    assert content_hash(load_case(file)) == content_hash(load_case(EXEMPLAR))
    assert content_hash(
        load_case(broken(tmp_path, "十分的话得有七八分吧", "十分的话得有九分吧"))
    ) != content_hash(load_case(EXEMPLAR))


def test_a_limit_keeps_both_languages():
    assert {case.language for case in load_cases(limit=2)} == {"zh", "en"}


@pytest.mark.parametrize("wanted", ["zh-chest-tightness-drivr", "/nowhere/at/all"])
def test_an_unknown_case_is_refused(wanted):
    with pytest.raises(CaseError, match="no case, file or folder"):
        load_cases([wanted])


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(CaseError, match="no case"):
        load_cases(tmp_path)


def test_the_schema_is_one_an_editor_can_use():
    schema = json_schema()
    assert {"patient", "examiner", "judge"} <= set(schema["required"])
    assert schema["properties"]["schema"]


@given(st.text(max_size=200))
def test_no_text_crashes_the_loader(text):
    file = Path("fuzz.yaml")
    from dialogue_sim import yamlio
    from dialogue_sim.cases.model import Case

    with pytest.raises(CaseError):
        yamlio.validate(yamlio.parse(text, file, CaseError), Case, CaseError)


def test_a_split_is_one_part_of_the_cases(tmp_path):
    text = EXEMPLAR.read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    other = text.replace("id: zh-chest-tightness-driver", "id: zh-other", 1).replace(
        "split: public", "split: private", 1
    )
    (tmp_path / "b.yaml").write_text(other, encoding="utf-8")
    assert [case.id for case in load_cases(tmp_path, split="private")] == ["zh-other"]
    assert [case.id for case in load_cases(tmp_path, split="public")] == ["zh-chest-tightness-driver"]
    assert len(load_cases(tmp_path)) == 2
    with pytest.raises(CaseError, match="no secret case"):
        load_cases(tmp_path, split="secret")
