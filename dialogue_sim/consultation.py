"""The one loop in which turns alternate.

    patient opens ─▶ doctor speaks ─▶ examiner answers requests, patient answers the rest ─▶ …

It ends when the doctor closes, at the turn cap, when the patient leaves, or when the doctor repeats
itself or falls silent. Then the closing block is asked for once. What breaks the protocol is the
doctor's behaviour and is written into the transcript; a model call that fails raises instead, and
leaves no transcript.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from dialogue_sim.cases import Case, content_hash
from dialogue_sim.roles.doctor import Doctor, DoctorReply
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import Patient, PatientReply
from dialogue_sim.transcript import FindingGiven, ProtocolFailure, StopReason, Transcript, Turn

MAX_TURNS = 30
EMPTY_ALLOWED = 1
REPEATS_ALLOWED = 2

Listener = Callable[[Turn], None]


async def consult(
    case: Case,
    doctor: Doctor,
    patient: Patient,
    examiner: Examiner,
    *,
    max_turns: int = MAX_TURNS,
    replicate: int = 0,
    seed: int = 0,
    on_turn: Listener | None = None,
) -> Transcript:
    """Hold one consultation.

    Args:
        max_turns: doctor turns allowed; then the closing block is asked for.
        replicate: number of this run of the case, from 0; part of the dialogue's id.
        on_turn: called with every turn as it is spoken.

    Raises:
        ModelError: a role's model brought no usable reply. Nothing is scored.
    """
    consultation = _Consultation(on_turn)
    consultation.patient(patient.open())
    stop, closing_reply = await _alternate(consultation, doctor, patient, examiner, max_turns)
    if closing_reply is None or closing_reply.closing is None:
        closing_reply = await doctor.conclude(consultation.turns)
    failures: list[ProtocolFailure] = list(consultation.failures)
    if stop in ("loop", "empty"):
        failures.append(stop)
    if closing_reply.closing is None:
        failures.append("no_closing_block")
    return Transcript(
        dialogue_id=f"{case.id}/{replicate}",
        case_id=case.id,
        case_sha256=content_hash(case),
        language=case.language,
        replicate=replicate,
        seed=seed,
        doctor=doctor.spec,
        patient=patient.spec,
        persona=patient.persona.model_dump(),
        turns=consultation.turns,
        closing=closing_reply.closing,
        stop=stop,
        protocol_failures=sorted(set(failures)),
    )


async def _alternate(
    consultation: _Consultation, doctor: Doctor, patient: Patient, examiner: Examiner, max_turns: int
) -> tuple[StopReason, DoctorReply | None]:
    said: list[str] = []
    for spoken in range(max_turns):
        reply = await doctor.speak(consultation.turns, max_turns - spoken)
        consultation.doctor(reply)
        said.append(_essence(reply.text))
        if _closing_only(reply):
            return "closed", reply
        if said.count("") > EMPTY_ALLOWED:
            return "empty", None
        if said[-1] and said.count(said[-1]) > REPEATS_ALLOWED:
            return "loop", None
        findings = examiner.answer(reply.text)
        if findings:
            consultation.examiner(findings)
        answer = await patient.reply(reply.text, consultation.turns)
        consultation.patient(answer)
        if reply.closes:
            return "closed", reply
        if answer.left:
            return "patient_left", None
    return "turn_cap", None


def _closing_only(reply: DoctorReply) -> bool:
    """True when the turn is the written block itself or empty but for the end mark: the patient has nothing to answer."""
    return reply.closes and (not reply.text or reply.closing is not None)


def _essence(text: str) -> str:
    """Letters and digits only, so that repeating a sentence with other punctuation is still a repeat."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


class _Consultation:
    """The turns as they come in."""

    def __init__(self, on_turn: Listener | None) -> None:
        self.turns: list[Turn] = []
        self.failures: list[ProtocolFailure] = []
        self._on_turn = on_turn

    def doctor(self, reply: DoctorReply) -> None:
        self._add(
            Turn(number=len(self.turns), speaker="doctor", text=reply.text, calls=list(reply.calls),
                 usage=reply.usage, latency_s=reply.latency_s)
        )  # fmt: skip

    def patient(self, reply: PatientReply) -> None:
        self._add(
            Turn(number=len(self.turns), speaker="patient", text=reply.text, selection=reply.selection,
                 guard=reply.guard, calls=list(reply.calls), usage=reply.usage)
        )  # fmt: skip

    def examiner(self, findings: list[FindingGiven]) -> None:
        text = "\n".join(finding.text for finding in findings)
        self._add(Turn(number=len(self.turns), speaker="examiner", text=text, findings=findings))

    def _add(self, turn: Turn) -> None:
        self.turns.append(turn)
        if self._on_turn:
            self._on_turn(turn)
