"""Who has which reply: sent whole by a `HostileOpenAI`, read whole by the client, kept in the journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from dialogue_sim.models import completions, openai_api
from dialogue_sim.models.base import Reply
from dialogue_sim.models.journal import Journal
from tests.servers.hostile import HostileOpenAI


class Account(NamedTuple):
    """Names of replies.

    Attributes:
        unread: sent whole, but the client had given up or was gone: billed, and of no use to anyone.
        lost: read whole by the client, and not in the journal.
        doubled: more than once in the journal.
        unknown: in the journal, and never read.
        withdrawn: in the journal as paid, and not to be used again.
        needless: asked for although a reply to the same stood in the journal.
    """

    unread: set[str]
    lost: set[str]
    doubled: set[str]
    unknown: set[str]
    withdrawn: set[str]
    needless: set[str]

    @property
    def squares(self) -> bool:
        """Whether no reply was lost and none paid for twice that the client could have known of."""
        return not (self.lost or self.doubled or self.unknown or self.needless)


@contextmanager
def replies_read() -> Iterator[set[str]]:
    """The names of the usable replies that any client of this process reads whole within its time limit."""
    read: set[str] = set()
    real = completions.read_reply

    def noting(body: Any, latency_s: float) -> Reply:
        reply = real(body, latency_s)
        read.add(reply.model)
        return reply

    with mock.patch.object(openai_api, "read_reply", noting):
        yield read


def account(server: HostileOpenAI, read: set[str], out: Path) -> Account:
    """Compare what a server was asked, what was read of it and what the run in `out` kept."""
    kept: Counter[str] = Counter()
    withdrawn: set[str] = set()
    journal = Journal(out, read_only=True)
    try:
        for call in journal.calls():
            kept[call.reply.model] += 1
            if "#" in call.key:
                withdrawn.add(call.reply.model)
    finally:
        journal.close()
    asked: defaultdict[str, list[str]] = defaultdict(list)
    for name, digest in server.asked.items():
        asked[digest].append(name)
    needless: set[str] = set()
    for names in asked.values():
        standing = [place for place, name in enumerate(names) if name in kept and name not in withdrawn]
        needless.update(names[standing[0] + 1 :] if standing else ())
    read = read & set(server.asked)  # the call before the first dialogue has no name of its own
    return Account(
        unread=server.sent - read,
        lost=read - set(kept),
        doubled={name for name, count in kept.items() if count > 1},
        unknown=set(kept) - read,
        withdrawn=withdrawn,
        needless=needless,
    )
