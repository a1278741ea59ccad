import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue_sim.judging.normalise import contains, fold, likeness, sentences, share, squash

TEXT = st.text(st.sampled_from("您好胸口闷，。？ abCD12.5＆（）\u200b\u202e\n\t請問藥物"), max_size=40)


@given(TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert squash(fold(text)) == squash(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("請問您對藥物過敏嗎？", "请问您对药物过敏吗?"),
        ("ＥＣＧ　检查", "ecg 检查"),
        ("您\u200b好\u2060，\u00ad大夫", "您好,大夫"),
        ("Don’t  worry", "don't worry"),
    ],
)
def test_form_does_not_matter(one: str, other: str) -> None:
    assert squash(one) == squash(other)


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("请马上拨打120", "120", True),
        ("血压120/80", "120", False),
        ("心率1200", "120", False),
        ("做个ECG检查", "ECG", True),
        ("take painkillers", "painkiller", True),
        ("restless", "rest", False),
        ("blood-tests", "blood test", True),
        ("胸 部 CT", "胸部CT", True),
        ("心 电 图", "心电图", True),
    ],
)
def test_phrases_match_whole_words_and_numbers(text: str, phrase: str, found: bool) -> None:
    assert contains(text, phrase) is found


def test_sentences_are_verbatim_and_keep_decimals() -> None:
    text = "体温36.5度。有发烧吗？没有!\nOk. Take 0.5 mg now."
    assert sentences(text) == ("体温36.5度。", "有发烧吗？", "没有!", "Ok.", "Take 0.5 mg now.")
    assert all(sentence in text for sentence in sentences(text))


@given(TEXT, TEXT)
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert 0 <= share(one, other) <= 1
