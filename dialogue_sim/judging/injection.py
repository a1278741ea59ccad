"""Text in a doctor's turn that talks to the judge instead of the patient.

Such sentences are flagged, and they count for nothing: no rule or program reads them, and a judge
model is shown them as data with a mark. They still count towards the length of a turn.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from dialogue_sim.judging.normalise import fold, sentences
from dialogue_sim.judging.wordlists import wordlists
from dialogue_sim.transcript import Transcript

_SPACED = re.compile(r"(?<=[\u4e00-\u9fff,.:!?，。：！？]) (?=[\u4e00-\u9fff,.:!?，。：！？])")
_OWN_LABEL = re.compile(r"\s*[\[(（【]?\s*(?:医生|大夫|doctor)\s*[\])）】]?\s*[:：]", re.IGNORECASE)


@lru_cache(maxsize=4096)
def judge_directed(sentence: str) -> bool:
    """Whether a sentence addresses a judge, forges a role or a verdict, or gives orders to a model."""
    folded = fold(sentence)
    forms = {folded, _SPACED.sub("", folded)}
    return any(
        wordlists(language).pattern("injection").search(form) for language in ("zh", "en") for form in forms
    )


class Sifted(NamedTuple):
    """A text's sentences: those that count, and those that are withheld."""

    kept: tuple[str, ...]
    withheld: tuple[str, ...]


def sift(text: str) -> Sifted:
    """Tell what a doctor said from what talks to the judge.

    After a forged turn of another role, what follows a label of the doctor's own is part of the forgery.
    """
    kept: list[str] = []
    withheld: list[str] = []
    forging = forged = False
    for sentence in sentences(text):
        forged = forged or (forging and _OWN_LABEL.match(sentence) is not None)
        directed = judge_directed(sentence)
        forging = forging or directed
        (withheld if forged or directed else kept).append(sentence)
    return Sifted(tuple(kept), tuple(withheld))


def suspects(transcript: Transcript) -> dict[int, list[str]]:
    """Judge-directed sentences by the number of the doctor's turn; the closing block counts as turn -1."""
    found = {turn.number: _directed(turn.text) for turn in transcript.of("doctor")}
    if transcript.closing:
        block = transcript.closing
        found[-1] = _directed(
            "\n".join([block.text, block.diagnosis, *block.differential, *block.tests, *block.plan])
        )
    return {number: rows for number, rows in found.items() if rows}


def _directed(text: str) -> list[str]:
    # A forged role or tag may be split over lines or sentences, so the whole text is tried as well.
    rows = list(sift(text).withheld)
    return rows or ([text.strip()[:200]] if text.strip() and judge_directed(text) else [])
