"""The journal of a run: every finished model call, by the hash of what was asked.

Resume is replay: a run that is started again asks the journal first and pays only for what is
missing. A call counts as finished when its row is committed and synced to the disk, and only then is
its reply handed out; so whatever happens to the process, nothing that anyone has seen is lost.

One SQLite file in WAL mode. One thread writes, taking all that waits into one transaction (group
commit); readers (`view`, `report`, `replay:`) may open the file while a run writes it.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import texts
from dialogue_sim.models.base import Message, Options, Reply, Role, Usage
from dialogue_sim.models.runlock import RunLock

FILE = "journal.sqlite"
VERSION = "1"

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
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


class Spent(NamedTuple):
    """What one model in one role has used: paid calls, their tokens and their seconds."""

    role: str
    spec: str
    calls: int
    usage: Usage
    seconds: float


class Call(NamedTuple):
    """One journaled call, whole."""

    key: str
    role: str
    dialogue: str
    spec: str
    messages: list[Message]
    options: Options
    reply: Reply
    created: float


class _Job(NamedTuple):
    work: Callable[[sqlite3.Connection], None]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class Journal:
    """The journal in a run directory.

    Args:
        folder: the run directory; made if it is missing, unless `read_only`.
        read_only: for readers; takes no lock and writes nothing.

    Raises:
        ConfigError: another process runs here, the file is damaged or of another version, or the
            folder cannot be used.
    """

    def __init__(self, folder: Path | str, *, read_only: bool = False) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self.in_flight: dict[str, asyncio.Future[Reply]] = {}
        self._lock: RunLock | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        if read_only and not self.path.is_file():
            raise ConfigError("holds no run (there is no journal in it)", where=str(self.folder))
        if not read_only:
            self._lock = RunLock(self.folder)
        try:
            self._reader = self._open(read_only)
            self._texts = texts.Texts(self._reader)
            if not read_only:
                connection = self._connect(f"file:{_quoted(self.path)}")
                self._writer = threading.Thread(
                    target=self._write, args=(connection,), name="journal", daemon=True
                )
                self._writer.start()
        except BaseException:
            if self._lock:
                self._lock.release()
            raise

    def _open(self, read_only: bool) -> sqlite3.Connection:
        try:
            if read_only:
                # A folder that cannot be written to has no place for SQLite's shared memory.
                extra = "?mode=ro" if os.access(self.folder, os.W_OK) else "?immutable=1"
                connection = self._connect(f"file:{_quoted(self.path)}{extra}")
            else:
                connection = self._connect(f"file:{_quoted(self.path)}")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
                connection.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", (VERSION,))
            version = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
            check = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as problem:
            raise self._failure(problem) from problem
        if check != "ok":
            raise self._failure(sqlite3.DatabaseError(check))
        if version is None or version[0] != VERSION:
            raise ConfigError(
                f"was written by another version (journal {version and version[0]}, this is {VERSION})",
                where=str(self.path),
                mend="use another --out folder, or the version of dialogue_sim that wrote it",
            )
        return connection

    @staticmethod
    def _connect(address: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _failure(self, problem: Exception) -> ConfigError:
        text = str(problem)
        if "full" in text or "disk I/O" in text:
            return ConfigError(
                f"cannot be written: {text}",
                where=str(self.path),
                mend="free some disk space and run the same command again; every finished call is kept",
            )
        if isinstance(problem, sqlite3.OperationalError):
            return ConfigError(
                f"cannot be used: {text}", where=str(self.path), mend="check the folder and its permissions"
            )
        return ConfigError(
            f"is damaged: {text}",
            where=str(self.path),
            mend=f"put a copy in its place, or move {FILE} (and {FILE}-wal) away to start this run anew",
        )

    # Writing: jobs wait in a queue, the writer commits all that have come, then the waiters go on.

    async def _commit(self, work: Callable[[sqlite3.Connection], None]) -> None:
        if self._writer is None:
            raise RuntimeError("this journal is closed or was opened read-only")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._jobs.put(_Job(work, loop, done))
        # The row will be written even if the waiting task is cancelled.
        await asyncio.shield(done)

    def _write(self, connection: sqlite3.Connection) -> None:
        self._stored = texts.Texts(connection)
        running = True
        while running:
            batch: list[_Job] = []
            job = self._jobs.get()
            while True:
                if job is None:
                    running = False
                    break
                batch.append(job)
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            if batch:
                _resolve(batch, self._transact(connection, batch))
        connection.close()

    def _transact(self, connection: sqlite3.Connection, batch: list[_Job]) -> Exception | None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                job.work(connection)
            connection.execute("COMMIT")
        except Exception as problem:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._stored.forget_uncommitted()
            return self._failure(problem) if isinstance(problem, sqlite3.Error) else problem
        return None

    # Calls

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
        family = f"{dialogue}\0{role}"

        def work(connection: sqlite3.Connection) -> None:
            put = self._stored.put
            request = {
                "messages": [[message["role"][0], put(message["content"], family)] for message in messages],
                "options": put(options.model_dump_json(exclude_defaults=True), family),
            }
            kept = {
                "text": put(reply.text, family),
                **({"reasoning": put(reply.reasoning, family)} if reply.reasoning else {}),
                "finish": reply.finish,
                "model": reply.model,
            }
            usage = reply.usage
            connection.execute(
                "INSERT OR REPLACE INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (key, ask, role, dialogue, spec, _json(request), _json(kept), time.time(),
                 usage.prompt, usage.completion, usage.cached, usage.reasoning, reply.latency_s),
            )  # fmt: skip

        await self._commit(work)

    async def find_call(self, key: str) -> Reply | None:
        """The reply journaled under a key; None where there is none."""
        row = self._row("key = ?", key)
        return self._reply(row) if row else None

    async def find_asked(self, ask: str, role: Role, spec: str = "") -> Reply | None:
        """The reply to a request by its content, whichever model gave it (or the one named `spec`)."""
        row = self._row("ask = ? AND role = ? AND (? = '' OR spec = ?)", ask, role, spec, spec)
        return self._reply(row) if row else None

    async def withdraw_calls(self, keys: list[str]) -> None:
        """Keep these calls as paid, but replay them no more: their replies were of no use."""

        def work(connection: sqlite3.Connection) -> None:
            for key in keys:
                mark = f"{key}#{time.time_ns()}"
                connection.execute("UPDATE calls SET key = ?, ask = '' WHERE key = ?", (mark, key))

        await self._commit(work)

    def calls(self, dialogue: str | None = None) -> Iterator[Call]:
        """All calls in the order they were made, or those of one dialogue."""
        where = "1" if dialogue is None else "dialogue = ?"
        query = f"{_WHOLE} WHERE {where} ORDER BY created"
        for row in self._reader.execute(query, () if dialogue is None else (dialogue,)):
            yield self._call(row)

    def call(self, key: str) -> Call | None:
        """One call by its id, with what was asked."""
        row = self._reader.execute(f"{_WHOLE} WHERE key = ?", (key,)).fetchone()
        return self._call(row) if row else None

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
            for role, spec, calls, prompt, completion, cached, reasoning, latency in self._reader.execute(
                _TOTALS
            )
        ]

    def _row(self, where: str, *values: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._reader.execute(
            f"SELECT {_REPLY} FROM calls WHERE {where} LIMIT 1", values
        ).fetchone()
        return row

    def _reply(self, row: tuple[Any, ...]) -> Reply:
        key, kept, prompt, completion, cached, reasoning, latency = row
        parts = json.loads(kept)
        try:
            return Reply(
                text=self._texts.get(parts["text"]),
                reasoning=self._texts.get(parts["reasoning"]) if "reasoning" in parts else "",
                finish=parts["finish"],
                usage=Usage(prompt=prompt, completion=completion, cached=cached, reasoning=reasoning),
                latency_s=latency,
                model=parts["model"],
                call_id=key,
            )
        except (zlib.error, LookupError, UnicodeDecodeError) as problem:
            raise self._failure(sqlite3.DatabaseError(str(problem))) from problem

    def _call(self, row: tuple[Any, ...]) -> Call:
        key, role, dialogue, spec, request, created = row[:6]
        parts = json.loads(request)
        messages = [
            Message(role=_ROLES[letter], content=self._texts.get(identity))
            for letter, identity in parts["messages"]
        ]
        options = Options.model_validate_json(self._texts.get(parts["options"]))
        return Call(key, role, dialogue, spec, messages, options, self._reply(row[6:]), created)

    # Records: whatever else a run must not lose (transcripts, judgements, failures), as JSON by kind and key.

    async def put_record(self, kind: str, key: str, body: Any) -> None:
        """Write a record down, in place of an older one; returns when it is on the disk."""
        packed = texts.pack(_json(body))

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO records VALUES (?,?,?)", (kind, key, packed))

        await self._commit(work)

    async def drop_record(self, kind: str, key: str) -> None:
        """Take a record away; nothing happens where there is none."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))

        await self._commit(work)

    def get_record(self, kind: str, key: str) -> Any | None:
        """The body of a record; None where there is none."""
        row = self._reader.execute(
            "SELECT body FROM records WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return json.loads(texts.unpack(row[0])) if row else None

    def records(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Key and body of every record of a kind, by key."""
        for key, body in self._reader.execute(
            "SELECT key, body FROM records WHERE kind = ? ORDER BY key", (kind,)
        ):
            yield key, json.loads(texts.unpack(body))

    def record_keys(self, kind: str) -> set[str]:
        """The keys of a kind, without reading the bodies."""
        return {key for (key,) in self._reader.execute("SELECT key FROM records WHERE kind = ?", (kind,))}

    def close(self) -> None:
        """Write what waits, close the file, let the lock go. May be called more than once."""
        if self._writer is not None:
            self._jobs.put(None)
            self._writer.join()
            self._writer = None
        self._reader.close()
        if self._lock:
            self._lock.release()


_REPLY = "key, reply, prompt, completion, cached, reasoning, latency"
_WHOLE = f"SELECT key, role, dialogue, spec, request, created, {_REPLY} FROM calls"
_ROLES: dict[str, Any] = {"s": "system", "u": "user", "a": "assistant"}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _resolve(batch: list[_Job], failure: Exception | None) -> None:
    def settle(jobs: list[_Job]) -> None:
        for job in jobs:
            if job.done.done():
                continue
            if failure is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(failure)

    for loop in {id(job.loop): job.loop for job in batch}.values():
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, [job for job in batch if job.loop is loop])
