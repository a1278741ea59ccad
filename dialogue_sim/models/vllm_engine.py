"""`vllm:MODEL`: vLLM inside this process, through its asynchronous engine.

`MODEL` is a folder or a hub name; `engine` holds vLLM's engine arguments. No server, no HTTP: a
request is rendered by the model's own chat template, and only its final output comes back. Doctor,
patient and judge of the same model share one engine.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import itertools
import json
import time
from typing import Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply, Usage
from dialogue_sim.models.completions import failure_of
from dialogue_sim.models.errors import FatalError, TransientError
from dialogue_sim.models.reasoning import split_reasoning
from dialogue_sim.models.settings import ModelSettings, fingerprint, merge_options
from dialogue_sim.models.sharing import Shared


def open_model(name: str, settings: ModelSettings) -> VllmModel:
    """The model behind `vllm:NAME`. The engine starts at the first call.

    Raises:
        ConfigError: vLLM is not installed.
    """
    if importlib.util.find_spec("vllm") is None:
        raise ConfigError("vLLM is not installed", mend='pip install "dialogue-sim[vllm]"')
    return VllmModel(name, settings)


class VllmModel:
    """A model in vLLM's engine."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.spec = f"vllm:{name}"
        self.fingerprint = fingerprint(self.spec, settings)
        self._name, self._settings = name, settings
        self._engine: Engine | None = None
        self._opening = asyncio.Lock()

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        """Ask; the first call waits until the engine is up. A cancelled call leaves the engine's batch.

        `options.extra_body` may hold `chat_template_kwargs` and any of vLLM's sampling parameters.

        Raises:
            ModelError: the messages do not fit, the request is refused, or the engine has died.
            ConfigError: the engine did not start.
        """
        async with self._opening:
            if self._engine is None:
                arguments = {"model": self._name, **self._settings.engine}
                key = json.dumps(arguments, sort_keys=True, default=str)
                self._engine = await _ENGINES.take(key, lambda: Engine.start(arguments))
        return await self._engine.ask(messages, merge_options(self._settings.options, options))

    async def cache_tokens(self) -> int | None:
        """See `caches.py`."""
        return self._engine.cache_tokens if self._engine else None

    async def close(self) -> None:
        """Free the engine, unless another model shares it. May be called more than once."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await _ENGINES.give_back(engine)


class Engine:
    """A running AsyncLLM and its tokenizer."""

    def __init__(self, engine: Any, tokenizer: Any, name: str) -> None:
        self._engine, self._tokenizer, self._name = engine, tokenizer, name
        self._numbers = itertools.count()

    @classmethod
    async def start(cls, arguments: dict[str, Any]) -> Engine:
        """Start the engine. Raises ConfigError when it does not."""
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        try:
            engine = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))
            tokenizer = engine.get_tokenizer()
            if inspect.isawaitable(tokenizer):
                tokenizer = await tokenizer
        except Exception as problem:
            raise ConfigError(
                f"vLLM did not start: {type(problem).__name__}: {problem}",
                where=f"vllm:{arguments['model']}",
                mend="vLLM's own output above says more; its arguments come from `engine`",
            ) from problem
        return cls(engine, tokenizer, str(arguments["model"]))

    @property
    def cache_tokens(self) -> int | None:
        """Tokens that the key-value cache holds."""
        cache = self._engine.vllm_config.cache_config
        blocks = cache.num_gpu_blocks
        return int(blocks * cache.block_size) if blocks else None

    async def ask(self, messages: list[Message], options: Options) -> Reply:
        """One completion."""
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        extra = dict(options.extra_body)
        tokens = self._tokens(messages, extra.pop("chat_template_kwargs", {}))
        started = time.perf_counter()
        final = None
        try:
            parameters = self._parameters(options, extra, len(tokens))
            request = f"dialogue-sim-{next(self._numbers)}"
            async for output in self._engine.generate({"prompt_token_ids": tokens}, parameters, request):
                final = output
        except EngineDeadError as problem:
            raise FatalError(
                f"the vLLM engine has died: {problem}", mend="its output above says why"
            ) from problem
        except EngineGenerateError as problem:
            raise TransientError(f"vLLM could not finish the request: {problem}") from problem
        except Exception as problem:  # what refuses a request is of another class in each version
            raise failure_of(400, {"message": str(problem)}, {}) from problem
        if final is None or not final.outputs:
            raise TransientError("vLLM gave no output")
        said = final.outputs[0]
        text, reasoning = split_reasoning(said.text)
        return Reply(
            text=text,
            reasoning=reasoning,
            finish="length" if said.finish_reason == "length" else "stop",
            usage=Usage(
                prompt=len(tokens), completion=len(said.token_ids), cached=final.num_cached_tokens or 0
            ),
            latency_s=time.perf_counter() - started,
            model=self._name,
        )

    def _tokens(self, messages: list[Message], template: dict[str, Any]) -> list[int]:
        try:
            rendered = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=True, return_dict=False, **template
            )
        except Exception as problem:  # templates raise what they like
            raise FatalError(
                f"the chat template of {self._name} refuses the messages: {problem}"
            ) from problem
        return [int(token) for token in rendered]

    def _parameters(self, options: Options, extra: dict[str, Any], used: int) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        chosen = {name: getattr(options, name) for name in ("temperature", "top_p", "seed")}
        if options.json_schema is not None:
            chosen["structured_outputs"] = StructuredOutputsParams(json=options.json_schema)
        room = self._engine.model_config.max_model_len - used
        if room < 1:
            raise ValueError(f"the messages take {used} tokens, the model's context length is {used + room}")
        sampling = {
            # As its server does: the model's own generation_config fills in what is left open.
            **self._engine.model_config.get_diff_sampling_param(),
            **{name: value for name, value in chosen.items() if value is not None},
            **extra,
            "max_tokens": min(room, options.max_tokens or room),
        }
        return SamplingParams(
            stop=list(options.stop) or None, output_kind=RequestOutputKind.FINAL_ONLY, **sampling
        )

    async def close(self) -> None:
        """Stop the engine's processes."""
        engine, self._engine = self._engine, None  # vLLM complains when it is collected at the very end
        await asyncio.to_thread(engine.shutdown)


_ENGINES: Shared[Engine] = Shared()
