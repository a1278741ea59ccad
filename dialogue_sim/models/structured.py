"""Asking for one JSON object of a given form, and not taking anything else for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from dialogue_sim.models.base import ChatModel, Message, Options, Reply
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.models.reasoning import split_reasoning

Form = TypeVar("Form", bound=BaseModel)

_MOST_TRIES = 200  # braces tried before a reply is taken for prose; each try costs time in its length


@dataclass(frozen=True)
class Narrowed(Generic[Form]):
    """A form of which this call takes only some values.

    A model class of its own for each call would say the same, at a hundred times the cost of the call.

    Attributes:
        form: what the reply is read as.
        schema: what the model is told.
        check: raises ValueError where the values are not those that were asked for.
    """

    form: type[Form]
    schema: dict[str, Any]
    check: Callable[[Form], None]


@cache
def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a form; shared, so not to be changed."""
    return form.model_json_schema()


def schema_of_rows(form: type[BaseModel], ids: Sequence[str], field: str) -> dict[str, Any]:
    """The schema of a form that is a list of rows: one for each of these ids, which stand in that field of a row."""
    whole = schema_of(form)
    ((name, listed),) = whole["properties"].items()
    row = listed["items"]["$ref"].rpartition("/")[2]
    properties = {**whole["$defs"][row]["properties"], field: {"type": "string", "enum": list(ids)}}
    return {
        "$defs": {
            **whole["$defs"],
            row: {"type": "object", "properties": properties, "required": list(properties)},
        },
        "type": "object",
        "properties": {name: {**listed, "minItems": len(ids), "maxItems": len(ids)}},
        "required": [name],
    }


async def ask_json(
    model: ChatModel,
    messages: list[Message],
    form: type[Form] | Narrowed[Form],
    options: Options,
    *,
    repairs: int = 1,
    otherwise: Callable[[str], Form | None] = lambda text: None,
) -> tuple[Form, list[Reply]]:
    """Ask for a JSON object of `form`; returns it and every reply that it took.

    `otherwise` reads a reply that is no such object but says the same in another agreed form.

    A reply that is not of the form is shown to the model together with what is wrong with it (in
    no natural language: field paths, pydantic's messages and the schema), `repairs` times. Nothing is
    guessed or completed: an object that is cut off or lacks a field is malformed.

    Raises:
        MalformedError: no reply was of the form. The replies are withdrawn from the journal, so that
            the next run asks anew instead of replaying them.
        ModelError: the call itself failed.
    """
    wanted = form if isinstance(form, Narrowed) else Narrowed(form, schema_of(form), lambda filled: None)
    schema = wanted.schema
    asked = options.model_copy(update={"json_schema": schema})
    conversation = list(messages)
    replies: list[Reply] = []
    problem = ""
    for _ in range(repairs + 1):
        reply = await model.chat(conversation, asked)
        replies.append(reply)
        try:
            filled = wanted.form.model_validate_json(json.dumps(find_object(reply.text)))
            wanted.check(filled)
            return filled, replies
        except ValidationError as failure:
            problem = _findings(failure)
        except ValueError as failure:
            problem = str(failure) + (" (finish_reason: length)" if reply.finish == "length" else "")
        if said := otherwise(reply.text):
            return said, replies
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
        f"{model.spec} gave no {wanted.form.__name__} object in {len(replies)} replies: {problem}",
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
        if len(found) > 1:
            raise ValueError("several JSON objects instead of one")
    if not found:
        raise ValueError("no JSON object")
    return found[0]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(strict=False)
    end, used = 0, len(text.rstrip())
    for _ in range(_MOST_TRIES):
        at = text.find("{", end)
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as problem:
            if problem.pos >= used or problem.msg.startswith("Unterminated"):
                return  # cut off: an inner object of it must not pass for the whole
            end = at + 1
        except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
            return
        else:
            yield value


def _findings(failure: ValidationError) -> str:
    lines = []
    for detail in failure.errors(include_url=False, include_context=False, include_input=False)[:8]:
        place = ".".join(str(part) for part in detail["loc"]) or "$"
        lines.append(f"{place}: {detail['msg']}")
    return "\n".join(lines)
