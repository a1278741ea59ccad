"""A doctor who takes a moment for every turn, so that somebody can watch."""

from __future__ import annotations

import asyncio
import json


async def doctor(messages: list[dict[str, str]]) -> str:
    """Asks four questions and concludes."""
    await asyncio.sleep(1)
    if "JSON" in messages[-1]["content"]:
        return json.dumps({"diagnosis": "?", "differential": [], "tests": ["ECG"], "plan": ["rest"]})
    said = sum(message["role"] == "assistant" for message in messages)
    return f"Question number {said}?" if said < 4 else "[END OF CONSULTATION]"
