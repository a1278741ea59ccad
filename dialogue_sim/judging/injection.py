"""Text in a doctor's turn that talks to the judge instead of the patient.

Such sentences are flagged, and they count for nothing: no rule or program reads them, and a judge
model is shown them as data with a mark. They still count towards the length of a turn.
"""

from __future__ import annotations

from functools import lru_cache

from dialogue_sim.judging.normalise import fold, sentences
from dialogue_sim.judging.wordlists import wordlists
from dialogue_sim.transcript import Transcript


@lru_cache(maxsize=16384)
def judge_directed(sentence: str) -> bool:
    """Whether a sentence addresses a judge, forges a role or a verdict, or gives orders to a model."""
    folded = fold(sentence)
    return any(wordlists(language).pattern("injection").search(folded) for language in ("zh", "en"))


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
    rows = [sentence for sentence in sentences(text) if judge_directed(sentence)]
    return rows or ([text.strip()[:200]] if text.strip() and judge_directed(text) else [])
