"""One process to a run directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from dialogue_sim.errors import ConfigError

FILE = "run.lock"


class RunLock:
    """The lock on a run directory. The kernel lets it go when its owner ends, however it ends.

    Raises:
        ConfigError: another process holds it, or the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            raise ConfigError(
                f"cannot be used as a run directory: {problem.strerror}",
                where=str(folder),
                mend="choose another --out",
            ) from problem
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise ConfigError(
                f"another process ({owner or 'unknown'}) is running here",
                where=str(folder),
                mend="wait for it, or choose another --out",
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the lock go. May be called more than once."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def held(folder: Path) -> bool:
    """Whether a process is running in a folder now. Looks only: the lock is not touched."""
    path = folder / FILE
    try:
        owner, inode = path.read_text().strip(), path.stat().st_ino
    except OSError:
        return False
    try:
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return _lives(owner)
    return any(" FLOCK " in line and f":{inode} " in line for line in locks)


def _lives(process: str) -> bool:
    # Where the kernel does not list its locks, the owner's number must do.
    try:
        os.kill(int(process), 0)
    except (OSError, ValueError):
        return False
    return True
