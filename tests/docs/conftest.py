"""Where the pages run: a folder of their own, our interpreter, a model server on the loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.loopback import server
from tests.docs.pages import ROOT

COPIED = ("cases", "examples", "judges", "prompts")
SERVERS = (
    "http://127.0.0.1:8000/v1",
    "http://127.0.0.1:8001/v1",
    "https://api.deepseek.com/v1",
    "https://api.deepseek.com",
)

_SHIM = """#!{python} -I
# Runs the real command. A whole run over all cases would take minutes, so that two cases stand for all
# of them where the page names none, and pages that say --limit keep it.
import sys
words = sys.argv[1:]
if words[:1] in (["run"], ["simulate"]) and not {{"--cases", "--limit", "--help"}} & set(words):
    words += ["--cases", "en-heart-skips-student", "--cases", "zh-chest-tightness-driver"]
sys.argv = ["dialogue-sim", *words]
from dialogue_sim.cli import main
main()
"""


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
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH with `dialogue-sim` and `python`."""
    folder = tmp_path_factory.mktemp("bin")
    shim = folder / "dialogue-sim"
    shim.write_text(_SHIM.format(python=sys.executable), encoding="utf-8")
    for name in ("python", "python3"):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o755)
    return folder


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
