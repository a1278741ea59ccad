"""Which questions only point back at the statement before them."""

import pytest

from dialogue_sim.roles.patient.pointing import points_back

POINTING = {
    "en": """do you; and you; what about you; any of that; had any of those; have you seen that; is that the case
        anything like that with you; how do you get on with that; is that happening to you; has it come to that
        was there anything like that for you; have you felt anything like that; does that sound familiar
        does any of that ring a bell; have you noticed anything of the kind; is there anything along those lines
        you; is there; have you had one; how was it with you; which is it in your case; what time would that be
        can you tell me""",
    "zh": """您有没有这种情况; 您有类似的感觉吗; 您有过吗; 孩子有这样的表现吗; 您身上出现过类似的症状没有
        您也是这样吗; 有没有这种感觉; 您呢; 您是哪一种""",
}
ASKING_THEMSELVES = {
    "en": """is that ok; how does that sound; how do you feel about that; does that make sense; can you do that
        have you ever had anything like this before; how long does it last; is it painful; when did that start
        has this ever happened to you; is that right; any questions about that; what do you think about that
        where is it; how is your sleep; anything else""",
    "zh": """这种情况多久了; 以前有过这种情况吗; 这样可以吗; 您觉得怎么样; 是这样吗; 您有什么问题吗; 疼吗; 还有别的吗""",
}


def _each(questions: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (language, " ".join(one.split()))
        for language, every in questions.items()
        for line in every.splitlines()
        for one in line.split(";")
    ]


@pytest.mark.parametrize(("language", "question"), _each(POINTING))
def test_it_points_back(language: str, question: str) -> None:
    assert points_back(question, language)


@pytest.mark.parametrize(("language", "question"), _each(ASKING_THEMSELVES))
def test_it_asks_something_itself(language: str, question: str) -> None:
    assert not points_back(question, language)
