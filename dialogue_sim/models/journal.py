"""The journal of a run: every finished model call, by the hash of what was asked.

Resume is replay: a run that is started again asks the journal first and pays only for what is
missing. A call counts as finished when its row is on the disk, and only then is its reply handed out.

Besides calls it keeps records: whatever else a run must not lose, as JSON by kind and key.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dialogue_sim.models import texts
from dialogue_sim.models.base import Message, Options, Reply, Role, Usage
from dialogue_sim.models.database import Database
from dialogue_sim.models.merging import absorb

FILE = "journal.sqlite"
VERSION = "1"

_SCHEMA = f"""
{texts.SCHEMA};
CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY, ask TEXT NOT NULL, role TEXT NOT NULL, dialogue TEXT NOT NULL, spec TEXT NOT NULL,
    request TEXT NOT NULL, reply TEXT NOT NULL, created REAL NOT NULL,
    prompt INTEGER NOT NULL, completion INTEGER NOT NULL, cached INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    latency REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_ask ON calls (ask, role);
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""
_TOTALS = """
SELECT role, spec, count(*), sum(prompt), sum(completion), sum(cached), sum(reasoning), sum(latency)
FROM calls GROUP BY role, spec
"""
_REPLY = "SELECT key, reply, prompt, completion, cached, reasoning, latency FROM calls"
_CALL = _REPLY.replace(" FROM", ", role, dialogue, spec, request, created FROM")
_ROLES: dict[str, Any] = {"s": "system", "u": "user", "a": "assistant"}


class Spent(NamedTuple):
    """What one model in one role has used: paid calls, their tokens and their seconds."""

    role: str
    spec: str
    calls: int
    usage: Usage
    seconds: float


class Call(NamedTuple):
    """One journaled call, whole. `created` is in seconds since 1970."""

    key: str
    role: str
    dialogue: str
    spec: str
    messages: list[Message]
    options: Options
    reply: Reply
    created: float


