"""Communication items that words give away: greeting, summary, reasons, understanding, closing, respect."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dialogue_sim.judging.counted import Counted, cited, nothing, said
from dialogue_sim.judging.reading import Reading, Utterance

Found = list[tuple[Utterance, str]]

_OPENING_TURNS = 2
_REASONS_WANTED = 2


def sentences_with(
    reading: Reading, name: str, *, where: Callable[[str], bool] | None = None
) -> Iterator[tuple[Utterance, str]]:
    """The doctor's sentences that hold an entry of a word list, in order."""
    for utterance in reading.doctor:
        for sentence in utterance.sentences:
            if reading.words.has(name, sentence) and (where is None or where(sentence)):
                yield utterance, sentence


def greeting(reading: Reading) -> Counted:
    """B1: a greeting in the first turn (½) and who speaks or what will happen in the first two (½)."""
    first = reading.doctor[:1]
    greets: Found = [(u, s) for u in first for s in u.sentences[:2] if reading.words.has("greeting", s)]
    opening = reading.doctor[:_OPENING_TURNS]
    introduces: Found = [(u, s) for u in opening for s in u.sentences if reading.words.has("introduction", s)]
    if any(reading.words.has("claims_human", u.said) for u in opening):
        return nothing("claims to be human")
    value = (bool(greets) + bool(introduces)) / 2
    return said(value, f"greets: {bool(greets)}, introduces: {bool(introduces)}", greets + introduces)


def neutral_questions(reading: Reading) -> Counted:
    """B4: no leading question is met, one is half; needs a consultation."""
    if not reading.consulted:
        return nothing("fewer than three question turns")

    def leads(sentence: str) -> bool:
        return reading.words.has("leading", sentence) and not reading.words.has("confirming", sentence)

    leading = [u for u in reading.inquiries if any(leads(q) for q in reading.questions(u))]
    neutral = [u for u in reading.inquiries if u not in leading]
    value = 1.0 if not leading else 0.5 if len(leading) == 1 else 0.0
    return cited(value, f"{len(leading)} leading questions", reading, neutral)


def plain_words(reading: Reading) -> Counted:
    """B5 without a case: no unexplained common jargon."""
    if not reading.consulted:
        return nothing("too little was said")
    used = list(sentences_with(reading, "jargon", where=lambda s: not reading.words.has("explain_marker", s)))
    value = 1.0 if not used else 0.5 if len(used) == 1 else 0.0
    return cited(value, f"{len(used)} unexplained technical terms", reading, reading.inquiries)


def summary(reading: Reading) -> Counted:
    """B10: at least one summary, or a signpost to the next topic; not in the first turn."""
    first = reading.doctor[0].number if reading.doctor else 0
    found = [pair for pair in sentences_with(reading, "summary") if pair[0].number > first]
    found = found or [pair for pair in sentences_with(reading, "signpost") if pair[0].number > first]
    return said(1.0, "sums up or announces the next step", found)


def reasons(reading: Reading) -> Counted:
    """B11: reasons given for a diagnosis, test or treatment: two are met, one is half."""
    found = [
        pair
        for pair in sentences_with(reading, "reason", where=lambda s: not reading.asks(s))
        if reading.words.has("proposal", pair[0].said)
    ]
    return said(min(1.0, len(found) / _REASONS_WANTED), f"{len(found)} reasons given", found)


def understanding(reading: Reading) -> Counted:
    """B12: asks whether the patient has understood."""
    return said(1.0, "checks understanding", list(sentences_with(reading, "understanding")))


def shared_decision(reading: Reading) -> Counted:
    """B13: offers a choice or asks for preference or agreement."""
    return said(
        1.0, "offers a choice or asks for agreement", list(sentences_with(reading, "shared_decision"))
    )


def closing(reading: Reading) -> Counted:
    """B14: invites questions (½) and states the next step (½), in the last three turns."""
    last = {utterance.number for utterance in reading.doctor[-3:]}
    invites = [pair for pair in sentences_with(reading, "invite") if pair[0].number in last]
    steps = [
        pair
        for pair in sentences_with(reading, "next_step", where=lambda s: not reading.asks(s))
        if pair[0].number in last and len(reading.doctor) > 1
    ]
    value = (bool(invites) + bool(steps)) / 2
    return said(value, f"invites questions: {bool(invites)}, next step: {bool(steps)}", invites + steps)


def respect(reading: Reading) -> Counted:
    """B15: polite throughout; one blaming remark is half, an insult nothing. Needs a consultation."""
    if not reading.consulted:
        return nothing("fewer than three question turns")
    if rude := next(sentences_with(reading, "disrespect"), None):
        return nothing(f"disrespectful: {rude[1][:80]}")
    blaming = list(sentences_with(reading, "blame"))
    polite = list(sentences_with(reading, "polite"))
    if not polite:
        return cited(0.5, "neither rude nor courteous", reading, reading.inquiries)
    return said(1.0 if not blaming else 0.5, f"{len(blaming)} blaming remarks", polite)
