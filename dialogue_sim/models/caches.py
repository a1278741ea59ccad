"""How many tokens the key-value cache of an engine holds, where the engine tells.

An engine that is given more dialogues than its cache holds throws away prefixes that it needs a moment
later, and computes them again at every turn.
"""

from __future__ import annotations

import re
from typing import Protocol, runtime_checkable

from dialogue_sim.models.base import ChatModel

_INFO = re.compile(r"^vllm:cache_config_info\{([^\n]*)\}", re.MULTILINE)
_LABEL = re.compile(r'(block_size|num_gpu_blocks)="(\d+)"')


@runtime_checkable
class Caching(Protocol):
    """A model whose engine tells the size of its cache."""

    async def cache_tokens(self) -> int | None:
        """Tokens that the cache holds; None where it is not told. Call it when the engine is up."""
        ...


async def cache_tokens(model: ChatModel) -> int | None:
    """Tokens that the cache behind a model holds; None where that is not known."""
    return await model.cache_tokens() if isinstance(model, Caching) else None


def from_metrics(text: str) -> int | None:
    """The size of vLLM's cache in tokens, from what its `/metrics` says; summed over data-parallel engines."""
    sizes = []
    for labels in _INFO.findall(text):
        told = dict(_LABEL.findall(labels))
        if len(told) == 2:
            sizes.append(int(told["block_size"]) * int(told["num_gpu_blocks"]))
    return sum(sizes) or None
