"""Splitting a model's thinking off its answer, so that nobody but the journal sees it."""

from __future__ import annotations

import re
from typing import NamedTuple

_BLOCK = re.compile(r"<(think|thinking|reasoning)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_OPEN = re.compile(r"<(?:think|thinking|reasoning)>(.*)\Z", re.DOTALL | re.IGNORECASE)
_CLOSE = re.compile(r"\A(.*?)</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)


class Split(NamedTuple):
    """A raw reply in two parts, both stripped of outer blanks."""

    text: str
    reasoning: str


def split_reasoning(raw: str) -> Split:
    """Split `<think>…</think>` off a reply.

    Templates that open the block in the prompt leave only its end in the reply, and a token limit
    leaves only its beginning: all before a lone end, or after a lone beginning, is reasoning.
    """
    if "<" not in raw:
        return Split(raw.strip(), "")
    thoughts = [match[1] for match in _BLOCK.findall(raw)]
    text = _BLOCK.sub("", raw)
    if lone_end := _CLOSE.search(text):
        thoughts.insert(0, lone_end[1])
        text = text[lone_end.end() :]
    if lone_start := _OPEN.search(text):
        thoughts.append(lone_start[1])
        text = text[: lone_start.start()]
    return Split(text.strip(), "\n\n".join(thought.strip() for thought in thoughts if thought.strip()))
