"""Each fault of a patient moves its own figure, and a faultless dialogue moves none."""

from pathlib import Path
from typing import Any

import pytest

from dialogue_sim.cases import Case, examiner_view, guarded_terms, load_case, patient_view
from dialogue_sim.consultation import consult
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.roles.patient.fidelity import PatientFidelity, fidelity
from dialogue_sim.roles.scripted import ScriptedDoctor
from dialogue_sim.transcript import Transcript

CASES = Path(__file__).parents[2] / "cases"
LANGUAGES = ["zh", "en"]
_HELD: dict[str, tuple[Transcript, Case]] = {}


async def held(language: str) -> tuple[Transcript, Case]:
    """A consultation with the record patient, held once."""
    if language not in _HELD:
        case = load_case(CASES / language / f"{language}-chest-tightness-driver.yaml")
        patient = open_patient(
            patient_view(case),
            PatientSettings(),
            guarded_terms=guarded_terms(case),
            prompts=Prompts(),
            seed=1,
        )
        transcript = await consult(
            case, ScriptedDoctor("thorough", case), patient, Examiner(examiner_view(case))
        )
        _HELD[language] = transcript, case
    return _HELD[language]


async def spoiled(language: str, text: str, **trace: Any) -> PatientFidelity:
    """The figures after the patient's second answer was made to say `text`."""
    transcript, case = await held(language)
    turn = transcript.of("patient")[2]
    assert turn.selection is not None
    changed = turn.model_copy(update={"text": text, "selection": turn.selection.model_copy(update=trace)})
    turns = [changed if other.number == turn.number else other for other in transcript.turns]
    return fidelity([(transcript.model_copy(update={"turns": turns}), case)])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_record_patient_has_no_fault(language: str) -> None:
    found = fidelity([await held(language)])
    for name in (
        "diagnosis_leak",
        "unsupported_numbers",
        "denied_known",
        "self_contradiction",
        "flipped",
        "role_drift",
        "language_drift",
    ):
        assert getattr(found, name).events == 0, name
    assert (found.unknown_denied, found.unknown_invented, found.guarded, found.unguarded) == (0, 0, 0, 0)
    assert found.unknown.events == found.unknown_admitted
    assert found.flipped.of > 10


FAULTS = [
    ("zh", "diagnosis_leak", "怕是急性下壁心肌梗死。"),
    ("en", "diagnosis_leak", "Is it an inferior myocardial infarction?"),
    ("zh", "unsupported_numbers", "大概疼了四十七天。"),
    ("en", "unsupported_numbers", "It's been 47 days."),
    ("zh", "unsupported_matters", "我还尿频。"),
    ("en", "unsupported_matters", "I've got a rash as well."),
    ("zh", "role_drift", "建议您先做个检查。"),
    ("en", "role_drift", "You should take some rest."),
    ("zh", "language_drift", "It hurts a lot."),
    ("en", "language_drift", "疼得厉害。"),
]


@pytest.mark.parametrize(("language", "name", "text"), FAULTS)
async def test_a_fault_is_counted(language: str, name: str, text: str) -> None:
    assert getattr(await spoiled(language, text), name).events == 1


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("zh", "这个我没留意过。", "unknown_admitted"),
        ("zh", "没有。", "unknown_denied"),
        ("zh", "有，挺厉害的。", "unknown_invented"),
        ("en", "I couldn't say.", "unknown_admitted"),
        ("en", "No.", "unknown_denied"),
        ("en", "Yes, quite a lot.", "unknown_invented"),
    ],
)
async def test_an_answer_that_is_not_on_record_is_classed(language: str, text: str, name: str) -> None:
    before = fidelity([await held(language)])
    trace = {
        "asked": [],
        "disclosed": [],
        "repeated": [],
        "volunteered": [],
        "unknown": ["ros.ear"],
        "views": [],
    }
    after = await spoiled(language, text, **trace)
    assert getattr(after, name) == getattr(before, name) + 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_critical_fact_neither_told_nor_held_back_is_missed(language: str) -> None:
    trace = {"asked": ["site"], "disclosed": [], "repeated": [], "withheld": []}
    assert (await spoiled(language, "…", **trace)).denied_known.events == 1
    trace["withheld"] = ["site"]
    assert (await spoiled(language, "…", **trace)).denied_known.events == 0


async def test_a_fact_with_its_negation_turned_round_is_flipped() -> None:
    trace = {"asked": ["fever"], "disclosed": ["fever"], "repeated": [], "volunteered": [], "unknown": []}
    assert (await spoiled("zh", "发烧了。", **trace)).flipped.events == 1
    assert (await spoiled("zh", "没发烧。", **trace)).flipped.events == 0


async def test_lengths_are_told_by_personality() -> None:
    found = fidelity([await held("zh")])
    assert list(found.personas) == ["anxious"]
    assert found.personas["anxious"].length_mean == pytest.approx(found.length_mean)
    assert fidelity([]).turns == 0
