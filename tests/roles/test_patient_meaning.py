"""What words mean to one another, learned from questions about the same matter."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg

from dialogue_sim.roles import learned
from dialogue_sim.roles.patient import meaning
from dialogue_sim.roles.patient.bank import bank
from dialogue_sim.roles.patient.hashing import hashes_of
from dialogue_sim.roles.patient.lexicon import lexicon

WORDS = "ant bee cat dog elk fox gnu hen jay kid owl pig".split()


def alike(one: str, other: str, language: str) -> float:
    """The cosine of what two texts mean."""
    means = meaning.meaning(language)
    return float(
        np.dot(
            *(means.of(bank(language).weighed(lexicon(language).read(text)).hashes) for text in (one, other))
        )
    )


@pytest.mark.parametrize(
    ("language", "word", "near", "far"),
    [
        ("en", "puffer", "inhaler", "stools"),
        ("en", "booze", "pints", "cough"),
        ("en", "wee", "urine", "allergic"),
        ("en", "mum or dad", "relatives", "swelling"),
        ("zh", "抽烟", "一天几包", "大便"),
        ("zh", "解小手", "小便", "过敏"),
        ("zh", "爹妈", "家里人", "咳嗽"),
        ("zh", "喝两口", "白酒", "月经"),
    ],
)
def test_words_for_the_same_matter_are_near(language: str, word: str, near: str, far: str) -> None:
    assert alike(word, near, language) > alike(word, far, language) + 0.1
    assert alike(word, word, language) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_that_nobody_asked_with_mean_nothing(language: str) -> None:
    assert not meaning.meaning(language).of(hashes_of(("frabjous", "饕"))).any()
    assert not meaning.meaning(language).of(hashes_of(())).any()


def test_what_is_learned_from_the_same_questions_is_the_same() -> None:
    asked = [[f"is it the {one}?" for one in WORDS[i : i + 5]] for i in range(8)]
    first, again = (meaning.learned(asked, bank("en").thesaurus) for _ in range(2))
    assert first.keys() == again.keys() == {"words", "vectors"}
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_it_is_named_by_what_was_learned() -> None:
    """What is learned by one process's vectors must not be used with those of another."""
    words, vectors = hashes_of(sorted(WORDS)), np.eye(len(WORDS), dtype=np.float16)
    words.sort()
    assert meaning.Meaning(words, vectors).name == meaning.Meaning(words, vectors.copy()).name
    assert meaning.Meaning(words, vectors).name != meaning.Meaning(words, -vectors).name


def test_a_direction_that_comes_out_as_its_opposite_is_turned_round(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [[f"is it the {one}?" for one in WORDS[i : i + 5]] for i in range(8)]
    first = meaning.learned(asked, bank("en").thesaurus)["vectors"]
    found = scipy.sparse.linalg.svds

    def turned(*args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        left, strengths, right = found(*args, **kwargs)
        return -left, strengths, -right

    monkeypatch.setattr(scipy.sparse.linalg, "svds", turned)
    assert np.array_equal(meaning.learned(asked, bank("en").thesaurus)["vectors"], first)


def test_it_is_learned_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "cache_folder", lambda: tmp_path)
    times: list[str] = []

    def matters(language: str) -> list[list[str]]:
        times.append(language)
        return [WORDS[i : i + 5] for i in range(8)]

    monkeypatch.setattr(meaning, "_matters", matters)
    meaning.meaning.cache_clear()
    try:
        first = meaning.meaning("en").of(hashes_of(("elk",)))
        meaning.meaning.cache_clear()
        assert np.array_equal(meaning.meaning("en").of(hashes_of(("elk",))), first)
        assert first.any()
        assert times == ["en"]
    finally:
        meaning.meaning.cache_clear()
