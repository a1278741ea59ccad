"""Doctors for tests, as a reader of the library would write them."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

QUESTIONS = {
    "zh": ["您哪里不舒服？", "什么时候开始的？", "有没有发烧？", "以前得过什么病？", "对什么药过敏吗？"],
    "en": [
        "What is the matter?",
        "When did it start?",
        "Any fever?",
        "Any past illnesses?",
        "Any allergies?",
    ],
}
CLOSING = json.dumps({"diagnosis": "?", "differential": ["a", "b"], "tests": ["ECG"], "plan": ["rest"]})


def plain(messages: list[dict[str, str]]) -> str:
    """Asks five questions and closes."""
    chinese = any("一" <= c <= "鿿" for c in messages[0]["content"])
    said = sum(message["role"] == "assistant" for message in messages)
    if "JSON" in messages[-1]["content"]:
        return CLOSING
    questions = QUESTIONS["zh" if chinese else "en"]
    return (
        questions[said]
        if said < len(questions)
        else ("再见。【问诊结束】" if chinese else "Goodbye. [END OF CONSULTATION]")
    )


def counted(messages: list[dict[str, str]]) -> str:
    """`plain`, slowly; every call leaves a line in the file named by CALLS."""
    time.sleep(float(os.environ.get("PACE", "0.02")))
    with Path(os.environ["CALLS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(messages, ensure_ascii=False) + "\n")
    return plain(messages)


def failing(messages: list[dict[str, str]]) -> str:
    """Fails in Chinese consultations."""
    if any("一" <= c <= "鿿" for c in messages[0]["content"]):
        raise RuntimeError("no Chinese spoken here")
    return plain(messages)


def mortal(messages: list[dict[str, str]]) -> str:
    """`counted`; the one who finds the file `mortal` beside CALLS, well into a dialogue, takes its process along."""
    said = counted(messages)
    if sum(message["role"] == "assistant" for message in messages) == 3:
        try:
            Path(os.environ["CALLS"]).with_name("mortal").unlink()
        except FileNotFoundError:
            return said
        os.kill(os.getpid(), signal.SIGKILL)
    return said


def examining(messages: list[dict[str, str]]) -> str:
    """A judge who finds nothing: names the ids that it is asked about, in the form that is asked for."""
    time.sleep(0.05)
    asked = messages[1]["content"]
    ids = dict.fromkeys(re.findall(r"\b[A-G]\d+\b", asked[asked.rindex("CLOSING") :]))
    row = {"turns": [], "quote": "", "why": "x", "verdict": "not"}
    return json.dumps({"verdicts": [{"item": name, **row} for name in ids]})
