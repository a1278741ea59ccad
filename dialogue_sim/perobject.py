"""Results worked out once for an object that does not change, for as long as the object lives.

`functools.lru_cache` compares its keys by their content, which for a case with a thousand questions takes
as long as the work that it is to save.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def once_per_object(work: Callable[[T], R]) -> Callable[[T], R]:
    """A function of one frozen object that remembers what it returned for just this one."""
    known: dict[int, R] = {}

    @wraps(work)
    def remembering(thing: T) -> R:
        key = id(thing)
        if key not in known:
            known[key] = work(thing)
            # Another object may be given the number when this one is gone.
            weakref.finalize(thing, known.pop, key).atexit = False
        return known[key]

    return remembering
