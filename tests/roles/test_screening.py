"""A screen leaves out only searches that must fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue_sim.cases import load_cases
from dialogue_sim.roles import learned
from dialogue_sim.roles.patient.lexicon import lexicon
from dialogue_sim.roles.screening import Screen
from dialogue_sim.roles.text import fold, sentences

PATTERNS = [
    r"ab", r"a(?:b|c)d?", r"(?:x|yz)?q", r"[ab]c", r"[^a]", r"a*", r"(?<!a)bc(?!d)", r"(?:ab|)c", r"a{2,}",
    r"\d+ab", r"(?:ab|cd)(?:ef|[gh])", r"a.c", r"(?P<n>ab)\1", r"^ab$", r"ab|cd|e", r"(?:a|[b-d])x", r"(?=ab)a",
]  # fmt: skip


@given(st.text(alphabet="abcdefghqxyz0 ", max_size=12))
@settings(max_examples=400)
def test_every_pattern_that_matches_is_a_candidate(text: str) -> None:
    patterns = [re.compile(pattern) for pattern in PATTERNS]
    found = {number for number, pattern in enumerate(patterns) if pattern.search(text)}
    screen = Screen(PATTERNS)
    assert found <= set(screen.candidates(text))
    assert {number for number, pattern in screen.matching(text) if pattern.search(text)} == found


def test_a_pattern_that_ignores_case_is_always_a_candidate() -> None:
    assert Screen(["(?i)ab"]).candidates("xAB") == [0]


def test_how_patterns_are_filed_is_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "cache_folder", lambda: tmp_path)
    first = Screen.kept(PATTERNS)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    again = Screen.kept(PATTERNS)
    assert file.stat().st_mtime_ns == written
    for text in ("abcd", "xyzq", "0ab", ""):
        assert first.candidates(text) == again.candidates(text) == Screen(PATTERNS).candidates(text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_lexicon_finds_in_the_cases_what_an_unscreened_search_finds(language: str) -> None:
    words = lexicon(language)
    patterns = [re.compile(pattern) for pattern in words._screen._patterns]
    asked = {
        fold(text)
        for case in load_cases(language=language)[::6]
        for fact in case.patient.facts[:4]
        for text in (fact.say, *fact.ask)
    }
    clauses = [clause for text in sorted(asked) for clause in sentences(text)][:80]
    assert clauses
    for clause in clauses:
        all_of_them = {number for number, pattern in enumerate(patterns) if pattern.search(clause)}
        candidates = words._screen.candidates(clause)
        assert all_of_them <= set(candidates)
        assert len(candidates) < len(patterns) / 4
