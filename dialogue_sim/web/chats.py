"""Chats: consultations in which a person is the doctor. They go through the same loop as any run.

What the person writes is on disk before anyone answers it. After a reload, a crash or a restart the
consultation is played again from what was written: the patient without a model answers alike, and a
model's calls come out of the journal. So nothing else of a consultation's state need be kept.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from dialogue_sim.cases import Case, doctor_view
from dialogue_sim.consultation import consult
from dialogue_sim.errors import UserError
from dialogue_sim.judging.panel import judge_transcript
from dialogue_sim.judging.rubric import Rubric, load_rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.journal import Journal
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles.closing import ClosingForm
from dialogue_sim.roles.doctor import ModelDoctor
from dialogue_sim.runs.cast import Cast
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.transcript import Failure, Transcript, Turn
from dialogue_sim.web.person import Entry, Person, Wanted

State = Literal["turn", "closing", "reply", "judging", "done", "failed", "away"]
"""What a chat waits for: the person's turn or closing block, the patient, the judge, nothing more.

One that is away was put out of memory; `Chats.chat` brings it back.
"""

END_MARKS = {"zh": "【问诊结束】", "en": "[END OF CONSULTATION]"}
MAX_CHARACTERS = 4000
LISTS = {"differential": 5, "tests": 8, "plan": 8}
"""The lists of the closing block, and how many entries each takes."""


class ChatRecord(BaseModel):
    """What is kept of a chat that goes on.

    Attributes:
        number: counts the chats of a store; the replicate number of the transcript.
        visitor: whose browser began it.
        name: what the person called themselves; may be empty.
        begun: seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    number: int
    case_id: str
    visitor: str = ""
    name: str = ""
    begun: float
    written: tuple[Entry, ...] = ()


