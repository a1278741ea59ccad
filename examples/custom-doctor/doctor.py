"""A doctor of your own: a function from chat messages to the next thing the doctor says.

    cd examples/custom-doctor
    dialogue-sim run --doctor python:doctor:reply --limit 4      the command line · 命令行
    python doctor.py                                             the library, one case · 在 Python 里跑一个病例

`messages` are what a chat model would get: the system prompt, then patient (user) and doctor (assistant) in
turn. Ask your own model here, an agent, a retrieval pipeline. A plain function runs in a thread of its own,
an `async def` in the event loop; either is called for many dialogues at once.
自己的医生：一个函数，收到对话消息，返回医生的下一句话。这里可以调用自己的模型、智能体或检索流程。
"""

from __future__ import annotations

import asyncio
import json

QUESTIONS = {
    "en": [
        "Hello. What has brought you here, and when did it begin?",
        "Where exactly is it, how bad is it, and what makes it better or worse?",
        "Have you noticed fever, weight loss, bleeding, fainting or numbness?",
        "Do you have other illnesses, take any medicines, or have any allergies?",
        "What worries you most about this?",
        "Thank you. Please have it examined soon, and go to an emergency department at once if it gets worse."
        "\n[END OF CONSULTATION]",
    ],
    "zh": [
        "您好，哪里不舒服？什么时候开始的？",
        "具体在哪里，有多厉害？什么时候会加重或减轻？",
        "有没有发烧、消瘦、出血、晕倒或者麻木？",
        "以前有什么病吗？在吃什么药？对什么过敏吗？",
        "您最担心的是什么？",
        "谢谢您。请尽快做检查；如果加重，马上去急诊。\n【问诊结束】",
    ],
}
CLOSING = {
    "en": {"diagnosis": "not yet clear", "differential": [], "tests": ["blood count"], "plan": ["see a doctor in person"]},
    "zh": {"diagnosis": "诊断未明", "differential": [], "tests": ["血常规"], "plan": ["到医院面诊"]},
}  # fmt: skip


def reply(messages: list[dict[str, str]]) -> str:
    """The doctor's next words; the closing block as JSON when it is asked for."""
    language = "zh" if "医生" in messages[0]["content"] else "en"
    spoken = sum(message["role"] == "assistant" for message in messages)
    asked = QUESTIONS[language]
    if spoken >= len(asked):
        return json.dumps(CLOSING[language], ensure_ascii=False)
    return asked[spoken]


async def main() -> None:
    """One case, held, judged and scored."""
    from dialogue_sim import Doctor, consult, judge, load_cases, score

    case = load_cases("en-back-pain-warehouse")[0]
    transcript = await consult(case, Doctor(reply))
    for turn in transcript.turns:
        print(f"{turn.speaker}: {turn.text}")
    print(f"score: {score(await judge(transcript, case), case).score:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
