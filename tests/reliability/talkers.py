"""A doctor that can be followed: every call leaves a line, so that what was paid twice can be counted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from pathlib import Path

from tests.runs.doctors import plain


async def counted(messages: list[dict[str, str]]) -> str:
    """Asks and closes like `plain`, after PACE seconds; writes a digest of the call into the file CALLS."""
    await asyncio.sleep(float(os.environ.get("PACE", "0")))
    digest = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
    with Path(os.environ["CALLS"]).open("a", encoding="ascii") as file:
        file.write(f"{digest}\n")
    return plain(messages)


def stuck(messages: list[dict[str, str]]) -> str:
    """Answers after a long while, and cannot be interrupted."""
    Path(os.environ["CALLS"]).touch()
    time.sleep(20)
    return plain(messages)
