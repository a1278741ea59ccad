"""A SQLite file of a run directory: one process writes it, others may read it meanwhile.

One thread of the writing process takes all work that waits into one transaction (group commit), and
`commit` returns when that is synced to the disk. So what anyone was told is finished survives whatever
happens to the process or the machine, at a few milliseconds for many writes together.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.runlock import RunLock

_GATHER_S = 0.002  # what comes this shortly after the first is written with it, at one sync for all

Work = Callable[[sqlite3.Connection], None]


class _Job(NamedTuple):
    work: Work
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class Database:
    """The file, open.

    Args:
        path: the file; made if it is missing, unless `read_only`.
        schema: statements that make its tables where they are missing.
        version: of the schema; a file of another version is refused.
        read_only: for readers; takes no lock and writes nothing.
        forget: called in the writing thread when a transaction was rolled back, for what was remembered of it.

    Raises:
        ConfigError: another process writes here, the file is damaged or of another version, or it
            cannot be used.
    """

    def __init__(
        self, path: Path, schema: str, version: str, *, read_only: bool, forget: Callable[[], None]
    ) -> None:
        self.path, self._forget = path, forget
        self._lock: RunLock | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._waiting: WeakKeyDictionary[
            asyncio.AbstractEventLoop, deque[tuple[asyncio.Future[None], Exception | None]]
        ] = WeakKeyDictionary()
        if read_only and not path.is_file():
            raise ConfigError("holds no run (there is no journal in it)", where=str(path.parent))
        if not read_only:
            self._lock = RunLock(path.parent)
        try:
            self._reader = self._open(schema, version, read_only)
            if not read_only:
                self._writer = threading.Thread(
                    target=self._write, args=(self._connect(),), name="journal", daemon=True
                )
                self._writer.start()
        except BaseException:
            if self._lock:
                self._lock.release()
            raise

    def _open(self, schema: str, version: str, read_only: bool) -> sqlite3.Connection:
        try:
            if read_only:
                # A folder that cannot be written to has no place for SQLite's shared memory.
                connection = self._connect(
                    "?mode=ro" if os.access(self.path.parent, os.W_OK) else "?immutable=1"
                )
            else:
                connection = self._connect()
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(
                    f"CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);{schema}"
                )
                connection.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", (version,))
            found = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
            check = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as problem:
            raise self.failure(problem) from problem
        if check != "ok":
            raise self.failure(sqlite3.DatabaseError(check))
        if found is None or found[0] != version:
            raise ConfigError(
                f"was written by another version (journal {found and found[0]}, this is {version})",
                where=str(self.path),
                mend="use another --out folder, or the version of dialogue_sim that wrote it",
            )
        return connection

    def _connect(self, extra: str = "") -> sqlite3.Connection:
        address = str(self.path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        connection = sqlite3.connect(
            f"file:{address}{extra}", uri=True, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def failure(self, problem: Exception) -> ConfigError:
        """What to tell the user of a failure of the file."""
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
        name = self.path.name
        return ConfigError(
            f"is damaged: {text}",
            where=str(self.path),
            mend=f"put a copy in its place, or move {name} (and {name}-wal) away to start this run anew",
        )

    def select(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query. Raises ConfigError when the file is damaged."""
        try:
            yield from self._reader.execute(query, values)
        except sqlite3.Error as problem:
            raise self.failure(problem) from problem

    async def commit(self, work: Work) -> None:
        """Do some writing; returns when it is on the disk.

        Work that was handed over is done even if the task that waits for it is cancelled.

        Raises:
            ConfigError: it cannot be written (disk full, permissions).
        """
        if self._writer is None:
            raise RuntimeError("this journal is closed or was opened read-only")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._jobs.put(_Job(work, loop, done))
        await asyncio.shield(done)

    def _write(self, connection: sqlite3.Connection) -> None:
        job = self._jobs.get()
        while job is not None:
            time.sleep(_GATHER_S)
            batch = [job]
            while not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    break
                batch.append(job)
            self._settle(batch, self._transact(connection, batch))
            if job is not None:
                job = self._jobs.get()
        connection.close()

    def _transact(self, connection: sqlite3.Connection, batch: list[_Job]) -> Exception | None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                job.work(connection)
            connection.execute("COMMIT")
        except Exception as problem:
            self._forget()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return self.failure(problem) if isinstance(problem, sqlite3.Error) else problem
        return None

    def _settle(self, batch: list[_Job], failure: Exception | None) -> None:
        for loop in {job.loop for job in batch}:
            if not loop.is_closed():
                mine = [job.done for job in batch if job.loop is loop]
                loop.call_soon_threadsafe(self._hand_back, loop, mine, failure)

    def _hand_back(
        self, loop: asyncio.AbstractEventLoop, done: list[asyncio.Future[None]], failure: Exception | None
    ) -> None:
        waiting = self._waiting.setdefault(loop, deque())
        idle = not waiting
        waiting.extend((future, failure) for future in done)
        if idle:
            self._wake_next(loop)

    def _wake_next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let one who waits go on in each round of the loop.

        What follows a finished call is the heavy part of a dialogue: taking in what was said, up to the next
        request. Were all of a batch woken in one round, the first one's request would go out when the last one
        was done, and the server would wait for the harness.
        """
        waiting = self._waiting[loop]
        future, failure = waiting.popleft()
        if waiting:
            loop.call_soon(self._wake_next, loop)
        if future.done():
            return
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)

    def close(self) -> None:
        """Write what waits, close the file, let the lock go. May be called more than once."""
        if self._writer is not None:
            self._jobs.put(None)
            self._writer.join()
            self._writer = None
        self._reader.close()
        if self._lock:
            self._lock.release()
