"""A transcript as programs and rules read it: the doctor's utterances, what each asked, what came back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from dialogue_sim.judging.injection import judge_directed, sift, suspects
from dialogue_sim.judging.normalise import fold, size, squash
from dialogue_sim.judging.wordlists import Wordlists, wordlists
from dialogue_sim.transcript import ClosingBlock, FindingGiven, Selection, Transcript, Turn

CLOSING = -1
"""The turn number by which verdicts cite the closing block."""

_STRUNG = 3


@dataclass(frozen=True)
class Utterance:
    """One turn of the doctor, with what followed until the doctor's next turn.

    `sentences` are verbatim, judge-directed ones and repeated formulas left out; `text` is whole.
    """

    number: int
    text: str
    sentences: tuple[str, ...]
    reply: Turn | None = None
    cues_before: tuple[str, ...] = ()
    findings: tuple[FindingGiven, ...] = field(default=())

    @property
    def selection(self) -> Selection | None:
        """The patient's selection trace of the reply, where there is one."""
        return self.reply.selection if self.reply else None

    @property
    def said(self) -> str:
        """What counts of the turn, as one text."""
        return " ".join(self.sentences)


class Reading:
    """One transcript, prepared once for every program and rule."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.language: str = transcript.language
        self.words: Wordlists = wordlists(transcript.language)
        self.injected: dict[int, list[str]] = suspects(transcript)

    @cached_property
    def doctor(self) -> list[Utterance]:
        """The doctor's utterances in order."""
        utterances: list[Utterance] = []
        seen: set[str] = set()
        cues: tuple[str, ...] = ()
        turns = self.transcript.turns
        for place, turn in enumerate(turns):
            if turn.speaker == "patient":
                cues = tuple(turn.selection.cues) if turn.selection else ()
            if turn.speaker != "doctor":
                continue
            following = []
            for later in turns[place + 1 :]:
                if later.speaker == "doctor":
                    break
                following.append(later)
            utterances.append(
                Utterance(
                    number=turn.number,
                    text=turn.text,
                    sentences=self._fresh(turn, seen),
                    reply=next((later for later in following if later.speaker == "patient"), None),
                    cues_before=cues,
                    findings=tuple(given for later in following for given in later.findings),
                )
            )
            cues = ()
        return utterances

    def _fresh(self, turn: Turn, seen: set[str]) -> tuple[str, ...]:
        kept = []
        for sentence in sift(turn.text).kept:
            key = squash(sentence)
            formula = key in seen and not self.asks(sentence)
            seen.add(key)
            if not formula and self.contentful(sentence):
                kept.append(sentence)
        return tuple(kept)

    @cached_property
    def traced(self) -> bool:
        """Whether the patient was ours, so that what each question asked for is on record."""
        return any(utterance.selection is not None for utterance in self.doctor)

    @cached_property
    def closing(self) -> ClosingBlock | None:
        """The closing block, freed of judge-directed text; None where there is none or it is empty."""
        block = self.transcript.closing
        if block is None:
            return None

        def clean(text: str) -> str:
            return " ".join(sift(text).kept) if judge_directed(text) else text

        cleaned = ClosingBlock(
            diagnosis=clean(block.diagnosis),
            differential=[clean(row) for row in block.differential if squash(row)],
            tests=[row for row in map(clean, block.tests) if squash(row)],
            plan=[row for row in map(clean, block.plan) if squash(row)],
            text=clean(block.text),
        )
        named = [cleaned.diagnosis, *cleaned.differential, *cleaned.tests, *cleaned.plan]
        return cleaned if any(squash(part) for part in named) else None

    @cached_property
    def given(self) -> str:
        """Everything patient and examiner said, as one text."""
        return "\n".join(turn.text for turn in self.transcript.turns if turn.speaker != "doctor")

    def contentful(self, sentence: str) -> bool:
        """Whether a sentence holds more than format markers such as "Thought process:"."""
        bare = self.words.pattern("markers").sub(" ", fold(sentence))
        return len(squash(bare)) >= 2

    def asks(self, sentence: str) -> bool:
        """Whether a sentence asks the patient for something: a question, or a request to tell."""
        folded = fold(sentence)
        if self.words.pattern("not_asking").search(folded):
            return False
        return (
            folded.rstrip("\"')” ").endswith("?") or self.words.pattern("asking").search(folded) is not None
        )

    def questions(self, utterance: Utterance) -> list[str]:
        """The sentences of an utterance that ask something, verbatim."""
        return [sentence for sentence in utterance.sentences if self.asks(sentence)]

    def question_count(self, utterance: Utterance) -> int:
        """How many questions an utterance holds.

        Every question counts once, or by its clauses where one sentence strings three or more
        together. A request to tell ("please describe it") only counts where no question stands.
        """
        questions = self.questions(utterance)
        marked = [question for question in questions if fold(question).rstrip("\"')” ").endswith("?")]
        return sum(self._strung(question) for question in marked or questions[:1])

    def _strung(self, sentence: str) -> int:
        clauses = re.split(r"[,，]", fold(sentence))
        asking = sum(self.words.pattern("asking_clause").search(clause) is not None for clause in clauses)
        return asking if asking >= _STRUNG else 1

    def is_inquiry(self, utterance: Utterance) -> bool:
        """Whether an utterance asks the patient anything."""
        return bool(self.questions(utterance))

    @cached_property
    def inquiries(self) -> list[Utterance]:
        """The utterances that ask something."""
        return [utterance for utterance in self.doctor if self.is_inquiry(utterance)]

    def statements(self, utterance: Utterance) -> list[str]:
        """The sentences of an utterance that tell rather than ask, verbatim."""
        return [sentence for sentence in utterance.sentences if not self.asks(sentence)]

    @cached_property
    def void(self) -> bool:
        """Whether the doctor said nothing that could be scored: empty, punctuation, or format only.

        A doctor who never asks twice about anything and never concludes has held no consultation either.
        """
        if self.closing is not None:
            return not any(utterance.sentences for utterance in self.doctor)
        distinct = {squash(sentence) for utterance in self.doctor for sentence in utterance.sentences}
        asked = {squash(question) for utterance in self.inquiries for question in self.questions(utterance)}
        return len(asked) < 2 and len(distinct) < 2

    @cached_property
    def consulted(self) -> bool:
        """Whether there was a consultation to speak of: at least three different question turns.

        Items that are met by what does not happen (no leading question, no invention) need this,
        or a doctor who says next to nothing would earn them.
        """
        return len({squash(utterance.said) for utterance in self.inquiries}) >= 3

    def lengths(self) -> list[int]:
        """Length of each doctor turn: characters in Chinese, words in English."""
        return [size(utterance.text, self.language) for utterance in self.doctor]
