"""A case that brings example questions: what they teach the patient, and how that is kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from dialogue_sim.cases.model import Questions
from dialogue_sim.cases.views import PatientView
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles import learned
from dialogue_sim.roles.patient import Patient, PatientSettings, open_patient
from dialogue_sim.roles.patient.answering import AnsweringSelector, selector_of
from dialogue_sim.roles.patient.meaning import meaning
from tests.roles.patients import ask, view

TAUGHT = {
    "en": {
        "pressure": (
            "Is the top number high when the nurse puts the cuff on?|What did the cuff on your arm show?|"
            "Has the nurse's cuff been showing high numbers?|Are you told the numbers are up whenever a cuff goes on?|"
            "Did the pharmacist's cuff give a high reading?|High readings on the cuff, is that you?"
        ),
        "ulcer": (
            "Did a camera test years back show a sore inside?|Was there ever a hole burnt in your gut lining?|"
            "Has the camera down your throat found a sore?|A sore in the lining, have you been told of one?|"
            "Did they ever look inside with a camera and see a raw patch?|Any sore spot seen on a gastroscopy?"
        ),
        "pressure ulcer": "What is wrong with you otherwise, in general?|Otherwise well, or is something wrong in general?",
        "herbs": (
            "Anything from grandmother's garden in your cup?|Do you brew leaves from the garden?|"
            "What do you put into that cup of yours, leaves?|Are you drinking brewed leaves or roots?|"
            "Is there something brewed from the garden that you drink?|Roots, bark, leaves in hot water: do you?"
        ),
        "": "Do you own a parrot?|Any birds in the house, a parrot perhaps?|Is there a parrot at home?|Which side do you dress on?",
    },
    "zh": {
        "pressure": (
            "社区给您建过慢病档案吗？|量压的时候高的那个数超没超？|社区的慢病档案里有您的名字不？|"
            "袖带一绑上去，那个数是不是老超？|慢病随访有人给您打电话吗？|高压那个数超过标准没有？"
        ),
        "ulcer": (
            "以前胃镜见过有破口的吗？|早年胃里烂过没有？|胃镜单子上写没写有破口？|"
            "做过胃镜吗，里头有没有烂的地方？|大夫说过您胃上有个破口没有？|胃里头破过皮、烂过口子吗？"
        ),
        "pressure ulcer": "除了这个，身上还有什么老毛病？|身上别的老毛病都有哪些？",
        "herbs": (
            "隔壁给的土方子您泡没泡水？|土方子熬水喝过吗？|谁给过您土方子没有？|"
            "草根树皮泡水喝不喝？|自己熬过什么土方子？|泡水的草根子喝着呢？"
        ),
        "": "家里鹦鹉养了几只？|养没养鸟，鹦鹉什么的？|家里有没有鹦鹉？|您属什么的？",
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for language in ("zh", "en"):
        meaning(language)  # learned once a process, and not into this folder
    monkeypatch.setattr(learned, "cache_folder", lambda: tmp_path / "learned")
    selector_of.cache_clear()
    return tmp_path / "learned"


def taught(language: str) -> PatientView:
    asked = {facts: questions.split("|") for facts, questions in TAUGHT[language].items()}
    questions = Questions(unrecorded=asked.pop(""), facts=asked)
    return replace(view(language), case_id=f"{language}-taught", questions=questions)


def patient(language: str) -> Patient:
    return open_patient(taught(language), PatientSettings(), guarded_terms=(), prompts=Prompts(), seed=1)


@pytest.mark.parametrize(
    ("language", "turn", "wanted"),
    [
        ("en", "What numbers has the nurse's cuff been showing?", ["pressure"]),
        ("en", "Has the camera down your throat ever found a sore in the lining?", ["ulcer"]),
        ("en", "Do you brew roots or leaves from the garden and drink them?", ["herbs"]),
        ("en", "Have you had a fever, or been coughing?", ["fever", "cough"]),
        ("zh", "社区那边的慢病档案，给您建了没有？", ["pressure"]),
        ("zh", "胃镜做过吗，胃里头有没有破口？", ["ulcer"]),
        ("zh", "除了这个，还有别的老毛病吗？", ["pressure", "ulcer"]),
        ("zh", "人家给的土方子，您泡水喝了吗？", ["herbs"]),
        ("zh", "发烧、咳嗽有没有？", ["fever", "cough"]),
    ],
)
async def test_a_question_like_the_examples_gets_their_facts(
    language: str, turn: str, wanted: list[str]
) -> None:
    assert sorted((await ask(patient(language), turn)).selection.asked) == sorted(wanted)


@pytest.mark.parametrize(
    ("language", "turn"),
    [("en", "Do you own a parrot at home?"), ("zh", "家里是不是养着鹦鹉？")],
)
async def test_a_question_like_those_left_open_is_answered_with_not_knowing(language: str, turn: str) -> None:
    reply = await ask(patient(language), turn)
    assert reply.selection.asked == reply.selection.disclosed == []
    assert reply.selection.unknown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_learned_once_is_kept_and_gives_the_same(language: str, folder: Path) -> None:
    def weights() -> list[float]:
        selector = AnsweringSelector(taught(language))
        bank = selector._bank
        question = next(iter(taught(language).questions.facts.values()))[0].rstrip("？?")
        return selector._answers.of(question, bank.scores(question)).tolist()

    first = weights()
    (kept,) = folder.iterdir()
    written = kept.stat().st_mtime_ns
    assert weights() == first
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(b"not what was written")
    assert weights() == first
    assert kept.stat().st_mtime_ns > written  # a damaged file is written anew


def test_another_example_is_another_model(folder: Path) -> None:
    known = taught("en")
    AnsweringSelector(known)
    AnsweringSelector(replace(known, questions=Questions(facts=known.questions.facts)))
    assert len(list(folder.iterdir())) == 2


async def test_a_cache_that_cannot_be_written_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file, no folder")
    monkeypatch.setattr(learned, "cache_folder", lambda: blocked / "learned")
    reply = await ask(patient("en"), "Has the camera down your throat ever found a sore in the lining?")
    assert reply.selection.asked == ["ulcer"]
