"""The claims about persona and language, and that they can fail."""

from __future__ import annotations

from dialogue_sim.cases import load_cases
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.patient import PatientSettings
from dialogue_sim.validation.steadiness import parallel_check, persona_check
from dialogue_sim.validation.understanding import Clinic

PAIR = ["zh-heart-skips-student", "en-heart-skips-student"]


def clinic() -> Clinic:
    return Clinic(PatientSettings(), Prompts(), None)


async def test_personas_do_not_change_what_a_good_doctor_learns():
    check = await persona_check(clinic(), load_cases(PAIR))
    assert check.holds, check.found


async def test_a_persona_that_withholds_is_found(monkeypatch):
    honest = Clinic.patient

    def patient(self, case, name):
        opened = honest(self, case, name)
        if opened.persona.personality == "distrustful":
            reply = opened.reply

            async def mute(doctor, turns):
                answer = await reply(doctor, turns)
                return answer._replace(selection=answer.selection.model_copy(update={"disclosed": []}))

            opened.reply = mute
        return opened

    monkeypatch.setattr(Clinic, "patient", patient)
    check = await persona_check(clinic(), load_cases(PAIR))
    assert not check.holds
    assert "distrustful" in check.found["en"]


async def test_a_parallel_case_gives_the_same_facts_in_both_languages():
    check = await parallel_check(clinic(), load_cases(PAIR))
    assert check is not None
    assert check.holds, check.found


async def test_two_stories_are_not_one():
    zh, en = load_cases([PAIR[0], "en-sweaty-teacher"])
    if zh.language == "en":
        zh, en = en, zh
    pair = [zh.model_copy(update={"parallel": en.id}), en.model_copy(update={"parallel": zh.id})]
    check = await parallel_check(clinic(), pair)
    assert check is not None
    assert not check.holds


async def test_without_a_pair_nothing_is_claimed():
    assert await parallel_check(clinic(), load_cases(PAIR[:1])) is None
