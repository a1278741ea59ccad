"""A model server at its worst, by seed: it plays doctor and judge, and breaks many of its replies.

What it *says* is a function of the request alone (questions, sometimes cut off, in another language or
as prose where a form was asked for), so a clean server of the same class says the same. What *happens*
to a reply on its way is drawn from the seed, the request and how often it was asked, and is another
thing the next time. Every usable reply bears a name of its own as its `model`, which a journal keeps;
`sent` holds the names of those that left the server whole: what a provider would bill. Whether the
client still wanted to read them is not known here; see tests/reliability/accounts.py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.servers.fake_openai import Body, FakeOpenAI, _digest, sample

FAULTS = {
    "slow:0.3": 0.04, "drop": 0.02, "drop_body": 0.02, "429": 0.02, "429:0.2": 0.02, "500": 0.02, "503": 0.02,
    "html": 0.01, "truncated": 0.02, "wrong_type": 0.01, "no_choices": 0.01, "null": 0.02, "filtered": 0.002,
    "content_filter": 0.002, "big": 0.004, "bad_utf8": 0.01, "endless": 0.004, "stall": 0.004, "drip": 0.004,
}  # fmt: skip
"""Share of calls that meet each fault."""

_USABLE = {"ok", "slow:0.3"}
_BIG = 10_000_000
_QUESTIONS = {
    "zh": [
        "您哪里不舒服？", "什么时候开始的？", "疼得厉害吗？什么时候加重？", "有没有发烧、呕吐？", "以前得过什么病？",
        "平时吃什么药？对药过敏吗？", "家里人有类似的病吗？", "您最担心的是什么？", "我想给您做个心电图和血常规，可以吗？",
    ],
    "en": [
        "What brings you here?", "When did it start?", "How bad is it, and what makes it worse?", "Any fever or vomiting?",
        "What illnesses have you had?", "Which medicines do you take? Any allergies?", "Does it run in the family?",
        "What worries you most?", "I would like an ECG and a blood count, is that all right?",
    ],
}  # fmt: skip
_FAREWELL = {
    "zh": "谢谢您，我都清楚了。【问诊结束】",
    "en": "Thank you, I see it clearly now. [END OF CONSULTATION]",
}
_SAID = re.compile(r'"turn": "(T\d+)", "speaker": "doctor", "text": "((?:[^"\\]|\\.){8,60})')


def consulting(body: Body) -> str:
    """What a middling model says to a request of the doctor's or the judge's prompts."""
    chance = random.Random(_digest(body))
    messages = body["messages"]
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    if schema is None:
        said = sum(message["role"] == "assistant" for message in messages)
        language = "zh" if re.search("[一-鿿]", messages[0]["content"]) else "en"
        if chance.random() < 0.02:
            language = {"zh": "en", "en": "zh"}[language]
        questions = _QUESTIONS[language]
        return questions[said] if said < min(len(questions), 6 + chance.randrange(4)) else _FAREWELL[language]
    asked_again = any(message["role"] == "assistant" for message in messages)
    if chance.random() < 0.03 and not asked_again:
        return "Certainly! Here is what I think about it."
    if "verdicts" in schema.get("properties", {}):
        return json.dumps({"verdicts": _verdicts(messages[1]["content"], schema, chance)}, ensure_ascii=False)
    return json.dumps(sample(schema, chance), ensure_ascii=False)


def _verdicts(shown: str, schema: Body, chance: random.Random) -> list[Body]:
    one = next(iter(schema["$defs"].values()))["properties"]
    ids = one["item"].get("enum") or [one["item"]["const"]]
    lines = _SAID.findall(shown)
    found = []
    for name in ids:
        mark = chance.choice(one["verdict"]["enum"])
        turn, quote = chance.choice(lines) if lines else ("T01", "")
        found.append({"item": name, "turns": [turn], "quote": quote, "why": "so it seems", "verdict": mark})
    return found


class HostileOpenAI(FakeOpenAI):
    """The server, with what it broke and what it sent whole.

    Attributes:
        asked: every request by the name that its reply bears, in order of arrival, as a digest of its content.
        sent: names of the usable replies that left the server whole.

    Args:
        faults: share of calls by fault; none makes the clean server that says the same.
        seed: of the faults.
        withholds: a text; the content filter refuses every request that holds it.
        latency_s: seconds that every reply takes.
    """

    def __init__(
        self, faults: Mapping[str, float] | None = None, *, seed: int = 0, withholds: str = "", **more: Any
    ) -> None:
        super().__init__(consulting, **more)
        self.keep_bodies = False
        self.faults, self.seed, self.withholds = dict(faults or {}), seed, withholds
        self.asked: dict[str, str] = {}
        self.sent: set[str] = set()
        self.met: Counter[str] = Counter()

    @property
    def delivered(self) -> Counter[str]:
        """How many usable replies left the server whole, by digest of the request."""
        return Counter(self.asked[name] for name in self.sent)

    def _by_rate(self, body: Body) -> str:
        if self.withholds and any(self.withholds in message["content"] for message in body["messages"]):
            return "filtered"
        digest = _digest(body)
        self._seen[digest] = self._seen.get(digest, 0) + 1
        draw = random.Random(f"{self.seed}/{digest}/{self._seen[digest]}").random()
        for word, share in self.faults.items():
            if draw < share:
                self.met[word] += 1
                return word
            draw -= share
        return "ok"

    async def _faulty(self, request: web.Request, body: Body, word: str) -> web.StreamResponse | None:
        # The one call that a run makes before its first dialogue is not kept, and has no name.
        name = f"reply-{len(self.asked) + 1}" if len(body["messages"]) > 1 else ""
        if name:
            self.asked[name] = _digest(body)
        if word == "stall":
            await self._gone(request)
        elif word == "bad_utf8":
            return web.Response(
                body=b'{"choices": [{"message": {"content": "\xff\xfe\xc3"}}]}',
                content_type="application/json",
            )
        elif word in ("drop_body", "endless", "drip"):
            await self._unfinished(request, word)
        elif word == "big":
            return web.json_response(_completion("word " * (_BIG // 5)))
        elif word == "wrong_type":
            return web.Response(text=json.dumps(_completion("Hello")), content_type="text/plain")
        broken = await super()._faulty(request, body, word)
        if broken is not None or word not in _USABLE:
            return broken
        # A request that is cut is cut every time; a judge could never mend that, so only what a doctor says is.
        cut = "response_format" not in body and random.Random(f"length/{_digest(body)}").random() < 0.02
        response = await self._answer(body, "length" if cut else word, name)
        if name and not _closing(request):
            self.sent.add(name)
        return response

    async def _unfinished(self, request: web.Request, word: str) -> None:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"choices": [{"message": {"content": "')
        while word != "drop_body" and not _closing(request):
            await response.write(b"word " * (1 if word == "drip" else 20_000))
            await asyncio.sleep(0.05 if word == "drip" else 0)
        if request.transport:
            request.transport.abort()
        raise asyncio.CancelledError

    async def _gone(self, request: web.Request) -> None:
        while not _closing(request):
            await asyncio.sleep(0.05)
        raise asyncio.CancelledError


def _closing(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _completion(text: str) -> Body:
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
    }


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    server = HostileOpenAI(
        FAULTS if arguments.hostile else {}, seed=arguments.seed, latency_s=arguments.latency
    )
    async with server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    asyncio.run(serve(parser.parse_args()))
