"""The chat-completions format: what is sent, what comes back, and what its errors mean.

OpenAI's wire format is spoken by vLLM, llama.cpp, SGLang and most providers, each with an accent:
reasoning stands in `reasoning` or `reasoning_content` or inside the text, cached tokens are counted
in several places, and the same failure has many wordings. All of that is read here and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

from dialogue_sim.models.base import Message, Options, Reply, Usage
from dialogue_sim.models.errors import (
    ContextOverflowError,
    FatalError,
    ModelError,
    RateLimitedError,
    RefusedError,
    TransientError,
)
from dialogue_sim.models.reasoning import split_reasoning

_OVERFLOW = re.compile(
    r"context[ _](length|size|window)|maximum model length|prompt is too long|too many tokens"
    r"|range of input length|longer than the model",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[ _](filter|policy|management)|data_inspection_failed|moderation|敏感|不安全", re.IGNORECASE
)
_NO_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing|余额不足|欠费", re.IGNORECASE)
_NOT_TAKEN = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|forbidden|invalid",
    re.IGNORECASE,
)
_ABOUT_FORM = re.compile(
    r"response_format|json_schema|json_object|json schema|guided|grammar|structured", re.IGNORECASE
)

_MOST_TOKENS = 100_000_000
_MOST_CHARACTERS = 1_000_000  # more than any model writes in one reply; only a broken server sends it

OPTIONAL = ("seed", "temperature", "top_p", "stop")


class Dialect(NamedTuple):
    """What a server was found to take; starts with everything and shrinks with its refusals."""

    form: Literal["json_schema", "json_object", "plain"] = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    without: frozenset[str] = frozenset()


def request_body(model: str, messages: list[Message], options: Options, dialect: Dialect) -> dict[str, Any]:
    """The JSON body of a request in a server's dialect."""
    body: dict[str, Any] = {"model": model, "messages": messages}
    for name in OPTIONAL:
        value = getattr(options, name)
        if value not in (None, ()) and name not in dialect.without:
            body[name] = list(value) if name == "stop" else value
    if options.max_tokens is not None:
        body[dialect.limit] = options.max_tokens
    if options.json_schema is not None:
        if dialect.form == "json_schema":
            form = {"name": "reply", "schema": options.json_schema, "strict": _closed(options.json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        else:
            body["messages"] = _with_schema(messages, options.json_schema)
            if dialect.form == "json_object":
                body["response_format"] = {"type": "json_object"}
    return {**body, **options.extra_body}


def _with_schema(messages: list[Message], schema: dict[str, Any]) -> list[Message]:
    text = f"JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"
    if messages and messages[-1]["role"] == "user":
        return [*messages[:-1], Message(role="user", content=f"{messages[-1]['content']}\n\n{text}")]
    return [*messages, Message(role="user", content=text)]


def _closed(schema: Any) -> bool:
    """Whether every object of a schema lists all its fields as required and allows no others."""
    if isinstance(schema, list):
        return all(_closed(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema.get("properties", {}))
    ):
        return False
    return all(_closed(part) for part in schema.values())


def adapt(
    dialect: Dialect, asked: Dialect, body: Mapping[str, Any], status: int, message: str, param: str
) -> Dialect | None:
    """The dialect to ask again in, after a refusal; None when the refusal was about something else.

    `asked` is the dialect of the refused request, `dialect` the present one: another request may
    have learned meanwhile.
    """
    if status not in (400, 404, 415, 422, 500, 501):
        return None
    about_limit = param == "max_tokens" or "max_completion_tokens" in message
    if about_limit and asked.limit == "max_tokens" and "max_tokens" in body and _NOT_TAKEN.search(message):
        return dialect._replace(limit="max_completion_tokens")
    if "response_format" in body and (param.startswith("response_format") or _ABOUT_FORM.search(message)):
        lower: dict[str, Literal["json_object", "plain"]] = {
            "json_schema": "json_object",
            "json_object": "plain",
        }
        return dialect._replace(form=lower[asked.form]) if dialect.form == asked.form else dialect
    for name in OPTIONAL:
        named = param == name or re.search(rf"\b{name}\b", message)
        if name in body and named and _NOT_TAKEN.search(message) and status in (400, 422):
            return dialect._replace(without=dialect.without | {name})
    return None


def read_reply(body: Any, latency_s: float) -> Reply:
    """The reply in a response body.

    Raises:
        TransientError: not a completion, no choice in it, or neither text nor reasoning.
        RefusedError: withheld by the provider's content filter.
    """
    if not isinstance(body, dict):
        start = " ".join(str(body).split())[:80]
        raise TransientError(
            f"the server sent no JSON: {start!r}", mend="check base_url; it usually ends in /v1"
        )
    if isinstance(body.get("error"), dict | str) and not body.get("choices"):
        raise failure_of(
            500, body["error"] if isinstance(body["error"], dict) else {"message": body["error"]}, {}
        )
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise TransientError("the server's reply has no choices")
    message = choices[0].get("message")
    message = message if isinstance(message, dict) else {}
    finish = choices[0].get("finish_reason")
    if finish == "content_filter":
        raise RefusedError("the provider's content filter withheld the reply")
    text, reasoning = _content(message)
    if text is None:
        if not reasoning and finish != "length":
            raise TransientError("the server's reply has neither text nor reasoning")
        text = ""
    if len(text) + len(reasoning) > _MOST_CHARACTERS:
        raise TransientError(f"the server's reply is longer than {_MOST_CHARACTERS:,} characters")
    split = split_reasoning(text)
    return Reply(
        text=split.text,
        reasoning="\n\n".join(part for part in (reasoning.strip(), split.reasoning) if part),
        finish="length" if finish == "length" else "stop",
        usage=read_usage(body.get("usage")),
        latency_s=latency_s,
        model=str(body.get("model") or ""),
    )


def _content(message: Mapping[str, Any]) -> tuple[str | None, str]:
    reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
    content = message.get("content")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        content = "".join(str(part["text"]) for part in parts if isinstance(part.get("text"), str))
    if content is None:
        content = message.get("refusal")
    return (str(content) if content is not None else None), str(reasoning) if isinstance(
        reasoning, str
    ) else ""


def read_usage(usage: Any) -> Usage:
    """Token counts, wherever the server puts them; what it does not tell is 0."""
    if not isinstance(usage, dict):
        return Usage()
    prompt_details = usage.get("prompt_tokens_details")
    completion_details = usage.get("completion_tokens_details")
    return Usage(
        prompt=_count(usage, "prompt_tokens"),
        completion=_count(usage, "completion_tokens"),
        cached=_count(prompt_details, "cached_tokens") or _count(usage, "prompt_cache_hit_tokens"),
        reasoning=_count(completion_details, "reasoning_tokens"),
    )


def _count(usage: Any, name: str) -> int:
    """A number of tokens that one reply can have cost; anything else a server writes there is none."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and 0 <= value <= _MOST_TOKENS else 0


def failure_of(status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> ModelError:
    """The failure that an HTTP status and an `error` object mean."""
    told = "".join(char if char.isprintable() else " " for char in str(error.get("message") or "")[:5000])
    message = " ".join(told.split())[:500] or f"HTTP {status}"
    clue = f"{error.get('code')} {error.get('type')} {message}"
    if status == 429:
        if _NO_QUOTA.search(clue):
            return FatalError(message, mend="the account has no credit left for this model")
        return RateLimitedError(message, retry_after=retry_after(headers))
    if "exceed_context_size" in clue or (status in (400, 413, 422, 500) and _OVERFLOW.search(clue)):
        return ContextOverflowError(
            message, mend="serve the model with a longer context, or lower max_tokens or --turns"
        )
    if status in (400, 403, 422) and _FILTERED.search(clue):
        return RefusedError(message)
    if status in (401, 403):
        return FatalError(f"HTTP {status}: {message}", mend="check the key in the environment and its rights")
    if status == 404:
        return FatalError(
            f"HTTP 404: {message}", mend="check the model's name and base_url (it usually ends in /v1)"
        )
    if status in (408, 409, 425) or status >= 500:
        return TransientError(f"HTTP {status}: {message}")
    return FatalError(f"HTTP {status}: {message}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` (seconds or a date) or `retry-after-ms` asks for; None if absent."""
    value = headers.get("retry-after-ms", "")
    if value.replace(".", "", 1).isdigit():
        return float(value) / 1000
    value = headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