class Chat:
    """One consultation, in memory while somebody is at it."""

    def __init__(self, record: ChatRecord, case: Case, house: Chats) -> None:
        self.record, self.case = record, case
        self.turns: list[Turn] = []
        self.state: State = "reply"
        self.failure: Failure | None = None
        self.transcript: Transcript | None = None
        self.judgement: Judgement | None = None
        self._house = house
        self._writing = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._person = Person(record.written, self._ask)
        self._pending: set[asyncio.Task[None]] = set()
        self._play = asyncio.create_task(self._played())

    async def write(self, text: str, place: int) -> bool:
        """The person's next turn. False when it is not wanted now, such as one that was sent twice.

        Args:
            place: how many entries the person had written when they began this one.
        """
        return await self._write(Entry("turn", text), place)

    async def conclude(self, form: ClosingForm, place: int) -> bool:
        """The person's closing block, likewise."""
        return await self._write(Entry("closing", form.model_dump_json()), place)

    async def settled(self, timeout_s: float | None = None) -> None:
        """Wait until nobody but the person has anything to do, or so long."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.state not in ("reply", "judging"))
        except TimeoutError:
            return

    @property
    def rests(self) -> bool:
        """Whether nothing goes on in it, so that it may be put out of memory."""
        return self.state not in ("reply", "judging") and not self._writing.locked()

    async def leave(self) -> None:
        """Let go of it; what was written is on disk."""
        self._play.cancel()
        await asyncio.gather(self._play, return_exceptions=True)
        self._set("away")

    async def _write(self, entry: Entry, place: int) -> bool:
        async with self._writing:
            if self.state != entry.kind or place != len(self.record.written):
                return False
            record = self.record.model_copy(update={"written": (*self.record.written, entry)})
            await self._house.keep(record)
            self.record, self.state = record, "reply"
            self._person.write(entry)
        return True

    async def _played(self) -> None:
        try:
            await self._consult()
            self._set("judging")
            await self._judge()
            self._set("failed" if self.failure else "done")
        except ModelError as problem:
            stage = "judge" if self.transcript else "simulate"
            self._fail(
                Failure.model_validate({"stage": stage, "kind": problem.kind, "message": str(problem)})
            )
        except UserError as problem:
            self._fail(Failure(stage="judge", kind="configuration", message=str(problem)))

    async def _consult(self) -> None:
        house, record = self._house, self.record
        self.transcript = house.transcript(record.id)
        if self.transcript is None:
            seed = house.cast.seed(self.case, 0)
            doctor = ModelDoctor(self._person, doctor_view(self.case), house.prompts, seed=seed)
            self.transcript = await consult(
                self.case, doctor, house.cast.patient(self.case, 0), house.cast.examiner(self.case),
                max_turns=house.config.turns, replicate=record.number, seed=seed, on_turn=self.turns.append,
            )  # fmt: skip
            await house.keep_transcript(record.id, self.transcript)
        self.turns = self.transcript.turns

    async def _judge(self) -> None:
        house, record = self._house, self.record
        assert self.transcript is not None
        self.judgement = house.judgement(record.id)
        if self.judgement is None:
            name = self.transcript.dialogue_id
            found = await judge_transcript(
                self.transcript, self.case, house.rubric, house.cast.judges(name),
                votes=house.config.votes, seed=house.config.seed,
            )  # fmt: skip
            if found.failures:
                self.failure = found.failures[0]
                return
            await house.keep_judgement(record.id, found)
            self.judgement = found

    def _ask(self, wanted: Wanted) -> None:
        self._set(wanted)

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._set("failed")

    def _set(self, state: State) -> None:
        self.state = state
        task = asyncio.create_task(self._tell())
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Chats:
    """All chats of one store.

    Args:
        config: who plays the patient and who judges; its doctor is not asked.
        cases: what may be chosen.
        journal: where they are kept.
    """

    MOST_LIVE = 400

    def __init__(self, config: RunConfig, cases: Sequence[Case], journal: Journal) -> None:
        self.config = config
        self.cases = {case.id: case for case in cases}
        self.rubric: Rubric = load_rubric(config.rubric)
        self.prompts = Prompts()
        self.cast = Cast(config, self.prompts, journal)
        self._journal = journal
        self._live: dict[str, Chat] = {}
        self._number = len(journal.record_keys("chat"))

    async def open(self) -> None:
        """Open the models behind patient and judge, if there are any. Raises like `Cast.open`."""
        await self.cast.open(["patient", "judge"])

    async def close(self) -> None:
        """Let go of everything; what was written is on disk."""
        for chat in list(self._live.values()):
            await chat.leave()
        self._live.clear()
        await self.cast.close()

    async def begin(self, case_id: str, *, visitor: str = "", name: str = "") -> Chat:
        """A new chat. Raises KeyError when there is no such case."""
        case = self.cases[case_id]
        number, self._number = self._number, self._number + 1
        record = ChatRecord(
            id=secrets.token_urlsafe(16), number=number, case_id=case.id, visitor=visitor, name=name,
            begun=time.time(),
        )  # fmt: skip
        await self.keep(record)
        return await self._enter(record)

    async def chat(self, chat_id: str) -> Chat | None:
        """A chat by its id, played again where it is not in memory; None where there is none, or its case has gone.

        One that failed is tried again.
        """
        known = self._live.get(chat_id)
        if known and known.state not in ("failed", "away"):
            self._live[chat_id] = self._live.pop(chat_id)
            return known
        body = self._journal.get_record("chat", chat_id)
        record = ChatRecord.model_validate(body) if body else None
        return await self._enter(record) if record and record.case_id in self.cases else None

    def of(self, visitor: str) -> list[ChatRecord]:
        """The chats that a visitor began, the newest first."""
        found = (ChatRecord.model_validate(body) for _, body in self._journal.records("chat"))
        return sorted((one for one in found if one.visitor == visitor), key=lambda one: -one.begun)

    def finished(self, chat_id: str) -> bool:
        """Whether a chat has been judged."""
        return self._journal.get_record("chat-judgement", chat_id) is not None

    async def keep(self, record: ChatRecord) -> None:
        """Write it down; it is on disk when this returns."""
        await self._journal.put_record("chat", record.id, record.model_dump(mode="json"))

    def transcript(self, chat_id: str) -> Transcript | None:
        """The transcript of a finished consultation."""
        body = self._journal.get_record("chat-transcript", chat_id)
        return Transcript.model_validate(body) if body else None

    async def keep_transcript(self, chat_id: str, transcript: Transcript) -> None:
        """Write it down, likewise."""
        body = transcript.model_dump(mode="json", by_alias=True)
        await self._journal.put_record("chat-transcript", chat_id, body)

    def judgement(self, chat_id: str) -> Judgement | None:
        """What was decided about a finished consultation."""
        body = self._journal.get_record("chat-judgement", chat_id)
        return Judgement.model_validate(body) if body else None

    async def keep_judgement(self, chat_id: str, judgement: Judgement) -> None:
        """Write it down, likewise."""
        await self._journal.put_record("chat-judgement", chat_id, judgement.model_dump(mode="json"))

    async def _enter(self, record: ChatRecord) -> Chat:
        if len(self._live) >= self.MOST_LIVE:
            # The one that nobody looked at for longest; it is played again when somebody does.
            resting = next((name for name, chat in self._live.items() if chat.rests), None)
            if resting:
                await self._live.pop(resting).leave()
            if record.id in self._live:  # somebody else came in meanwhile
                return self._live[record.id]
        chat = self._live[record.id] = Chat(record, self.cases[record.case_id], self)
        await chat.settled(60)
        return chat
