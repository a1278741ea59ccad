"""What a program or a lexicon rule finds out about one item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialogue_sim.cases.model import Case
from dialogue_sim.judging.reading import CLOSING, Reading, Utterance
from dialogue_sim.judging.verdict import Mark, Method, Verdict

_FULL = 0.995
_QUOTE = 160


@dataclass(frozen=True)
class Counted:
    """A value in [0, 1] with its evidence: doctor turns and a verbatim quote from one of them."""

    value: float
    why: str
    turns: tuple[int, ...] = ()
    quote: str = ""

    def verdict(self, item: str, *, method: Method, judge: str, vote: int = 0) -> Verdict:
        """As a verdict. A positive value always has a quote: without one it is worth nothing."""
        value = min(1.0, max(0.0, self.value)) if self.quote else 0.0
        mark: Mark = "met" if value >= _FULL else "not" if value <= 1 - _FULL else "partly"
        return Verdict(
            item=item, mark=mark, value=round(value, 4), turns=list(self.turns), quote=self.quote,
            why=self.why, method=method, judge=judge, vote=vote,
        )  # fmt: skip


Rule = Callable[[Reading, Case], Counted | None]
"""Answers one item of a transcript with its case; None when it cannot be decided this way."""

TextRule = Callable[[Reading], Counted | None]
"""The same, from the transcript alone."""


def nothing(why: str) -> Counted:
    """The behaviour was not seen."""
    return Counted(0.0, why)


def cited(value: float, why: str, reading: Reading, utterances: Sequence[Utterance]) -> Counted:
    """A value whose evidence is the question (or else the first words) of the given utterances."""
    if not utterances:
        return nothing(why)
    first = utterances[0]
    questions = reading.questions(first) or list(first.sentences) or [first.text.strip()]
    return Counted(value, why, tuple(dict.fromkeys(u.number for u in utterances)), clip(questions[0]))


def said(value: float, why: str, found: Sequence[tuple[Utterance, str]]) -> Counted:
    """A value whose evidence is the given sentences of the given utterances."""
    if not found:
        return nothing(why)
    return Counted(value, why, tuple(dict.fromkeys(u.number for u, _ in found)), clip(found[0][1]))


def concluded(value: float, why: str, quote: str) -> Counted:
    """A value whose evidence stands in the closing block."""
    return Counted(value, why, (CLOSING,), clip(quote)) if quote.strip() else nothing(why)


def clip(quote: str) -> str:
    """A quote short enough to read, still verbatim."""
    return quote.strip()[:_QUOTE].rstrip()
