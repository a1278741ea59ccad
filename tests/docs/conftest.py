"""Where the pages run: a folder of their own, our interpreter, a model server on the loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.forking import CLIENT
from tests.docs.loopback import server
from tests.docs.pages import ROOT

COPIED = ("cases", "examples", "judges", "prompts")
SERVERS = (
    "http://127.0.0.1:8000/v1",
    "http://127.0.0.1:8001/v1",
    "https://api.deepseek.com/v1",
    "https://api.deepseek.com",
)


@pytest.fixture(scope="session")
def model_server() -> Iterator[str]:
    """The address of an OpenAI-compatible server in a thread of this process."""
    loop, ready, urls = asyncio.new_event_loop(), threading.Event(), []

    async def serve() -> None:
        async with server() as one:
            one.keep_bodies = False
            urls.append(one.url)
            ready.set()
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield urls[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for PATH with `dialogue-sim` and `python`."""
    folder = tmp_path_factory.mktemp("bin")
    # Not in the tests' own folder: the address of a socket may have a hundred characters at most.
    address = Path(tempfile.mkdtemp()) / "door"
    (folder / "dialogue-sim").write_text(
        CLIENT.format(python=sys.executable, address=str(address)), encoding="utf-8"
    )
    for name in ("python", "python3"):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o755)
    command = [sys.executable, "-m", "tests.docs.forking", str(address)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as loaded:
        assert loaded.stdout is not None
        assert loaded.stdout.readline() == "ready\n"
        yield folder
        loaded.terminate()
    shutil.rmtree(address.parent)


def workplace(folder: Path) -> Path:
    """A folder as a clone of the repository looks to a page's commands; what they write stays here."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    return folder


def environment(tools: Path, url: str) -> dict[str, str]:
    """No key of ours, no address outside this machine."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OPENAI", "DEEPSEEK", "DIALOGUE_SIM"))
    }
    return {
        **kept,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "OPENAI_BASE_URL": url,
        "OPENAI_API_KEY": "loopback",
        "DEEPSEEK_API_KEY": "loopback",
        "DIALOGUE_SIM_LANG": "en",
        "COLUMNS": "120",
    }
