"""A key reaches no file, log, traceback, report or process list, whatever the server says and however the run fails."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from dialogue_sim.models.texts import unpack
from tests.servers.fake_openai import _digest
from tests.servers.hostile import HostileOpenAI

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-live-4f7a1c9d2e8b6035"


class Telling(HostileOpenAI):
    """A server that repeats what it was sent, the key included, in a share of its replies."""

    def __init__(self, share: float, status: int) -> None:
        super().__init__({})
        self.share, self.status = share, status
        self.told = 0

    async def _faulty(self, request, body, word):
        draw = random.Random(f"{_digest(body)}/{self._seen[_digest(body)]}").random()
        if draw < self.share:
            self.told += 1
            sent = request.headers["Authorization"]
            return web.json_response(
                {"error": {"message": f"cannot serve {sent} at {request.url}", "param": sent, "code": sent}},
                status=self.status,
                headers={"X-Echo": sent},
            )
        return await super()._faulty(request, body, word)


async def run_it(folder: Path, *words: str) -> tuple[int, str, str]:
    """The command in a process of its own, with the key in its environment and every log on: exit code, words, output."""
    environment = {
        **os.environ,
        "OPENAI_API_KEY": KEY,
        "OPENAI_LOG": "debug",
        "PYTHONPATH": str(ROOT),
        "PYTHONDEVMODE": "1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from dialogue_sim.cli import main; main()", *words, cwd=folder, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    listed = ""
    said = asyncio.create_task(process.communicate())
    while not said.done():
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                listed += entry.read_bytes().decode(errors="replace")
            except OSError:
                continue
        await asyncio.sleep(0.3)
    output, _ = await said
    return process.returncode or 0, listed, output.decode(errors="replace")


def written(folder: Path) -> str:
    """Everything under a folder as text, what the journal holds compressed included."""
    parts = [
        str(path) + path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file()
    ]
    for path in folder.rglob("*.sqlite*"):
        if path.suffix.startswith(".sqlite") and not path.name.endswith(("-wal", "-shm")):
            with closing(sqlite3.connect(path)) as connection:
                rows = connection.execute("SELECT id, base, body FROM texts").fetchall()
            plain = {number: unpack(body) for number, base, body in rows if base is None}
            parts += plain.values()
            parts += [unpack(body, plain[base].encode()) for _, base, body in rows if base is not None]
    return "\n".join(parts)


@pytest.mark.parametrize(("share", "status"), [(0.15, 500), (0.15, 400), (1.0, 401)])
async def test_a_key_is_never_written_shown_or_listed(tmp_path, share, status):
    async with Telling(share, status) as server:
        config = tmp_path / "run.yaml"
        config.write_text(
            f"schema: dialogue-sim/run/1\ndoctor: {{model: 'openai:m', base_url: '{server.url}', attempts: 2}}\n"
            f"judges: [{{model: 'openai:m', base_url: '{server.url}', attempts: 2}}]\nallow_same_family: true\nlimit: 2\nturns: 4\n"
        )
        code, listed, output = await run_it(tmp_path, "run", str(config), "--out", str(tmp_path / "r"))
        assert server.told > 0
    assert code in ((2, 3) if share == 1 else (0, 3)), output[-2000:]
    assert "Traceback" not in output
    assert "dialogue_sim.cli" in listed
    for place in (output, listed, written(tmp_path)):
        assert KEY not in place
    if share < 1:
        assert (tmp_path / "r" / "report.html").is_file()
        assert "cannot serve" in output or "cannot serve" in written(tmp_path)


async def test_a_password_in_an_address_is_refused_and_written_nowhere(tmp_path):
    words = ["run", "--doctor", "openai:m", "--limit", "1", "--out", str(tmp_path / "r")]
    config = tmp_path / "c" / "run.yaml"
    config.parent.mkdir()
    config.write_text(
        "schema: dialogue-sim/run/1\ndoctor: {model: 'openai:m', base_url: 'http://me:hunter2x@127.0.0.1:9/v1'}\n"
    )
    code, _, output = await run_it(tmp_path, "run", str(config), *words[1:])
    assert code == 2
    assert "holds a password" in output
    assert "Traceback" not in output
    assert "hunter2x" not in output
    if (tmp_path / "r").exists():
        assert "hunter2x" not in written(tmp_path / "r")
