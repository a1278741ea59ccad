"""Bringing what one journal holds into another."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from dialogue_sim.models.database import Database

_TEXTS = "SELECT id, hash, base, body FROM texts ORDER BY id"
_CALLS = "SELECT * FROM calls"
_RECORDS = "SELECT kind, key, body FROM records"


async def absorb(target: Database, source: Database) -> None:
    """Take over every call and record of `source` that `target` does not hold yet, in one step.

    Raises:
        ConfigError: one of the files is damaged, or the target cannot be written.
    """

    def work(connection: sqlite3.Connection) -> None:
        ids: dict[int, int] = {}
        # A text is stored after the one that it is compressed against, so its base is known here.
        for identity, digest, base, body in source.select(_TEXTS):
            known = connection.execute("SELECT id FROM texts WHERE hash = ?", (digest,)).fetchone()
            ids[identity] = known[0] if known else _insert(connection, digest, ids.get(base), body)
        for row in source.select(_CALLS):
            connection.execute(
                f"INSERT OR IGNORE INTO calls VALUES ({','.join('?' * len(row))})", _moved(row, ids)
            )
        connection.executemany("INSERT OR IGNORE INTO records VALUES (?,?,?)", source.select(_RECORDS))

    await target.commit(work)


def _insert(connection: sqlite3.Connection, digest: bytes, base: int | None, body: bytes) -> int:
    cursor = connection.execute("INSERT INTO texts (hash, base, body) VALUES (?, ?, ?)", (digest, base, body))
    return int(cursor.lastrowid or 0)


def _moved(row: tuple[Any, ...], ids: dict[int, int]) -> tuple[Any, ...]:
    """A row of calls with the numbers that its texts have in the other journal."""
    key, ask, role, dialogue, spec, request, reply, *rest = row
    asked, replied = json.loads(request), json.loads(reply)
    asked["messages"] = [[letter, ids[text]] for letter, text in asked["messages"]]
    asked["options"] = ids[asked["options"]]
    for name in ("text", "reasoning"):
        if name in replied:
            replied[name] = ids[replied[name]]
    packed = [json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in (asked, replied)]
    return key, ask, role, dialogue, spec, *packed, *rest
