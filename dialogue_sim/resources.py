"""Where the bundled cases, prompts and rubrics lie.

They have one source, the folders `cases/`, `prompts/` and `judges/` at the top of the repository.
A wheel carries them in `dialogue_sim/bundled/`; a checkout is read in place.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Folder of bundled data: `cases`, `prompts` or `judges`.

    Raises:
        FileNotFoundError: the installation carries no such folder.
    """
    for root in (_PACKAGE / "bundled", _PACKAGE.parent):
        folder = root / name
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"this installation of dialogue_sim carries no {name!r} folder; reinstall it")
