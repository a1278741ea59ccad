"""`openai:MODEL`: any server that speaks OpenAI's chat completions.

The request goes out by aiohttp, as one JSON body. The official SDK would be the obvious way, but costs two to
three times as much CPU a call as sending it (`bench/layers.py`) and 24 MB, and what it adds (retries, typed
replies) is done elsewhere: `retries.py` knows about limits and the run's patience, `completions.py` reads
what servers of every accent reply. `tests/models/test_beside_the_sdk.py` holds the two beside each other.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.models.caches import from_metrics
from dialogue_sim.models.completions import Dialect, adapt, failure_of, read_reply, request_body
from dialogue_sim.models.errors import FatalError, ModelError, TransientError
from dialogue_sim.models.settings import ModelSettings, fingerprint, merge_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientResponse, ClientSession

OPENAI = "https://api.openai.com/v1"
_CONNECT_S, _METRICS_S = 20.0, 5.0
_ADAPTATIONS = 8  # more than a dialect can shrink
_MOST_BYTES = 16 * 2**20  # of one reply; ten times what the longest completions take
_ACCOUNT = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}

log = logging.getLogger("dialogue_sim.models")


class _Answer(NamedTuple):
    """What a server sent: the status, the headers (any case), and the body, read from JSON where it says so."""

    status: int
    headers: Mapping[str, str]
    body: Any


def open_model(name: str, settings: ModelSettings) -> OpenAIModel:
    """The model behind `openai:NAME`.

    Raises:
        ConfigError: the address is no URL, or the key is missing and the server is not a private one.
    """
    return OpenAIModel(name, settings)


class OpenAIModel:
    """A model behind an OpenAI-compatible server.

    Args:
        name: the model's name on the server.
        settings: `base_url`, key, timeout, default options.
        spec: what it is called in the run, if not `openai:NAME`.
    """

    def __init__(self, name: str, settings: ModelSettings, *, spec: str = "") -> None:
        self.spec = spec or f"openai:{name}"
        self.fingerprint = fingerprint(self.spec, settings)
        self.base_url = (settings.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).rstrip("/")
        self.dialect = Dialect()
        self.name, self._settings = name, settings
        self._key = api_key(self.base_url, settings.api_key_env)
        self._session: ClientSession | None = None

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Ask once. What the server does not take (JSON schema, seed, …) is left out and remembered.

        Raises:
            ModelError: see `dialogue_sim.models.errors`; the key never stands in its message.
        """
        options = merge_options(self._settings.options, options)
        for _ in range(_ADAPTATIONS):
            asked = self.dialect
            body = request_body(self.name, messages, options, asked)
            outcome = await self._post(body)
            if isinstance(outcome, Reply):
                return outcome
            failure, error, status = outcome
            better = adapt(
                self.dialect, asked, body, status, str(error.get("message")), str(error.get("param") or "")
            )
            if better is None:
                raise failure
            if better != self.dialect:
                log.warning(
                    "%s: the server refused a part of the request, asking without it: %s", self.spec, failure
                )
            self.dialect = better
        raise FatalError(f"{self.spec}: the server refuses every form of the request")

    async def _post(self, body: dict[str, Any]) -> Reply | tuple[ModelError, dict[str, Any], int]:
        started = time.perf_counter()
        answer = await self._send("POST", "/chat/completions", body)
        if answer.status < 400:
            return read_reply(answer.body, time.perf_counter() - started)
        error = self._error_of(answer.body)
        return failure_of(answer.status, error, answer.headers), error, answer.status

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, at: str = ""
    ) -> _Answer:
        """One request, whole, within the timeout.

        Raises:
            TransientError: no connection, no reply in time, or one that cannot be read.
        """
        from aiohttp import ClientError

        # Half of a surrogate pair, which a broken reply may have brought in, cannot be sent.
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            async with (
                asyncio.timeout(self._settings.timeout_s),
                self._connected().request(method, (at or self.base_url) + path, data=sent) as response,
            ):
                content = await _read_within_bounds(response)
        except (ClientError, OSError) as problem:
            # Python's own timeout is an OSError; aiohttp's, while connecting, is a ClientError, too.
            if isinstance(problem, TimeoutError) and not isinstance(problem, ClientError):
                what = f"no reply from {self.base_url} within {self._settings.timeout_s:g} s"
                raise TransientError(what) from problem
            raise TransientError(
                f"no connection to {self.base_url}: {self._clean(str(problem))}",
                mend="check that the server runs and that base_url is right",
            ) from problem
        try:
            text = content.decode()
            told = json.loads(text) if "json" in response.content_type else text
        except ValueError as problem:
            if response.status < 400:
                raise TransientError(f"{self.base_url} sent a broken reply: {problem}") from problem
            told = content.decode("utf-8", "replace")
        return _Answer(response.status, response.headers, told)

    def _error_of(self, body: Any) -> dict[str, Any]:
        if isinstance(body, dict):
            error = dict(body["error"]) if isinstance(body.get("error"), dict) else dict(body)
            error.setdefault(
                "message", error.get("detail") or error.get("error") or json.dumps(body, ensure_ascii=False)
            )
        else:
            error = {"message": str(body or "")}
        error["message"] = self._clean(str(error["message"]))
        return error

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "[key]") if len(self._key) > 4 else text

    def _connected(self) -> ClientSession:
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

            account = {header: os.environ[name] for name, header in _ACCOUNT.items() if os.environ.get(name)}
            self._session = ClientSession(
                # aiohttp stops at 100 connections by default; 0 means no limit, ours is the limiter.
                connector=TCPConnector(limit=0, keepalive_timeout=30),
                timeout=ClientTimeout(total=None, sock_connect=min(_CONNECT_S, self._settings.timeout_s)),
                headers={
                    "Authorization": f"Bearer {self._key}", "Content-Type": "application/json",
                    "Accept": "application/json", **account,
                },
                cookie_jar=DummyCookieJar(),
                trust_env=not is_private(self.base_url),
            )  # fmt: skip
        return self._session

    async def models(self) -> list[dict[str, Any]]:
        """What the server says of its models (`GET /models`).

        Raises:
            ModelError: it cannot be asked or does not tell.
        """
        answer = await self._send("GET", "/models")
        if answer.status >= 400:
            raise failure_of(answer.status, self._error_of(answer.body), answer.headers)
        listed = answer.body.get("data") if isinstance(answer.body, dict) else None
        return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []

    async def cache_tokens(self) -> int | None:
        """Tokens that the server's cache holds, as vLLM tells in `/metrics`; only servers of one's own are asked."""
        if not is_private(self.base_url):
            return None
        try:
            async with asyncio.timeout(_METRICS_S):
                told = await self._send("GET", "/metrics", at=self.base_url.removesuffix("/v1"))
        except (TimeoutError, ModelError):
            return None
        return from_metrics(told.body) if told.status < 400 and isinstance(told.body, str) else None

    async def close(self) -> None:
        """Close the connections. May be called more than once."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read_within_bounds(response: ClientResponse) -> bytes:
    """Read a body, decoded, so that one without end fails instead of filling the memory."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > _MOST_BYTES:
            raise TransientError(f"the server sent more than {_MOST_BYTES:,} bytes in one reply")
    return bytes(body)


def api_key(base_url: str, variable: str) -> str:
    """The key for a server, from the environment; a placeholder for a server on a private address.

    Raises:
        ConfigError: `base_url` is no URL or holds a password, or the variable is not set or holds no key.
    """
    address = urlsplit(base_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(
            f"{base_url!r} is not a URL", where="base_url", mend="write it as http://host:port/v1"
        )
    if address.username or address.password:
        raise ConfigError(
            "base_url holds a password, and would be written down", mend=f"put the key into {variable}"
        )
    if key := os.environ.get(variable, "").strip():
        if not key.isascii():
            # A placeholder copied from a page would fail in the middle of a run, inside the HTTP client.
            raise ConfigError(
                f"the environment variable {variable} holds no key: it has characters that no key has",
                mend=f"export {variable} with the key that the server's owner gave you",
            )
        return key
    if is_private(base_url):
        return "none"
    raise ConfigError(
        f"no key for {address.hostname}: the environment variable {variable} is not set",
        mend=f"export {variable}=…, name another variable as api_key_env, or set base_url to your own server",
    )


def is_private(base_url: str) -> bool:
    """Whether a server is on this machine or a private network (by address, or a name without a dot)."""
    host = urlsplit(base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".localhost"))
    return address.is_private or address.is_loopback
