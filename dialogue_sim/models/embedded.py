"""`embedded`: a model run inside this process by llama.cpp (xllamacpp), from a GGUF file.

`embedded` alone is the catalogue's default, `embedded:NAME` another of its models, and
`embedded:FILE.gguf` any file. Doctor, patient and judge that name the same file share one engine.

With one slot (the default) calls queue, and the same calls in the same order give the same texts when
they have seeds. The order matters because a prompt's beginning is not computed again when it is still
cached, and a cached one differs in the last bits; `engine: {cache_prompt: false}` makes each call
reproducible by itself, and several times slower. More slots (`engine: {n_parallel: 4}`) are faster
together and promise nothing.
"""

from __future__ import annotations

import asyncio
import difflib
import importlib.util
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.models.catalogue import Weights, catalogue
from dialogue_sim.models.completions import Dialect, failure_of, read_reply, request_body
from dialogue_sim.models.errors import FatalError
from dialogue_sim.models.settings import ModelSettings, fingerprint, merge_options
from dialogue_sim.models.sharing import Shared
from dialogue_sim.models.weights import announce, pull

CONTEXT = 8192  # tokens per slot, unless engine.n_ctx says otherwise
# Where a call sets no limit. Without one a small model that never comes to its end would go on for ever.
LONGEST = Options(max_tokens=1024)
_PROMPT_CACHE_MIB = 1024


def open_model(name: str, settings: ModelSettings) -> EmbeddedModel:
    """The model behind `embedded:NAME`. Weights are fetched and loaded at the first call.

    Raises:
        ConfigError: xllamacpp is not installed, or there is no such file or catalogue name.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise ConfigError("the embedded engine is not installed", mend='pip install "dialogue-sim[embedded]"')
    spec = f"embedded:{name}" if name else "embedded"
    if not (name.endswith(".gguf") or os.sep in name):
        return EmbeddedModel(spec, catalogue().find(name), settings)
    path = Path(name).expanduser()
    if not path.is_file():
        raise ConfigError("there is no such file", where=spec, mend="give the path of a .gguf file")
    return EmbeddedModel(spec, path, settings)


class EmbeddedModel:
    """A GGUF file, loaded when it is first asked."""

    def __init__(self, spec: str, weights: Weights | Path, settings: ModelSettings) -> None:
        self.spec = spec
        self.fingerprint = fingerprint(
            f"embedded:{weights.sha256 if isinstance(weights, Weights) else weights}", settings
        )
        self._weights, self._settings = weights, settings
        self._engine: Engine | None = None
        self._opening = asyncio.Lock()

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Ask. Waiting for a free slot is no part of the reply's latency.

        Raises:
            ModelError: the messages do not fit, or the engine refuses the request.
            ConfigError: the weights cannot be fetched or loaded.
        """
        async with self._opening:
            if self._engine is None:
                self._engine = await self._open()
        asked = merge_options(LONGEST, merge_options(self._settings.options, options))
        body = request_body(self.spec, messages, asked, Dialect())
        return await self._engine.ask(body)

    async def _open(self) -> Engine:
        path = self._weights
        if isinstance(path, Weights):
            path = await pull(path, announce(path.name))
        key = f"{path.resolve()} {json.dumps(self._settings.engine, sort_keys=True, default=str)}"
        found, settings = path, self._settings
        return await _ENGINES.take(key, lambda: asyncio.to_thread(Engine, found, settings.engine))

    async def close(self) -> None:
        """Free the engine, unless another model shares it. May be called more than once."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await _ENGINES.give_back(engine)


class Engine:
    """A loaded model and the threads that wait for its slots.

    Raises:
        ConfigError: the file is no readable model, or an engine argument is unknown.
    """

    def __init__(self, path: Path, arguments: dict[str, Any]) -> None:
        # OpenMP's threads spin while they wait, which starves them on a busy machine; read at import.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import xllamacpp

        given = dict(arguments)
        slots = int(given.pop("n_parallel", 1))
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_parallel = slots
        parameters.n_ctx = slots * int(given.pop("n_ctx", CONTEXT))
        threads = int(given.pop("n_threads", cores()))
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.cache_ram_mib = _PROMPT_CACHE_MIB
        parameters.verbosity = -1
        parameters.api_keys = [os.urandom(16).hex()]  # its loopback port is of no use to anyone
        for name, value in given.items():
            if not hasattr(parameters, name):
                near = difflib.get_close_matches(name, dir(parameters), n=1)
                raise ConfigError(
                    f"the embedded engine has no argument {name!r}",
                    where="engine",
                    mend=f"did you mean {near[0]!r}?" if near else "see llama.cpp's common parameters",
                )
            setattr(parameters, name, value)
        try:
            self._server = xllamacpp.Server(parameters)
        except Exception as problem:
            raise ConfigError(
                f"cannot be loaded: {problem}", where=str(path), mend="check that it is a GGUF model"
            ) from problem
        self._threads = ThreadPoolExecutor(slots, "embedded")
        self._name = path.name

    async def ask(self, body: dict[str, Any]) -> Reply:
        """One completion. A cancelled one stops at its next token."""
        stop = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._complete, body, stop)
        except asyncio.CancelledError:
            stop.set()
            raise

    def _complete(self, body: dict[str, Any], stop: threading.Event) -> Reply:
        pieces = _Pieces()

        def take(chunk: dict[str, Any]) -> bool:
            pieces.add(chunk)
            return stop.is_set()

        started = time.perf_counter()
        if not stop.is_set():
            asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
            try:
                self._server.handle_chat_completions(asked, take)
            except ValueError as problem:
                raise FatalError(f"the embedded engine refuses the request: {problem}") from problem
        return read_reply({**pieces.body(), "model": self._name}, time.perf_counter() - started)

    async def close(self) -> None:
        """Free the memory."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        del self._server


def cores() -> int:
    """Processor cores that this process may use: by affinity, and by the quota of its container."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        return max(1, min(here, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such file here, or "max": no quota
        return here


class _Pieces:
    """The chunks of a streamed completion, put together again."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._rest: dict[str, Any] = {}
        self._finish: str | None = None

    def add(self, chunk: dict[str, Any]) -> None:
        if "error" in chunk:
            self._rest["error"] = chunk["error"]
        for choice in chunk.get("choices", ()):
            delta = choice.get("delta", {})
            self._content.append(delta.get("content") or "")
            self._reasoning.append(delta.get("reasoning_content") or "")
            self._finish = choice.get("finish_reason") or self._finish
        if chunk.get("usage"):
            self._rest["usage"] = chunk["usage"]

    def body(self) -> dict[str, Any]:
        if error := self._rest.get("error"):
            raise failure_of(int(error.get("code") or 500), error, {})
        message = {"content": "".join(self._content), "reasoning_content": "".join(self._reasoning)}
        return {**self._rest, "choices": [{"message": message, "finish_reason": self._finish}]}


_ENGINES: Shared[Engine] = Shared()
