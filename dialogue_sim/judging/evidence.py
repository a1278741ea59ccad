"""The quote check: what a judge cites must stand in the doctor's turns it names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue_sim.judging.normalise import is_chinese, sentences, squash
from dialogue_sim.judging.reading import CLOSING
from dialogue_sim.transcript import ClosingBlock, Transcript

_ELLIPSIS = re.compile(r"(?:\.{3,}|…+|⋯+|\[\.+\])")
_LEAST_ZH, _LEAST_EN = 4, 8


def quote_stands(quote: str, turns: Sequence[int], transcript: Transcript) -> bool:
    """Whether a quote occurs in one of the named doctor turns.

    Both sides are compared without punctuation, spaces, case and width. An ellipsis joins pieces
    that must all occur, in order, in the same turn. A quote shorter than 4 Chinese or 8 Latin letters counts only as a
    whole sentence of the turn, so that a single "you" proves nothing.

    Args:
        turns: numbers of the cited turns; -1 is the closing block. Turns of others never count.
    """
    pieces = [piece for piece in map(squash, _ELLIPSIS.split(quote)) if piece]
    if not pieces or not turns:
        return False
    return any(
        _stands(pieces, text) for text in (doctor_text(transcript, number) for number in turns) if text
    )


def _stands(pieces: list[str], text: str) -> bool:
    whole, position = squash(text), 0
    for piece in pieces:
        place = whole.find(piece, position)
        if place < 0:
            return False
        position = place + len(piece)
    least = _LEAST_ZH if any(map(is_chinese, pieces)) else _LEAST_EN
    return max(map(len, pieces)) >= least or pieces[0] in {squash(sentence) for sentence in sentences(text)}


def stands_in(quote: str, transcript: Transcript) -> int | None:
    """The number of the first doctor turn in which a quote stands, the closing block last; None when in none."""
    numbers = [turn.number for turn in transcript.of("doctor")] + [CLOSING]
    return next((number for number in numbers if quote_stands(quote, [number], transcript)), None)


def doctor_text(transcript: Transcript, number: int) -> str:
    """What the doctor said in a turn, or wrote in the closing block (-1); empty for anybody else's turn."""
    if number == CLOSING:
        return block_text(transcript.closing) if transcript.closing else ""
    return next((turn.text for turn in transcript.of("doctor") if turn.number == number), "")


def block_text(block: ClosingBlock) -> str:
    """A closing block as one text: its fields, then what the doctor wrote."""
    return "\n".join(
        part for part in [block.diagnosis, *block.differential, *block.tests, *block.plan, block.text] if part
    )
