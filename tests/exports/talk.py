"""A deterministic doctor for a loopback server: what it says follows from the request alone."""

from __future__ import annotations

import json
from typing import Any

QUESTIONS = {
    "en": (
        "When did this start?", "How bad is it, and where exactly?", "Any fever, numbness or loss of bladder control?",
        "Do you take any medicines, and are you allergic to anything?", "That must be frightening for you. What worries you most?",
        "I think this needs to be seen in hospital today. Please go to the emergency department.\n[END OF CONSULTATION]",
    ),
    "zh": (
        "什么时候开始的？", "有多严重，具体在哪里？", "有没有发烧、麻木，或者大小便控制不住？",
        "在吃什么药吗？有没有药物过敏？", "您一定很担心，最怕的是什么？",
        "我认为今天就要去医院看，请去急诊。\n【问诊结束】",
    ),
}  # fmt: skip
CLOSING = {
    "diagnosis": "cauda equina syndrome", "differential": ["disc prolapse"], "tests": ["MRI"], "plan": ["go to hospital now"],
}  # fmt: skip


def reply(body: dict[str, Any]) -> str:
    """The next question, or the closing block where it is asked for."""
    messages = body["messages"]
    if "JSON" in messages[-1]["content"]:
        return json.dumps(CLOSING)
    language = "zh" if "医生" in messages[0]["content"] else "en"
    questions = QUESTIONS[language]
    spoken = sum(message["role"] == "assistant" for message in messages)
    return questions[min(spoken, len(questions) - 1)]
