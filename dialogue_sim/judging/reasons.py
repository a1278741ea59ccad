"""What programs and rules say of a mark, in the language of whoever reads it.

A verdict keeps the sentence as it was written, in English; those of programs and rules are made from
a fixed set (`reasons.yaml`), so that they are known again and can be put in Chinese, also in a run
that was judged before. A model's reasons stay as the model wrote them.
"""

from __future__ import annotations

from pathlib import Path

from dialogue_sim.judging.verdict import Verdict
from dialogue_sim.wording import wording

_FILE = Path(__file__).with_name("reasons.yaml")
_COUNTED = ("program", "lexicon")


def told(verdict: Verdict, language: str) -> str:
    """A verdict's reason in a language; as it stands where there is no wording of it."""
    return wording(_FILE).told(verdict.why, language) if verdict.judge in _COUNTED else verdict.why
