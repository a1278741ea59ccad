"""A doctor that can be followed: every call leaves a line, so that what was paid twice can be counted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from pathlib import Path

from tests.reliability.attacks import AT_THE_JUDGE
from tests.runs.doctors import plain


async def counted(messages: list[dict[str, str]]) -> str:
    """Asks and closes like `plain`, after PACE seconds; writes a digest of the call into the file CALLS."""
    await asyncio.sleep(float(os.environ.get("PACE", "0")))
    digest = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
    with Path(os.environ["CALLS"]).open("a", encoding="ascii") as file:
        file.write(f"{digest}\n")
    return plain(messages)


def odd(messages: list[dict[str, str]]) -> str:
    """Says what no terminal, file or database likes: half a surrogate pair, line separators, NUL, escapes."""
    return "Hello \ud800 there\u2028next\x85line \x00 \x1b[31m \u202e\u200b Any fever?\r\n"


def stuck(messages: list[dict[str, str]]) -> str:
    """Answers after a long while, and cannot be interrupted."""
    Path(os.environ["CALLS"]).touch()
    time.sleep(20)
    return plain(messages)


def attacking(messages: list[dict[str, str]]) -> str:
    """Consults like `plain`, with an attack of every kind in every turn."""
    attacks = [attack for kind in AT_THE_JUDGE.values() for attack in kind["en"]]
    return "\n".join([plain(messages), *attacks])
