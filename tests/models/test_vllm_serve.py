"""What can be tested of the vLLM routes without vLLM: flags, messages, and the leash on its processes."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import Message, ModelSettings, Options, open_model
from dialogue_sim.models.vllm_serve import flags

SERVER = """
    import os, subprocess, sys, time
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open(sys.argv[1], "w").write(f"{os.getpid()} {worker.pid}")
    time.sleep(60)
"""


def test_engine_arguments_become_flags() -> None:
    engine = {"enforce_eager": True, "enable_chunked_prefill": False, "max_model_len": 2048, "dtype": None}
    more = {"allowed_origins": ["a", "b"], "structured_outputs_config": {"backend": "xgrammar"}}
    assert flags({**engine, **more}) == [
        "--enforce-eager",
        "--no-enable-chunked-prefill",
        "--max-model-len",
        "2048",
        "--allowed-origins",
        "a",
        "b",
        "--structured-outputs-config",
        '{"backend": "xgrammar"}',
    ]


def test_parallelism_and_the_reasoning_parser_pass_through() -> None:
    engine = {"tensor_parallel_size": 4, "data_parallel_size": 2, "reasoning_parser": "qwen3"}
    assert (
        " ".join(flags(engine)) == "--tensor-parallel-size 4 --data-parallel-size 2 --reasoning-parser qwen3"
    )


@pytest.mark.parametrize("spec", ["vllm:m", "vllm-serve:m"])
def test_without_vllm_it_says_what_to_install(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(Path, "is_file", lambda self: False)
    with pytest.raises(ConfigError, match=r"dialogue-sim\[vllm\]"):
        open_model(spec)


def test_an_address_for_a_server_of_our_own_is_refused() -> None:
    with pytest.raises(ConfigError, match="write `openai:m`"):
        open_model("vllm-serve:m", ModelSettings(base_url="http://127.0.0.1:8000/v1"))


async def test_a_server_that_dies_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "vllm"
    script.write_text('#!/bin/sh\necho "asked: $@"\necho "no GPU with 80 GB was found" >&2\nexit 3\n')
    script.chmod(0o755)
    monkeypatch.setattr("dialogue_sim.models.vllm_serve.command", lambda: [str(script), "serve"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    model = open_model("vllm-serve:big", ModelSettings(engine={"max_model_len": 9}))
    with pytest.raises(ConfigError, match="no GPU with 80 GB was found") as caught:
        await model.chat([Message(role="user", content="x")], Options())
    assert "asked: serve big --served-model-name big --host 127.0.0.1" in str(caught.value)
    assert "--max-model-len 9" in str(caught.value)
    await model.close()


@pytest.mark.parametrize("way", ["pipe closed", "owner killed"])
def test_a_server_ends_with_its_owner_and_so_do_its_workers(tmp_path: Path, way: str) -> None:
    told = tmp_path / "pids"
    leash = [
        sys.executable,
        "-m",
        "dialogue_sim.models.leash",
        sys.executable,
        "-c",
        textwrap.dedent(SERVER),
        str(told),
    ]
    if way == "pipe closed":
        owner = subprocess.Popen(leash, stdin=subprocess.PIPE)
    else:
        code = f"import subprocess, time; subprocess.Popen({leash!r}, stdin=subprocess.PIPE); time.sleep(60)"
        owner = subprocess.Popen([sys.executable, "-c", code])
    pids = [int(word) for word in wait_for(told).split()]
    assert all(alive(pid) for pid in pids)
    if owner.stdin:
        owner.stdin.close()
    else:
        owner.kill()
    owner.wait(20)
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.is_file() and path.read_text().count(" "):
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        # One that has ended and waits to be collected is not alive.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
