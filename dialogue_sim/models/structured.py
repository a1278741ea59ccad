"""Asking for one JSON object of a given form, and not taking anything else for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dialogue_sim.models.base import ChatModel, Message, Options, Reply
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.models.reasoning import split_reasoning

Form = TypeVar("Form", bound=BaseModel)


async def ask_json(
    model: ChatModel, messages: list[Message], form: type[Form], options: Options, *, repairs: int = 1
) -> tuple[Form, list[Reply]]:
    """Ask for a JSON object of `form`; returns it and every reply that it took.

    A reply that is not of the form is shown to the model together with what is wrong with it (in
    no natural language: field paths, pydantic's messages and the schema), `repairs` times. Nothing is
    guessed or completed: an object that is cut off or lacks a field is malformed.

    Raises:
        MalformedError: no reply was of the form. The replies are withdrawn from the journal, so that
            the next run asks anew instead of replaying them.
        ModelError: the call itself failed.
    """
    schema = form.model_json_schema()
    asked = options.model_copy(update={"json_schema": schema})
    conversation = list(messages)
    replies: list[Reply] = []
    problem = ""
    for _ in range(repairs + 1):
        reply = await model.chat(conversation, asked)
        replies.append(reply)
        try:
            return form.model_validate_json(json.dumps(find_object(reply.text))), replies
        except ValidationError as failure:
            problem = _findings(failure)
        except ValueError as failure:
            problem = str(failure) + (" (finish_reason: length)" if reply.finish == "length" else "")
        conversation = [
            *messages,
            Message(role="assistant", content=reply.text or "{}"),
            Message(
                role="user", content=f"{problem}\n\nJSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"
            ),
        ]
    if isinstance(model, JournaledModel):
        await model.withdraw([reply.call_id for reply in replies])
    raise MalformedError(
        f"{model.spec} gave no {form.__name__} object in {len(replies)} replies: {problem}",
        reply=replies[-1].text,
    )


def find_object(text: str) -> dict[str, Any]:
    """The one JSON object in a reply, out of think-text, code fences and prose.

    Raises:
        ValueError: there is none, or there are several different ones.
    """
    found: list[dict[str, Any]] = []
    for value in _objects(split_reasoning(text).text):
        if value not in found:
            found.append(value)
    if not found:
        raise ValueError("no JSON object")
    if len(found) > 1:
        raise ValueError(f"{len(found)} JSON objects instead of one")
    return found[0]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as problem:
            if problem.pos >= len(text.rstrip()) or problem.msg.startswith("Unterminated"):
                return  # cut off: an inner object of it must not pass for the whole
            end = at + 1
        except RecursionError:
            return
        else:
            yield value
        at = text.find("{", end)


def _findings(failure: ValidationError) -> str:
    lines = []
    for detail in failure.errors(include_url=False, include_context=False, include_input=False)[:8]:
        place = ".".join(str(part) for part in detail["loc"]) or "$"
        lines.append(f"{place}: {detail['msg']}")
    return "\n".join(lines)
