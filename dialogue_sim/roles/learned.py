"""Where what was learned or worked out once is kept: a folder of the user's cache, by a hash of all it depends on."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

_KEPT = 400  # files, of half a megabyte mostly

Learned = Mapping[str, NDArray[Any]]


def cache_folder() -> Path:
    """Where it is kept; may be deleted at any time."""
    import platformdirs

    return platformdirs.user_cache_path("dialogue-sim") / "learned"


def kept(identity: str, learn: Callable[[], Learned]) -> Learned:
    """What `learn` returns, out of the cache where it was learned before; a cache that cannot be used is no error."""
    file = cache_folder() / f"{identity}.npz"
    with suppress(OSError, ValueError, KeyError, BadZipFile), np.load(file) as found:
        return {name: found[name] for name in found.files}
    learned = learn()
    with suppress(OSError):
        _keep(file, learned)
    return learned


def identity(*parts: bytes) -> str:
    """A hash of all that something learned depends on (32 hex digits)."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


@cache
def sources(*names: str) -> bytes:
    """The code and data files of this folder that something learned depends on."""
    here = Path(__file__).parent
    return b"".join((here / name).read_bytes() for name in names)


def _keep(file: Path, learned: Learned) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            np.savez(part, allow_pickle=False, **learned)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    for old in sorted(file.parent.glob("*.npz"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
