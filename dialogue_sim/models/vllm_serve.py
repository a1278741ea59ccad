"""`vllm-serve:MODEL`: a vLLM server of our own, started at the first call and stopped at the end.

`MODEL` is what `vllm serve` takes: a folder or a hub name. `engine` holds its flags, with underscores:
`{tensor_parallel_size: 2, max_model_len: 16384}`. Doctor, patient and judge of the same model share
one server.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import shutil
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.models.errors import FatalError, TransientError
from dialogue_sim.models.openai_api import OpenAIModel
from dialogue_sim.models.settings import ModelSettings, fingerprint
from dialogue_sim.models.sharing import Shared

_POLL_S, _TELL_S = 0.5, 30.0
_LAST_LINES = 15

log = logging.getLogger("dialogue_sim.models")


def open_model(name: str, settings: ModelSettings) -> ServedModel:
    """The model behind `vllm-serve:NAME`. The server starts at the first call.

    Raises:
        ConfigError: vLLM is not installed, or base_url is set (a server of ours has its own address).
    """
    if settings.base_url:
        raise ConfigError(
            "vllm-serve starts a server of its own, so base_url has no meaning",
            where=f"vllm-serve:{name}",
            mend=f"write `openai:{name}` for the server at {settings.base_url}, or leave base_url out",
        )
    command()
    return ServedModel(name, settings)


def command() -> list[str]:
    """How vLLM's server is started here. Raises ConfigError when vLLM is not installed."""
    beside = Path(sys.executable).with_name("vllm")
    found = str(beside) if beside.is_file() else shutil.which("vllm")
    if found:
        return [found, "serve"]
    if importlib.util.find_spec("vllm") is not None:
        return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model"]
    raise ConfigError("vLLM is not installed", mend='pip install "dialogue-sim[vllm]"')


def flags(engine: dict[str, Any]) -> list[str]:
    """Engine arguments as command-line flags: `{enforce_eager: true}` is `--enforce-eager`."""
    words: list[str] = []
    for name, value in engine.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, dict):
            words += [f"--{flag}", json.dumps(value)]
        elif isinstance(value, list):
            words += [f"--{flag}", *map(str, value)]
        elif value is not None:
            words += [f"--{flag}", str(value)]
    return words


class ServedModel:
    """A model behind a server of our own."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.spec = f"vllm-serve:{name}"
        self.fingerprint = fingerprint(self.spec, settings)
        self._name, self._settings = name, settings
        self._server: Server | None = None
        self._client: OpenAIModel | None = None
        self._opening = asyncio.Lock()

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Ask; the first call waits until the server is up.

        Raises:
            ModelError: see `OpenAIModel.chat`; FatalError when the server has ended.
            ConfigError: the server did not start; the message has the end of its log.
        """
        async with self._opening:
            if self._client is None:
                key = f"{self._name} {json.dumps(self._settings.engine, sort_keys=True)}"
                self._server = await _SERVERS.take(key, lambda: start(self._name, self._settings.engine))
                local = self._settings.model_copy(update={"base_url": self._server.url})
                self._client = OpenAIModel(self._name, local, spec=self.spec)
        try:
            return await self._client.chat(messages, options)
        except TransientError as failure:
            if self._server and self._server.ended:
                raise FatalError(
                    f"the vLLM server has ended:\n{self._server.last_lines()}", mend=f"see {self._server.log}"
                ) from failure
            raise

    async def cache_tokens(self) -> int | None:
        """See `caches.py`."""
        return await self._client.cache_tokens() if self._client else None

    async def close(self) -> None:
        """Stop the server, unless another model shares it. May be called more than once."""
        client, self._client = self._client, None
        server, self._server = self._server, None
        if client is not None:
            await client.close()
        if server is not None:
            await _SERVERS.give_back(server)


class Server:
    """A running `vllm serve`, on a leash (see `leash.py`)."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.log = log
        self._health = f"http://127.0.0.1:{port}/health"
        self._process = process

    @property
    def ended(self) -> bool:
        """Whether the server is not running any more."""
        return self._process.returncode is not None

    async def healthy(self) -> bool:
        """Whether it answers."""

        def ask() -> bool:
            try:
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                with opener.open(self._health, timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        return await asyncio.to_thread(ask)

    def last_lines(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line[:300]}" for line in lines[-_LAST_LINES:])

    async def close(self) -> None:
        """Let go of the leash and wait until the server is gone."""
        if self._process.stdin:
            self._process.stdin.close()
        await self._process.wait()


async def start(name: str, engine: dict[str, Any]) -> Server:
    """Start a server and wait until it is up.

    There is no time limit, for weights may have to be fetched: every half minute a line says that it
    is still starting, and where its log is.

    Raises:
        ConfigError: it ended before it was up.
    """
    import platformdirs

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log_file = platformdirs.user_log_path("dialogue-sim", ensure_exists=True) / f"vllm-serve-{port}.log"
    words = [
        *command(),
        name,
        "--served-model-name",
        name,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        *flags(engine),
    ]
    with log_file.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dialogue_sim.models.leash", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    server = Server(process, port, log_file)
    log.info("starting %s (log: %s)", " ".join(words), log_file)
    waited = 0.0
    try:
        while not await server.healthy():
            if server.ended:
                raise ConfigError(
                    f"the vLLM server did not start:\n{server.last_lines()}",
                    where=f"vllm-serve:{name}",
                    mend=f"see {log_file}; the flags come from `engine`",
                )
            await asyncio.sleep(_POLL_S)
            waited += _POLL_S
            if waited % _TELL_S < _POLL_S:
                log.warning("%s is still starting after %.0f s (log: %s)", name, waited, log_file)
    except BaseException:
        await server.close()
        raise
    return server


_SERVERS: Shared[Server] = Shared()
