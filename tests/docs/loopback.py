"""Models for the documentation's commands: one server on the loopback that plays doctor, patient and judge.

It says what a real model would have to say for the command to work, no more: the doctor asks in the
patient's language and concludes; the judge marks every item it is asked for, and finds none met.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

from tests.servers.fake_openai import FakeOpenAI, _digest, sample

_ASKS = {
    "en": ("Hello, I'm the doctor for this chat. What brings you here?", "When did it begin?", "Where exactly is it?",
           "Do you take any medicines, and are you allergic to anything?", "What worries you most about it?",
           "Thank you. Please have this looked at today; if it gets worse, call an ambulance. Any questions?\n[END OF CONSULTATION]"),
    "zh": ("您好，我是今天的医生。您哪里不舒服？", "什么时候开始的？", "具体在哪个位置？", "平时吃什么药，对什么过敏吗？",
           "您最担心什么？", "谢谢您。请今天就到医院看一下，加重就打120。您还有什么要问的吗？\n【问诊结束】"),
}  # fmt: skip
_NOT_MET = {"turns": [], "quote": "", "why": "nothing of it is said", "verdict": "not"}
_CONCLUSION = {"diagnosis": "gastritis", "differential": ["gastritis", "ulcer"], "tests": ["ECG"], "plan": ["see a doctor today"]}  # fmt: skip


def reply(body: dict[str, Any]) -> str:
    """What the model says to one request."""
    form = body.get("response_format") or {}
    last = str(body["messages"][-1]["content"])
    if items := re.findall(r"^- (\w+)[:：] ?", last, re.MULTILINE):
        return json.dumps({"verdicts": [{"item": item, **_NOT_MET} for item in items]})
    if form.get("type") == "json_schema":
        return json.dumps(
            sample(form["json_schema"]["schema"], random.Random(_digest(body))), ensure_ascii=False
        )
    if '"diagnosis"' in last:
        return json.dumps(_CONCLUSION)
    language = "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in last) else "en"
    said = sum(message["role"] == "assistant" for message in body["messages"])
    return _ASKS[language][min(said, len(_ASKS[language]) - 1)]


def server() -> FakeOpenAI:
    """The server; use it as an async context."""
    return FakeOpenAI(reply, max_model_len=32768)