class Journal:
    """The journal in a run directory.

    Args:
        folder: the run directory; made if it is missing, unless `read_only`.
        read_only: for readers (`view`, `report`, `replay:`); a run may write it meanwhile.

    Attributes:
        in_flight: calls being made now, by key, so that the same one is not made twice.

    Raises:
        ConfigError: another process runs here, the file is damaged or of another version, or the
            folder cannot be used.
    """

    def __init__(self, folder: Path | str, *, read_only: bool = False) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self.in_flight: dict[str, asyncio.Future[Reply]] = {}
        self._texts = texts.Texts()
        self._database = Database(self.path, _SCHEMA, VERSION, read_only=read_only, forget=self._texts.forget)

    async def keep_call(
        self,
        key: str,
        ask: str,
        *,
        role: Role,
        dialogue: str,
        spec: str,
        messages: list[Message],
        options: Options,
        reply: Reply,
    ) -> None:
        """Write a finished call down; returns when it is on the disk.

        Raises:
            ConfigError: it cannot be written (disk full, permissions).
        """

        def work(connection: sqlite3.Connection) -> None:
            def put(text: str) -> int:
                return self._texts.put(connection, text, f"{dialogue}\0{role}")

            request = {
                "messages": [[message["role"][0], put(message["content"])] for message in messages],
                "options": put(options.model_dump_json(exclude_defaults=True)),
            }
            kept = {"text": put(reply.text), "finish": reply.finish, "model": reply.model}
            if reply.reasoning:
                kept["reasoning"] = put(reply.reasoning)
            usage = reply.usage
            tokens = (usage.prompt, usage.completion, usage.cached, usage.reasoning)
            connection.execute(
                "INSERT OR REPLACE INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    key,
                    ask,
                    role,
                    dialogue,
                    spec,
                    _json(request),
                    _json(kept),
                    time.time(),
                    *tokens,
                    reply.latency_s,
                ),
            )

        await self._database.commit(work)

    async def find_call(self, key: str) -> Reply | None:
        """The reply journaled under a key; None where there is none."""
        return self._found(f"{_REPLY} WHERE key = ?", key)

    async def find_asked(self, ask: str, role: Role, spec: str = "") -> Reply | None:
        """The reply to a request by its content, whichever model gave it (or the one named `spec`)."""
        return self._found(
            f"{_REPLY} WHERE ask = ? AND role = ? AND (? = '' OR spec = ?) LIMIT 1", ask, role, spec, spec
        )

    async def withdraw_calls(self, keys: list[str]) -> None:
        """Keep these calls as paid, but replay them no more: their replies were of no use."""

        def work(connection: sqlite3.Connection) -> None:
            for key in keys:
                mark = f"{key}#{time.time_ns()}"
                connection.execute("UPDATE calls SET key = ?, ask = '' WHERE key = ?", (mark, key))

        await self._database.commit(work)

    def call(self, key: str) -> Call | None:
        """One call by its id, with what was asked."""
        row = next(self._database.select(f"{_CALL} WHERE key = ?", key), None)
        return self._call(row) if row else None

    def calls(self, dialogue: str | None = None) -> Iterator[Call]:
        """All calls in the order they were made, or those of one dialogue."""
        where, values = ("", []) if dialogue is None else (" WHERE dialogue = ?", [dialogue])
        for row in self._database.select(f"{_CALL}{where} ORDER BY created", *values):
            yield self._call(row)

    @property
    def begun(self) -> bool:
        """Whether anything was ever written here that a run would not want to lose."""
        queries = ("SELECT 1 FROM calls LIMIT 1", "SELECT 1 FROM records WHERE kind = 'transcript' LIMIT 1")
        return any(next(self._database.select(query), None) for query in queries)

    def usage(self) -> list[Spent]:
        """What each model has used in each role, calls of earlier sessions of the run included."""
        return [
            Spent(
                role,
                spec,
                calls,
                Usage(prompt=prompt, completion=completion, cached=cached, reasoning=reasoning),
                latency,
            )
            for role, spec, calls, prompt, completion, cached, reasoning, latency in self._database.select(
                _TOTALS
            )
        ]

    def _found(self, query: str, *values: str) -> Reply | None:
        row = next(self._database.select(query, *values), None)
        return self._reply(row) if row else None

    def _reply(self, row: tuple[Any, ...]) -> Reply:
        key, kept, prompt, completion, cached, reasoning, latency = row[:7]
        parts = json.loads(kept)
        return Reply(
            text=self._text(parts["text"]),
            reasoning=self._text(parts["reasoning"]) if "reasoning" in parts else "",
            finish=parts["finish"],
            usage=Usage(prompt=prompt, completion=completion, cached=cached, reasoning=reasoning),
            latency_s=latency,
            model=parts["model"],
            call_id=key,
        )

    def _call(self, row: tuple[Any, ...]) -> Call:
        role, dialogue, spec, request, created = row[7:]
        parts = json.loads(request)
        messages = [
            Message(role=_ROLES[letter], content=self._text(identity))
            for letter, identity in parts["messages"]
        ]
        options = Options.model_validate_json(self._text(parts["options"]))
        return Call(row[0], role, dialogue, spec, messages, options, self._reply(row), created)

    def _text(self, identity: int) -> str:
        row = next(self._database.select("SELECT base, body FROM texts WHERE id = ?", identity), None)
        try:
            if row is None:
                raise LookupError(f"text {identity} is missing")
            base, body = row
            return texts.unpack(
                body, self._text(base).encode("utf-8", "surrogatepass") if base is not None else b""
            )
        except (zlib.error, LookupError, UnicodeDecodeError) as problem:
            raise self._database.failure(sqlite3.DatabaseError(str(problem))) from problem

    async def put_record(self, kind: str, key: str, body: Any) -> None:
        """Write a record down, in place of an older one; returns when it is on the disk."""
        packed = texts.pack(_json(body))

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO records VALUES (?,?,?)", (kind, key, packed))

        await self._database.commit(work)

    async def drop_record(self, kind: str, key: str) -> None:
        """Take a record away; nothing happens where there is none."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))

        await self._database.commit(work)

    def get_record(self, kind: str, key: str) -> Any | None:
        """The body of a record; None where there is none."""
        query = "SELECT body FROM records WHERE kind = ? AND key = ?"
        row = next(self._database.select(query, kind, key), None)
        return json.loads(texts.unpack(row[0])) if row else None

    def records(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Key and body of every record of a kind, by key."""
        for key, body in self._database.select(
            "SELECT key, body FROM records WHERE kind = ? ORDER BY key", kind
        ):
            yield key, json.loads(texts.unpack(body))

    def record_keys(self, kind: str) -> set[str]:
        """The keys of a kind, without reading the bodies."""
        return {key for (key,) in self._database.select("SELECT key FROM records WHERE kind = ?", kind)}

    async def absorb(self, other: Journal) -> None:
        """Take over what another journal holds; what stands in both stays as it is here. Raises ConfigError."""
        await absorb(self._database, other._database)

    def close(self) -> None:
        """Write what waits, close the file, let the lock go. May be called more than once."""
        self._database.close()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
