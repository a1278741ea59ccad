"""The account over a hostile server tells a reply that came too late from one that was lost or asked for twice."""

from __future__ import annotations

import asyncio

import pytest

from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.budget import Budget
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.journal import Journal
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.openai_api import OpenAIModel
from dialogue_sim.models.settings import ModelSettings
from tests.reliability.accounts import account, replies_read
from tests.servers import hostile

ASKED = [Message(role="system", content="You are a doctor."), Message(role="user", content="It hurts.")]


async def ask(server, folder, *, withdraw=False) -> None:
    inner, journal = OpenAIModel("m", ModelSettings(base_url=server.url)), Journal(folder)
    model = JournaledModel(inner, journal, role="doctor", dialogue="d/0", limiter=Limiter(), budget=Budget())
    try:
        reply = await model.chat(ASKED, Options())
        if withdraw:
            await model.withdraw([reply.call_id])
    finally:
        journal.close()
        await inner.close()


class Holding(hostile.HostileOpenAI):
    """Answers nobody before it is told to, and then even those who have gone."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def _answer(self, body, word, model=""):
        await self.may.wait()
        return await super()._answer(body, word, model)


async def test_a_reply_that_nobody_reads_any_more_is_neither_lost_nor_paid_for_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(hostile, "_closing", lambda request: False)  # as on a network, where one cannot know
    async with Holding() as server:
        with replies_read() as read:
            impatient = asyncio.create_task(ask(server, tmp_path))
            while not server.asked:
                await asyncio.sleep(0)
            impatient.cancel()
            await asyncio.wait([impatient])
            server.may.set()
            await ask(server, tmp_path)
            while server.in_flight:
                await asyncio.sleep(0)
    found = account(server, read, tmp_path)
    assert (found.unread, found.squares) == ({"reply-1"}, True)


async def test_a_withdrawn_reply_may_be_asked_for_again_and_another_may_not(tmp_path):
    async with hostile.HostileOpenAI() as server:
        with replies_read() as read:
            await ask(server, tmp_path, withdraw=True)
            await ask(server, tmp_path)
        found = account(server, read, tmp_path)
        assert (found.withdrawn, found.squares) == ({"reply-1"}, True)
        with replies_read() as more:
            await ask(server, tmp_path / "elsewhere")
    again = account(server, read | more, tmp_path)
    assert (again.needless, again.lost, again.squares) == ({"reply-3"}, {"reply-3"}, False)


@pytest.mark.parametrize("read", [set(), {"reply-1"}])
async def test_what_the_journal_holds_must_have_been_read_and_the_other_way_round(read, tmp_path):
    async with hostile.HostileOpenAI() as server:
        await ask(server, tmp_path)
    found = account(server, read, tmp_path)
    assert (found.unknown, found.squares) == ({"reply-1"} - read, bool(read))
