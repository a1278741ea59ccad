"""A model whose calls are journaled, limited, retried and paid for out of a budget."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import NamedTuple, Protocol

from dialogue_sim.models.base import ChatModel, Message, Options, Reply, Role
from dialogue_sim.models.budget import Budget
from dialogue_sim.models.journal import Spent
from dialogue_sim.models.limits import Limiter
from dialogue_sim.models.retries import retry


class CallKeys(NamedTuple):
    """`key` names a request to one model, `ask` the request alone. Both are stable everywhere."""

    key: str
    ask: str


def call_keys(fingerprint: str, messages: list[Message], options: Options) -> CallKeys:
    """The journal's keys of a request to the model of this fingerprint."""
    request = [
        [[message["role"], message["content"]] for message in messages],
        options.model_dump(mode="json", exclude_defaults=True),
    ]
    text = json.dumps(request, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    ask = hashlib.sha256(text.encode()).hexdigest()[:32]
    return CallKeys(hashlib.sha256(f"{fingerprint}\n{ask}".encode()).hexdigest()[:32], ask)


class CallStore(Protocol):
    """Where calls are kept; see `Journal`, which is one.

    Attributes:
        in_flight: calls being made now, by key, so that the same one is not made twice.
    """

    in_flight: dict[str, asyncio.Future[Reply]]

    async def find_call(self, key: str) -> Reply | None:
        """The reply kept under a key; None where there is none."""
        ...

    async def keep_call(
        self, key: str, ask: str, *, role: Role, dialogue: str, spec: str, messages: list[Message],
        options: Options, reply: Reply,
    ) -> None:  # fmt: skip
        """Keep a finished call; returns when it is on the disk."""
        ...

    async def withdraw_calls(self, keys: list[str]) -> None:
        """Hand these replies out no more; they stay counted as paid."""
        ...

    def usage(self) -> list[Spent]:
        """What each model has used in each role."""
        ...


class JournaledModel:
    """`inner`, asked only for what the journal does not hold yet.

    Replies come out of the journal when the same was asked of the same model before; the same
    question twice at once becomes one call. `Reply.call_id` is the key in the journal.

    Args:
        dialogue: id of the dialogue that the calls belong to.
        limiter: shared by all who ask the same model.
        attempts: how often a call is tried.
    """

    def __init__(
        self,
        inner: ChatModel,
        journal: CallStore,
        *,
        role: Role,
        dialogue: str,
        limiter: Limiter,
        budget: Budget,
        attempts: int = 6,
    ) -> None:
        self.spec = inner.spec
        self._inner, self._journal = inner, journal
        self._role, self._dialogue = role, dialogue
        self._limiter, self._budget, self._attempts = limiter, budget, attempts
        self._fingerprint: str = getattr(inner, "fingerprint", inner.spec)

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Replay or ask.

        Raises:
            ModelError: the call failed after its attempts, or the budget is spent.
            ConfigError: the journal cannot be written.
        """
        keys = call_keys(self._fingerprint, messages, options)
        in_flight = self._journal.in_flight
        while True:
            if known := await self._journal.find_call(keys.key):
                return known
            if keys.key not in in_flight:
                break
            other = in_flight[keys.key]
            await asyncio.wait([other])
            if not other.cancelled():  # a cancelled one leaves the call to us
                return other.result()
        mine = in_flight[keys.key] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._ask(keys, messages, options)
        except asyncio.CancelledError:
            mine.cancel()
            raise
        except BaseException as problem:
            mine.set_exception(problem)
            mine.exception()  # nobody else need be waiting for it
            raise
        finally:
            del in_flight[keys.key]
        mine.set_result(reply)
        return reply

    async def _ask(self, keys: CallKeys, messages: list[Message], options: Options) -> Reply:
        self._budget.reserve()
        try:
            raw = await retry(
                lambda: self._inner.chat(messages, options),
                self._limiter,
                attempts=self._attempts,
                name=self.spec,
            )
        except BaseException:
            self._budget.release()
            raise
        self._budget.charge(self.spec, raw.usage)
        reply = raw.model_copy(update={"call_id": keys.key})
        await self._journal.keep_call(
            keys.key,
            keys.ask,
            role=self._role,
            dialogue=self._dialogue,
            spec=self.spec,
            messages=messages,
            options=options,
            reply=reply,
        )
        return reply

    async def withdraw(self, call_ids: list[str]) -> None:
        """Replay these calls no more: their replies were of no use. They stay counted as paid."""
        await self._journal.withdraw_calls(call_ids)

    async def close(self) -> None:
        """The inner model is shared and closed by whoever opened it."""
