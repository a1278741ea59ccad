"""A small OpenAI-compatible server on the loopback, scripted by the test that starts it.

    async with FakeOpenAI("fixed words", script=["503", "429:1"]) as server:
        model = open_model("openai:any", ModelSettings(base_url=server.url))

`python -m tests.servers.fake_openai --port 8123 --latency 0.1` serves the same from a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from aiohttp import web

Body = dict[str, Any]


class FakeOpenAI:
    """The server, and the count of what it was asked.

    Args:
        reply: the text it answers with; "echo" (the last message), "seeded" (words drawn from the
            request and its seed), or a function of the request's body.
        latency_s: seconds per reply; with `jitter`, drawn from 50 to 150 % of that by the request's hash.
        script: what happens to the first calls, one word each (see `_faulty`); "ok" for nothing.
        rates: how often which fault happens afterwards, such as {"500": 0.02}, by the request's hash.
        json_schema: enforced (a sample of the schema is sent), ignored, refused with 400, or
            object_only (400 for json_schema, json_object taken).
        refuses: request fields answered with 400 "unsupported parameter".
        per_second: requests taken a second (token bucket); more get 429.
        capacity: requests worked on at once; more get 429.
        retry_after: the Retry-After of those 429s, None for none.
        key: the bearer key it wants; "" takes any.
        model: what `/v1/models` lists, with `max_model_len`.
        cache: tokens that its cache holds, told in `/metrics` as vLLM does; None tells nothing.
    """

    def __init__(
        self,
        reply: str | Callable[[Body], str] = "echo",
        *,
        latency_s: float = 0.0,
        jitter: bool = False,
        script: Iterable[str] = (),
        rates: Mapping[str, float] | None = None,
        json_schema: Literal["enforced", "ignored", "refused", "object_only"] = "enforced",
        refuses: Iterable[str] = (),
        per_second: float | None = None,
        capacity: int | None = None,
        retry_after: float | None = None,
        key: str = "",
        model: str = "fake",
        max_model_len: int | None = 4096,
        cache: int | None = None,
        port: int = 0,
    ) -> None:
        self.reply, self.latency_s, self.jitter = reply, latency_s, jitter
        self.script = list(script)
        self.rates = dict(rates or {})
        self.json_schema, self.refuses = json_schema, tuple(refuses)
        self.per_second, self.capacity, self.retry_after = per_second, capacity, retry_after
        self.key, self.model, self.max_model_len, self.port = key, model, max_model_len, port
        self.cache = cache
        self.calls = self.answered = self.refused = self.in_flight = self.peak = 0
        self.bodies: list[Body] = []
        self.keep_bodies = True
        self._level, self._at = per_second or 0.0, time.monotonic()
        self._seen: dict[str, int] = {}

    @property
    def url(self) -> str:
        """What to set as base_url."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> FakeOpenAI:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/stats", self._stats)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=4096)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [{"id": self.model, "max_model_len": self.max_model_len}]}
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        if self.cache is None:
            raise web.HTTPNotFound
        labels = f'block_size="16",enable_prefix_caching="True",num_gpu_blocks="{self.cache // 16}"'
        return web.Response(
            text=f"# TYPE vllm:cache_config_info gauge\nvllm:cache_config_info{{{labels}}} 1.0\n"
        )

    async def _stats(self, request: web.Request) -> web.Response:
        names = ("calls", "answered", "refused", "peak")
        return web.json_response({name: getattr(self, name) for name in names})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            body = json.loads(await request.read())
            if self.keep_bodies:
                self.bodies.append(body)
            if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
                sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
                return _error(401, f"Incorrect API key provided: {sent}", code="invalid_api_key")
            if refusal := self._refusal(body):
                return refusal
            if self._busy():
                self.refused += 1
                return _too_many(self.retry_after)
            word = self.script.pop(0) if self.script else self._by_rate(body)
            return await self._faulty(request, body, word) or await self._answer(body, word)
        finally:
            self.in_flight -= 1

    def _refusal(self, body: Body) -> web.Response | None:
        for name in self.refuses:
            if name in body:
                hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
                text = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
                return _error(400, text, param=name, code="unsupported_parameter")
        kind = (body.get("response_format") or {}).get("type")
        refused = {"refused": ("json_schema", "json_object"), "object_only": ("json_schema",)}.get(
            self.json_schema, ()
        )
        if kind in refused:
            return _error(
                400, f"This response_format type is unavailable now: {kind}", param="response_format"
            )
        return None

    def _busy(self) -> bool:
        if self.capacity is not None and self.in_flight > self.capacity:
            return True
        if self.per_second is None:
            return False
        now = time.monotonic()
        self._level = min(self.per_second, self._level + (now - self._at) * self.per_second)
        self._at = now
        if self._level < 1:
            return True
        self._level -= 1
        return False

    def _by_rate(self, body: Body) -> str:
        if not self.rates:
            return "ok"
        digest = _digest(body)
        # The same request meets another fate when it is tried again.
        self._seen[digest] = self._seen.get(digest, 0) + 1
        draw = random.Random(f"{digest}{self._seen[digest]}").random()
        for word, share in self.rates.items():
            if draw < share:
                return word
            draw -= share
        return "ok"

    async def _faulty(self, request: web.Request, body: Body, word: str) -> web.StreamResponse | None:
        kind, _, value = word.partition(":")
        if kind == "429":
            self.refused += 1
            if value == "quota":
                return _error(429, "You exceeded your current quota.", code="insufficient_quota")
            if value.startswith("date"):
                return _too_many(datetime.now(UTC) + timedelta(seconds=float(value[4:])))
            return _too_many(float(value) if value else None)
        if kind in ("500", "502", "503"):
            return web.Response(
                status=int(kind), text="<html><body>Bad gateway</body></html>", content_type="text/html"
            )
        if kind == "html":
            return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
        if kind == "truncated":
            return web.Response(
                text='{"choices": [{"message": {"role": "assi', content_type="application/json"
            )
        if kind == "no_choices":
            return web.json_response({"id": "x", "choices": []})
        if kind == "overflow":
            return _error(
                400, OVERFLOWS[value or "openai"], code="context_length_exceeded" if not value else None
            )
        if kind == "filtered":
            return _error(
                400,
                "The response was filtered due to the prompt triggering the content filter.",
                code="content_filter",
            )
        if kind == "404":
            return _error(404, f"The model `{body.get('model')}` does not exist.", code="model_not_found")
        if kind == "drop":
            if request.transport:
                request.transport.abort()
            raise asyncio.CancelledError
        if kind == "slow":
            await asyncio.sleep(float(value))
        return None

    async def _answer(self, body: Body, word: str, model: str = "") -> web.Response:
        latency = self.latency_s
        if latency:
            if self.jitter:
                latency *= 0.5 + random.Random(_digest(body)).random()
            await asyncio.sleep(latency)
        self.answered += 1
        text: str | None = self._text(body)
        finish = "stop"
        message: Body = {"role": "assistant"}
        if word == "null":
            text = None
        elif word == "empty":
            text = ""
        elif word == "length":
            finish, text = "length", (text or "")[:4]
        elif word == "content_filter":
            finish, text = "content_filter", None
        elif word in ("reasoning", "reasoning_content"):
            message[word] = "let me think"
        elif word == "think":
            text = f"<think>let me think</think>\n{text}"
        message["content"] = text
        prompt = sum(len(part["content"]) for part in body["messages"]) // 4 + 1
        completion = len(text or "") // 4 + 1
        return web.json_response(
            {
                "id": f"chatcmpl-{self.calls}",
                "object": "chat.completion",
                "model": model or self.model,
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {
                    "prompt_tokens": prompt,
                    "completion_tokens": completion,
                    "total_tokens": prompt + completion,
                    "prompt_tokens_details": {"cached_tokens": prompt // 2},
                },
            }
        )

    def _text(self, body: Body) -> str:
        form = body.get("response_format") or {}
        if form.get("type") == "json_schema" and self.json_schema == "enforced" and not callable(self.reply):
            schema = form["json_schema"]["schema"]
            return json.dumps(sample(schema, random.Random(_digest(body))), ensure_ascii=False)
        if callable(self.reply):
            return self.reply(body)
        if self.reply == "echo":
            return str(body["messages"][-1]["content"])
        if self.reply == "seeded":
            seed = body.get("seed")
            draw = random.Random(f"{seed}{_digest(body)}" if seed is not None else None)
            return " ".join(
                draw.choice(["yes", "no", "pain", "fever", "since", "yesterday"]) for _ in range(8)
            )
        return self.reply


OVERFLOWS = {
    "openai": "This model's maximum context length is 4096 tokens. However, your messages resulted in 5012.",
    "vllm": "You passed 5000 input tokens. However, the model's context length is only 4096 tokens.",
    "vllm2": "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "llamacpp": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
}


def sample(schema: Body, draw: random.Random, root: Body | None = None) -> Any:
    """A value that a JSON schema allows (of the keywords that pydantic writes)."""
    root = root or schema
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return sample(target, draw, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return sample(schema[several][0], draw, root)
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: sample(part, draw, root) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [
            sample(schema.get("items", {"type": "string"}), draw, root)
            for _ in range(schema.get("minItems", 1))
        ]
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        return draw.randint(int(low) + ("exclusiveMinimum" in schema), int(schema.get("maximum", low + 5)))
    return {"string": "text", "boolean": draw.random() < 0.5, "null": None}[kind]


def _digest(body: Body) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _error(status: int, message: str, **fields: Any) -> web.Response:
    return web.json_response(
        {"error": {"message": message, "type": "invalid_request_error", **fields}}, status=status
    )


def _too_many(after: float | datetime | None) -> web.Response:
    response = _error(429, "Rate limit reached for requests.", code="rate_limit_exceeded")
    if after is not None:
        response.headers["Retry-After"] = (
            format_datetime(after, usegmt=True) if isinstance(after, datetime) else f"{after:g}"
        )
    return response


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    server = FakeOpenAI(
        arguments.reply,
        latency_s=arguments.latency,
        jitter=arguments.jitter,
        per_second=arguments.per_second,
        port=arguments.port,
    )
    server.keep_bodies = False
    async with server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reply", default="echo")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--jitter", action="store_true")
    parser.add_argument("--per-second", type=float)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args()))
