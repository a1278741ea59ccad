"""Splitting a model's thinking off its answer, so that nobody but the journal sees it."""

from __future__ import annotations

import re
from typing import NamedTuple

_TAG = re.compile(r"<(/?)(?:think|thinking|reasoning)>", re.IGNORECASE)


class Split(NamedTuple):
    """A raw reply in two parts, both stripped of outer blanks."""

    text: str
    reasoning: str


def split_reasoning(raw: str) -> Split:
    """Split `<think>…</think>` off a reply, in time linear in its length.

    Templates that open the block in the prompt leave only its end in the reply, and a token limit
    leaves only its beginning: all before the first lone end, or after a lone beginning, is reasoning.
    """
    kept: list[str] = []
    thoughts: list[str] = []
    at, thinking, lone_end_met = 0, False, False
    for tag in _TAG.finditer(raw):
        opens = not tag[1]
        if thinking and not opens:
            thoughts.append(raw[at : tag.start()])
        elif not thinking and opens:
            kept.append(raw[at : tag.start()])
        elif not thinking and not lone_end_met:
            thoughts.insert(0, "".join(kept) + raw[at : tag.start()])
            kept, lone_end_met = [], True
        else:
            continue
        at, thinking = tag.end(), opens
    (thoughts if thinking else kept).append(raw[at:])
    return Split(
        "".join(kept).strip(), "\n\n".join(thought.strip() for thought in thoughts if thought.strip())
    )
