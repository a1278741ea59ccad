"""How the patient words it: short, in character, and never beyond the record."""

import pytest

from dialogue_sim.cases.model import Persona
from dialogue_sim.errors import ConfigError
from dialogue_sim.roles.patient.persona import SPACE, choose_persona, persona_coverage, sample_persona
from tests.roles.patients import ask, record, view

FAREWELL = {"zh": "您还有什么想问的吗？", "en": "Do you have any questions for me?"}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_lines_are_the_cases_own(language: str) -> None:
    reply = await ask(record(language), {"zh": "发烧吗？", "en": "Any fever?"}[language])
    assert reply.text == {"zh": "没发烧。", "en": "No fever."}[language]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_second_asking_says_that_it_was_told(language: str) -> None:
    turn = {"zh": "发烧吗？", "en": "Any fever?"}[language]
    patient = record(language)
    first, again = await ask(patient, turn), await ask(patient, turn)
    assert again.selection.repeated == ["fever"]
    assert {"zh": "没发烧。", "en": "o fever."}[language] in again.text
    assert not again.text.startswith(first.text)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_cue_fires_once_at_its_moment(language: str) -> None:
    patient, line = record(language), view(language).cues[0].line
    small = {
        "zh": ["抽烟吗？", "咳嗽吗？", "睡得好吗？"],
        "en": ["Do you smoke?", "Any cough?", "How is your sleep?"],
    }[language]
    replies = [await ask(patient, turn) for turn in small]
    assert [reply.selection.cues for reply in replies] == [[], ["fear"], []]
    assert [line in reply.text for reply in replies] == [False, True, False]
    assert (await ask(patient, FAREWELL[language])).selection.cues == ["bill"]


@pytest.mark.parametrize(
    ("policy", "zh"),
    [
        ("dont_know", ["说不上来", "不知道", "说不清楚", "不清楚"]),
        ("not_noticed", ["没留意", "没太注意", "没注意", "没往这上头"]),
    ],
)
async def test_the_rule_for_unknowns_is_a_setting(policy: str, zh: list[str]) -> None:
    texts = [(await ask(record("zh", seed=seed, unknown=policy), "耳朵疼吗？")).text for seed in range(6)]
    assert all(any(words in text for words in zh) for text in texts)


async def test_who_the_patient_is_is_known() -> None:
    assert "46" in (await ask(record("zh"), "您今年多大年纪？")).text
    assert "I'm a bookkeeper." in (await ask(record("en"), "What do you do for a living?")).text
    assert "女儿" in (await ask(record("zh", companion=True), "您是患者的什么人？")).text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_persona_tells_the_same_facts(language: str) -> None:
    turns = {
        "zh": ["什么时候开始的？", "有没有发烧、咳嗽？", "既往史有吗？", "平时吃什么药？", "您放心，会保密的，还吃别的药吗？"],
        "en": ["When did it start?", "Any fever or cough?", "Any past illnesses?", "What medicines do you take?",
               "It stays between us. Any other medicines?"],
    }[language]  # fmt: skip
    told = set()
    for persona in SPACE[::5]:
        patient = record(language, persona=",".join(persona.model_dump().values()))
        assert patient.persona == persona
        selections = [(await ask(patient, turn)).selection for turn in turns]
        told.add(tuple(tuple(selection.disclosed) for selection in selections))
    assert len(told) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_personas_sound_different(language: str) -> None:
    turns = {
        "zh": ["抽烟吗？", "咳嗽吗？", "吐过吗？", "睡得好吗？"],
        "en": ["Do you smoke?", "Any cough?", "Any vomiting?", "How is your sleep?"],
    }[language]
    said = {}
    for personality in ("plain", "verbose", "impatient"):
        patient = record(language, persona=personality)
        said[personality] = "".join([(await ask(patient, turn)).text for turn in turns])
    assert len(set(said.values())) == 3
    assert len(said["verbose"]) > len(said["plain"])


async def test_only_the_touchy_leave_and_only_when_abused_for_long() -> None:
    for persona, leaves in (("impatient", True), ("distrustful", True), ("plain", False), ("anxious", False)):
        patient = record("zh", persona=persona)
        replies = [await ask(patient, "你是不是白痴？闭嘴！") for _ in range(3)]
        assert any(reply.left for reply in replies) is leaves
        assert not replies[0].left


async def test_a_patient_who_stays_is_calmed_by_kindness() -> None:
    patient = record("zh", persona="impatient")
    for turn in ("快点说！", "我理解您很难受，别担心，我会陪您一起想办法。", "咳嗽吗？"):
        reply = await ask(patient, turn)
    assert not reply.left
    assert reply.selection.disclosed == ["cough"]


def test_a_persona_is_named_sampled_or_the_cases_own() -> None:
    own = Persona(personality="anxious")
    assert choose_persona("case", own, 1) == own
    assert choose_persona("low, dialect", own, 1) == Persona(literacy="low", speech="dialect")
    assert choose_persona("sample", own, 3) == sample_persona(3)
    with pytest.raises(ConfigError, match="verbos"):
        choose_persona("verbos", own, 1)
    with pytest.raises(ConfigError, match="both a personality"):
        choose_persona("anxious,plain", own, 1)


def test_a_sample_states_how_much_of_the_space_it_covers() -> None:
    covered = persona_coverage([sample_persona(seed) for seed in range(400)])
    assert covered.space == len(SPACE) == 126
    assert covered.pairs == covered.pairs_possible
    assert covered.distinct > 110
