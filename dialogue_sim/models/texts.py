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

_PUT = "INSERT INTO texts (hash, base, body) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING RETURNING id"
_LEVEL = 3  # half the time of the usual 6, for 4 % more bytes
_WINDOW = 32_000  # what zlib can look back
_PLAIN_UP_TO = 256  # bytes; compression would save a third of them and cost as much time as writing them
_WORTHWHILE = 512  # bytes from which on resemblance is looked for
_CLOSE = (
    6  # times shorter than the text: what a text of its own kind comes to, and plain compression does not
)
_REMEMBERED = 1024  # families
_KNOWN = 16_384  # texts whose ids are remembered, some 2 MB


def pack(text: str, dictionary: bytes = b"") -> bytes:
    """Compress a text. The first byte tells plain from compressed."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= _PLAIN_UP_TO:
        return b"p" + raw
    maker = zlib.compressobj(_LEVEL, zdict=dictionary[:_WINDOW]) if dictionary else zlib.compressobj(_LEVEL)
    return b"z" + maker.compress(raw) + maker.flush()


def unpack(body: bytes, dictionary: bytes = b"") -> str:
    """The text of a packed body. Raises zlib.error when the bytes are not what was written."""
    raw = body[1:]
    if body[:1] == b"z":
        reader = zlib.decompressobj(zdict=dictionary[:_WINDOW]) if dictionary else zlib.decompressobj()
        raw = reader.decompress(raw) + reader.flush()
    return raw.decode("utf-8", "surrogatepass")


class Texts:
    """What the writing thread remembers of the texts it has stored: most of a call was sent before.

    Whoever rolls a transaction back must `forget`, or ids would be handed out that are not there.
    """

    def __init__(self) -> None:
        self._bases: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._ids: OrderedDict[bytes, int] = OrderedDict()

    def forget(self) -> None:
        """Remember nothing any more."""
        self._bases.clear()
        self._ids.clear()

    def put(self, connection: sqlite3.Connection, text: str, family: str) -> int:
        """Id of the text, stored if it is new. `family` groups texts that resemble one another."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
        known = self._ids.pop(digest, None)
        if known is None:
            known = self._insert(connection, digest, text, family)
        self._ids[digest] = known
        if len(self._ids) > _KNOWN:
            self._ids.popitem(last=False)
        return known

    def _insert(self, connection: sqlite3.Connection, digest: bytes, text: str, family: str) -> int:
        raw, body, base = text.encode("utf-8", "surrogatepass"), b"", None
        resembled = self._bases.get(family) if len(raw) > _WORTHWHILE else None
        if resembled:
            body = pack(text, resembled[1])
            base = resembled[0] if len(body) < len(raw) // _CLOSE else None
        if base is None:
            body = pack(text)
        # That a text is there and not remembered is rare: a run that goes on, or a very old one.
        row = connection.execute(_PUT, (digest, base, body)).fetchone()
        row = row or connection.execute("SELECT id FROM texts WHERE hash = ?", (digest,)).fetchone()
        number = int(row[0])
        if base is None and len(raw) > _WORTHWHILE:
            self._bases[family] = (number, raw)
            self._bases.move_to_end(family)
            if len(self._bases) > _REMEMBERED:
                self._bases.popitem(last=False)
        return number
