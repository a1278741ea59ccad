"""Cutting and pasting transcripts: exchanges are taken out, put in, merged, and numbered anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dialogue_sim.transcript import Selection, Transcript, Turn


@dataclass(frozen=True)
class Exchange:
    """What the doctor said, and every turn that answered it."""

    doctor: Turn
    answers: tuple[Turn, ...]

    @property
    def selection(self) -> Selection | None:
        """What the patient decided to say in answer."""
        return next((turn.selection for turn in self.answers if turn.selection), None)

    def with_text(self, text: str) -> Exchange:
        """The same exchange with other words of the doctor."""
        return Exchange(self.doctor.model_copy(update={"text": text}), self.answers)


def exchanges(transcript: Transcript) -> tuple[list[Turn], list[Exchange]]:
    """The opening turns, and the exchanges that follow."""
    opening: list[Turn] = []
    found: list[tuple[Turn, list[Turn]]] = []
    for turn in transcript.turns:
        if turn.speaker == "doctor":
            found.append((turn, []))
        elif found:
            found[-1][1].append(turn)
        else:
            opening.append(turn)
    return opening, [Exchange(doctor, tuple(answers)) for doctor, answers in found]


def rebuilt(transcript: Transcript, opening: Sequence[Turn], body: Iterable[Exchange]) -> Transcript:
    """A transcript of these exchanges, its turns numbered anew."""
    turns = [*opening, *(turn for exchange in body for turn in (exchange.doctor, *exchange.answers))]
    numbered = [turn.model_copy(update={"number": number}) for number, turn in enumerate(turns)]
    return transcript.model_copy(update={"turns": numbered})


def edited(transcript: Transcript, change: Callable[[str], str]) -> Transcript:
    """Every doctor turn with its text changed; turns that end up empty go, with their answers."""
    opening, body = exchanges(transcript)
    changed = [exchange.with_text(change(exchange.doctor.text).strip()) for exchange in body]
    return rebuilt(transcript, opening, [exchange for exchange in changed if exchange.doctor.text])


def merged(parts: Sequence[Exchange], space: str) -> Exchange:
    """Several exchanges as one: the doctor asks everything at once, the patient answers everything at once."""
    patients = [turn for part in parts for turn in part.answers if turn.speaker == "patient"]
    others = [turn for part in parts for turn in part.answers if turn.speaker != "patient"]
    text = space.join(part.doctor.text for part in parts)
    doctor = parts[0].doctor.model_copy(update={"text": text})
    if not patients:
        return Exchange(doctor, tuple(others))
    answer = patients[0].model_copy(
        update={"text": space.join(turn.text for turn in patients), "selection": _together(patients)}
    )
    return Exchange(doctor, (*others, answer))


def _together(turns: Sequence[Turn]) -> Selection | None:
    traces = [turn.selection for turn in turns if turn.selection]
    if not traces:
        return None
    lists = [name for name, field in Selection.model_fields.items() if "list" in str(field.annotation)]
    joined = {name: [value for trace in traces for value in getattr(trace, name)] for name in lists}
    return traces[0].model_copy(update=joined)
