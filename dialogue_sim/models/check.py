"""Looking at a model before a run relies on it.

`preflight` is what a run does first: one tiny call, so that a server that is not there, a wrong key
or a mistyped model is told at once and not as a thousand failures. `check_model` looks closer, for
`dialogue-sim models check`.
"""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import ChatModel, Message, Options, Reply
from dialogue_sim.models.errors import FatalError, ModelError, RateLimitedError, TransientError
from dialogue_sim.models.human import HumanModel
from dialogue_sim.models.openai_api import OpenAIModel
from dialogue_sim.models.python_function import FunctionModel
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.replay import ReplayModel
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.models.structured import find_object

_HELLOS, _PAUSE_S, _PATIENCE_S = 3, 0.5, 10.0
_NOT_ASKED = (HumanModel, ReplayModel, FunctionModel)
_HELLO: list[Message] = [Message(role="user", content="1 + 1 = ?")]
_TINY = Options(max_tokens=16)
# Random enough that two different samples hardly agree, short enough to be cheap.
_FREE = Options(max_tokens=48, temperature=1.0, seed=20_240_607)


class _Sum(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parity: Literal["even", "odd"]
    digits: int = Field(ge=1, le=9)


class ModelCheck(BaseModel):
    """What was found out about a model.

    Attributes:
        reachable: it answered at all; if not, `problem` and `mend` say why, and the rest is unknown.
        served_as: the name that the server gave itself.
        latency_s: seconds of the second, warm call.
        json_schema: it replied with JSON of the schema that was asked for.
        seed: the same seed gave the same text twice; None where that cannot be told.
        reasoning: it sends its thinking along.
        context: tokens of its context window, where the server tells.
        usage: it counts tokens.
        left_out: parts of the request that the server refused, and that are left out.
    """

    spec: str
    reachable: bool
    problem: str = ""
    mend: str = ""
    served_as: str = ""
    latency_s: float | None = None
    json_schema: bool | None = None
    seed: bool | None = None
    reasoning: bool | None = None
    context: int | None = None
    usage: bool | None = None
    left_out: list[str] = Field(default_factory=list)


async def preflight(model: ChatModel) -> Reply:
    """Make one tiny call, up to three times within ten seconds. People, functions and earlier runs are not asked: an empty reply is returned.

    Raises:
        FatalError: the model cannot be used: no connection, wrong key, unknown name, no reply in time.
        ModelError: it is there, but this call failed (filtered, malformed).
        ConfigError: the model cannot be opened (weights, engine).
    """
    if isinstance(model, _NOT_ASKED):
        return Reply(text="")
    started = time.monotonic()
    for left in reversed(range(_HELLOS)):
        try:
            return await model.chat(_HELLO, _TINY)
        except RateLimitedError:
            break  # it is there and busy; the run's limiter will see to it
        except TransientError as failure:
            # One bad reply of a server that is there must not keep a run from starting.
            if not left or time.monotonic() - started > _PATIENCE_S:
                raise FatalError(
                    f"{model.spec} cannot be used: {failure}",
                    mend=failure.mend or "try it with `dialogue-sim models check`",
                ) from failure
        await asyncio.sleep(_PAUSE_S)
    return Reply(text="")


async def check_model(spec: str, settings: ModelSettings | None = None) -> ModelCheck:
    """Find out what a model can do, with four short calls.

    Raises:
        ConfigError: the spec or the settings are wrong, or something is not installed.
    """
    model = open_model(spec, settings)
    if isinstance(model, _NOT_ASKED):
        await model.close()
        raise ConfigError(f"{spec!r} is no language model, there is nothing to check")
    try:
        first = await preflight(model)
        # The very first reply of a server is slow and may differ by its cold prompt cache.
        await model.chat(_HELLO, _FREE)
        second = await model.chat(_HELLO, _FREE)
        third = await model.chat(_HELLO, _FREE)
        return ModelCheck(
            spec=spec,
            reachable=True,
            served_as=second.model,
            latency_s=second.latency_s,
            json_schema=await _keeps_schema(model),
            seed=_same(model, second, third),
            reasoning=any(reply.reasoning for reply in (first, second, third)),
            context=await _context(model),
            usage=second.usage.prompt > 0,
            left_out=_left_out(model),
        )
    except ModelError as failure:
        return ModelCheck(spec=spec, reachable=False, problem=str(failure), mend=failure.mend)
    finally:
        await model.close()


async def _keeps_schema(model: ChatModel) -> bool:
    asked = _TINY.model_copy(update={"json_schema": _Sum.model_json_schema(), "max_tokens": 512})
    reply = await model.chat(_HELLO, asked)
    try:
        _Sum.model_validate(find_object(reply.text))
    except ValueError:
        return False
    return True


def _same(model: ChatModel, one: Reply, other: Reply) -> bool | None:
    if "seed" in _left_out(model):
        return False
    if not one.text and not one.reasoning:
        return None
    return (one.text, one.reasoning) == (other.text, other.reasoning)


def _left_out(model: ChatModel) -> list[str]:
    if not isinstance(model, OpenAIModel):
        return []
    dialect = model.dialect
    return sorted(dialect.without) + (["json_schema"] if dialect.form != "json_schema" else [])


async def _context(model: ChatModel) -> int | None:
    if not isinstance(model, OpenAIModel):
        return None
    try:
        listed = await model.models()
    except ModelError:
        return None
    for entry in listed:
        if entry.get("id") == model.name or len(listed) == 1:
            told = entry.get("meta")
            meta = told if isinstance(told, dict) else {}
            for value in (
                entry.get("max_model_len"),
                entry.get("context_length"),
                meta.get("n_ctx"),
                meta.get("n_ctx_train"),
            ):
                if isinstance(value, int):
                    return value
    return None
