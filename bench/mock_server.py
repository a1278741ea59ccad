"""An OpenAI-compatible server that answers after a set time, and costs next to nothing itself.

It reads HTTP/1.1 by hand in a process of its own, so that the client is what a benchmark measures.
Whoever asks for a JSON schema gets a small object of that schema, everyone else about 190 characters
that differ from request to request. With `per_second` it takes that many requests a second (token
bucket that holds a second's worth) and refuses the rest with 429.

    with MockServer(latency=0.1) as server: ...        # server.url, server.stats()
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from typing import Any

_WORDS = (
    "please tell me when it began how long it lasts where it hurts and what makes it better or worse".split()
)


_CLAUSES = "请您再说说是什么时候开始的 一般会持续多长时间 具体是哪个部位 怎么样会好一些 做什么会加重 还有没有别的地方不舒服".split()
_CHINESE = "医生".encode()


class Load:
    """What the server was asked, and how long it lets a reply wait."""

    def __init__(self, latency: float, shape: str, per_second: float, retry_after: float) -> None:
        self.calls = self.refused = self.in_flight = self.peak = 0
        self.retry_after = retry_after
        self._latency, self._shape, self._rate = latency, shape, per_second
        self._level, self._at = per_second, time.monotonic()
        self._chance = random.Random(0)

    def seconds(self) -> float:
        """Fixed, 50 to 150 % of the latency, or lognormal with p99 at five times the median."""
        if self._shape == "jitter":
            return self._latency * self._chance.uniform(0.5, 1.5)
        if self._shape == "heavy":
            return self._latency * self._chance.lognormvariate(0.0, 0.692)
        return self._latency

    def refuses(self) -> bool:
        """Whether the bucket is empty."""
        if not self._rate:
            return False
        now = time.monotonic()
        self._level = min(self._rate, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return True
        self._level -= 1
        return False


class Connection(asyncio.Protocol):
    """One keep-alive connection. A client sends its next request after the reply to the last one."""

    def __init__(self, load: Load) -> None:
        self._load, self._buffer = load, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        if head.startswith(b"get"):
            self._get(head.split()[1])
        else:
            self._chat(body)

    def _get(self, path: bytes) -> None:
        load = self._load
        if path.endswith(b"/models"):
            content: Any = {
                "object": "list",
                "data": [{"id": "m", "object": "model", "max_model_len": 32768}],
            }
        else:
            content = {"calls": load.calls, "refused": load.refused, "peak": load.peak}
        self._send(b"200 OK", json.dumps(content).encode())

    def _chat(self, body: bytes) -> None:
        load = self._load
        load.calls += 1
        if load.refuses():
            load.refused += 1
            after = f"retry-after: {load.retry_after:g}\r\n".encode() if load.retry_after else b""
            self._send(
                b"429 Too Many Requests", b'{"error":{"message":"slow down","code":"rate_limit"}}', after
            )
            return
        load.in_flight += 1
        load.peak = max(load.peak, load.in_flight)
        asyncio.get_running_loop().call_later(load.seconds(), self._answer, body, load.calls)

    def _answer(self, body: bytes, number: int) -> None:
        self._load.in_flight -= 1
        text = _form(body) if b'"json_schema"' in body else _prose(number, _CHINESE in body)
        prompt, completion = len(body) // 4, len(text) // 4
        reply = {
            "id": f"c{number}", "object": "chat.completion", "created": 0, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
        }  # fmt: skip
        self._send(b"200 OK", json.dumps(reply).encode())

    def _send(self, status: bytes, content: bytes, extra: bytes = b"") -> None:
        if not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 %b\r\ncontent-type: application/json\r\n%bcontent-length: %d\r\n\r\n%b"
                % (status, extra, len(content), content)
            )


def _prose(number: int, chinese: bool) -> str:
    if chinese:
        first = number % len(_CLAUSES)
        return f"{number}，" + "，".join(_CLAUSES[first:] + _CLAUSES[:first]) + "？"
    first = number % len(_WORDS)
    return f"{number}: " + " ".join(_WORDS[first:] + _WORDS[:first]) + " so that I can understand it well, and have you " \
        "noticed anything else that goes with it lately"  # fmt: skip


def _form(body: bytes) -> str:
    asked = json.loads(body)["response_format"]["json_schema"]["schema"]
    return json.dumps(smallest(asked, asked))


def smallest(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """A small value of a JSON schema. A list of objects names each id of its `item` once, and nothing is met."""
    if "$ref" in schema:
        return smallest(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "const" in schema or "enum" in schema:
        allowed = schema.get("enum") or [schema["const"]]
        return "not" if "not" in allowed else allowed[0]
    if schema.get("type") == "object":
        return {name: smallest(part, root) for name, part in schema.get("properties", {}).items()}
    if schema.get("type") != "array":
        return {"string": "nothing of note", "integer": 0, "number": 0, "boolean": False}[schema["type"]]
    one = schema.get("items", {})
    part = root["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
    names = part.get("properties", {}).get("item", {})
    ids = names.get("enum") or ([names["const"]] if "const" in names else [])
    return [{**smallest(part, root), "item": name} for name in ids]


class MockServer:
    """The server in a process of its own, for the length of a `with` block."""

    def __init__(
        self, latency: float, *, shape: str = "fixed", per_second: float = 0, retry_after: float = 0
    ) -> None:
        self._words = [str(value) for value in (latency, shape, per_second, retry_after)]

    def __enter__(self) -> MockServer:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *self._words], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.terminate()
        self._process.wait()

    def stats(self) -> dict[str, int]:
        """Calls, refusals and the most calls in flight so far."""
        with urllib.request.urlopen(self.url.replace("/v1", "/stats")) as reply:
            counts: dict[str, int] = json.load(reply)
        return counts


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    load = Load(arguments.latency, arguments.shape, arguments.per_second, arguments.retry_after)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(load), "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("latency", type=float)
    parser.add_argument("shape", choices=("fixed", "jitter", "heavy"), nargs="?", default="fixed")
    parser.add_argument("per_second", type=float, nargs="?", default=0)
    parser.add_argument("retry_after", type=float, nargs="?", default=0)
    asyncio.run(serve(parser.parse_args()))
