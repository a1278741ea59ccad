"""How a model is reached and run: everything about it that its spec does not say."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field

from dialogue_sim.models.base import Options
from dialogue_sim.yamlio import Tree


class Price(BaseModel):
    """What a million tokens cost, in any one currency. `cached` defaults to the prompt price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)


class ModelSettings(BaseModel):
    """Where a model is, how long and how often to ask, and how fast.

    Attributes:
        base_url: address of an OpenAI-compatible server; None means `OPENAI_BASE_URL`, then OpenAI's own.
        api_key_env: name of the environment variable that holds the key. Keys stand nowhere else.
        timeout_s: seconds until one request is given up.
        attempts: how often one call is tried before its failure is recorded.
        concurrency: most requests in flight at once.
        rpm: most requests a minute; None for no limit.
        tpm: most tokens (prompt and completion) a minute; None for no limit.
        options: sampling options used where a call leaves them open.
        engine: arguments of the engine (vLLM or llama.cpp), for models that are run here.
        price: what the tokens cost; needed for a budget in money.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str | None = None
    api_key_env: str = Field(default="OPENAI_API_KEY", min_length=1)
    timeout_s: float = Field(default=180, gt=0)
    attempts: int = Field(default=6, ge=1)
    concurrency: int = Field(default=16, ge=1)
    rpm: float | None = Field(default=None, gt=0)
    tpm: float | None = Field(default=None, gt=0)
    options: Options = Options()
    engine: Tree = Field(default_factory=dict)
    price: Price | None = None


def merge_options(defaults: Options, asked: Options) -> Options:
    """`asked`, with what it leaves open taken from `defaults`; `extra_body` is merged key by key."""
    if defaults == Options():
        return asked
    open_fields = {
        name: value
        for name in Options.model_fields
        if name != "extra_body"
        and getattr(asked, name) in (None, ())
        and (value := getattr(defaults, name)) not in (None, ())
    }
    return asked.model_copy(update={**open_fields, "extra_body": {**defaults.extra_body, **asked.extra_body}})


def fingerprint(spec: str, settings: ModelSettings) -> str:
    """Everything besides the request that decides what a model answers, as one stable string.

    Two models of the same fingerprint may share journaled replies; speed limits, timeouts and keys
    are no part of it.
    """
    parts = {
        "spec": spec,
        "base_url": settings.base_url,
        "options": settings.options.model_dump(mode="json", exclude_defaults=True),
        "engine": settings.engine,
    }
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
