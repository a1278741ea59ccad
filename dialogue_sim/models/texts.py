"""How the journal keeps long, repetitive texts small.

Every message of a dialogue is sent again with each later turn, and a judge gets the same transcript
once for each item. So a text is stored once, by its hash, and a text that resembles an earlier one of
the same dialogue is compressed against it as a dictionary.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections import OrderedDict

SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, base INTEGER, body BLOB NOT NULL
)"""

_WINDOW = 32_000  # what zlib can look back
_PLAIN_UP_TO = 64  # bytes that compression would not shrink
_REMEMBERED = 1024


def pack(text: str, dictionary: bytes = b"") -> bytes:
    """Compress a text. The first byte tells plain from compressed."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= _PLAIN_UP_TO:
        return b"p" + raw
    maker = zlib.compressobj(6, zdict=dictionary[:_WINDOW]) if dictionary else zlib.compressobj(6)
    return b"z" + maker.compress(raw) + maker.flush()


def unpack(body: bytes, dictionary: bytes = b"") -> str:
    """The text of a packed body. Raises zlib.error when the bytes are not what was written."""
    raw = body[1:]
    if body[:1] == b"z":
        reader = zlib.decompressobj(zdict=dictionary[:_WINDOW]) if dictionary else zlib.decompressobj()
        raw = reader.decompress(raw) + reader.flush()
    return raw.decode("utf-8", "surrogatepass")


class Texts:
    """The texts table of one connection, for the thread that owns the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: OrderedDict[bytes, int] = OrderedDict()
        self._bases: OrderedDict[str, tuple[int, bytes]] = OrderedDict()

    def put(self, text: str, family: str) -> int:
        """Id of the text, stored if it is new. `family` groups texts that resemble one another."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
        if digest in self._ids:
            self._ids.move_to_end(digest)
            return self._ids[digest]
        row = self._connection.execute("SELECT id FROM texts WHERE hash = ?", (digest,)).fetchone()
        identity = int(row[0]) if row else self._insert(digest, text, family)
        self._ids[digest] = identity
        if len(self._ids) > _REMEMBERED * 8:
            self._ids.popitem(last=False)
        return identity

    def _insert(self, digest: bytes, text: str, family: str) -> int:
        body, base = pack(text), None
        known = self._bases.get(family)
        if known and len(body) > 4 * _PLAIN_UP_TO:
            against = pack(text, known[1])
            if len(against) < len(body) // 2:
                body, base = against, known[0]
        cursor = self._connection.execute(
            "INSERT INTO texts (hash, base, body) VALUES (?, ?, ?)", (digest, base, body)
        )
        identity = int(cursor.lastrowid or 0)
        if base is None and len(body) > 4 * _PLAIN_UP_TO:
            self._bases[family] = (identity, text.encode("utf-8", "surrogatepass"))
            if len(self._bases) > _REMEMBERED:
                self._bases.popitem(last=False)
        return identity

    def forget_uncommitted(self) -> None:
        """Drop what is remembered, after a rollback took rows away."""
        self._ids.clear()
        self._bases.clear()

    def get(self, identity: int) -> str:
        """The text of an id that `put` returned. Raises LookupError where there is none."""
        row = self._connection.execute("SELECT base, body FROM texts WHERE id = ?", (identity,)).fetchone()
        if row is None:
            raise LookupError(f"the journal lacks text {identity}")
        base, body = row
        return unpack(body, self.get(base).encode("utf-8", "surrogatepass") if base is not None else b"")
