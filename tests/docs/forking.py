"""`dialogue-sim` without the wait: one process imports the package once, and every command is a fork of it.

The pages hold some eighty commands, and starting Python and loading numpy for each would take most of
their time. The fork has the caller's folder, environment and streams, runs the real `main`, and hands
its exit code back.

    python -m tests.docs.forking SOCKET          serves until it is ended
    dialogue-sim WORDS…                          a script (`CLIENT`) that asks it
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys

CLIENT = """#!{python} -IS
# A whole run would take minutes: where a page names no cases, two stand for all, once and with one vote.
import json, os, socket, sys
words = sys.argv[1:]
if words[:1] in (["run"], ["simulate"]) and not {{"--cases", "--limit", "--help"}} & set(words):
    words += ["--cases", "en-heart-skips-student", "--cases", "zh-chest-tightness-driver", "--seeds", "1"]
    words += ["--votes", "1"] if words[0] == "run" else []
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    asked = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(line, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    line.sendall(asked)
    sys.exit(int(line.recv(4) or b"70"))
"""
_NEEDED = (
    "dialogue_sim.api",
    "dialogue_sim.cli.app",
    "dialogue_sim.models.openai_api",
    "dialogue_sim.reports.comparison_pages",
    "dialogue_sim.reports.files",
    "dialogue_sim.reports.live",
    "dialogue_sim.reports.terminal",
    "openai",
    "scipy.stats",
)


def serve(address: str) -> None:
    """Answer every caller with a fork."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(16)
        print("ready", flush=True)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _answer(line)
            line.close()


def _load() -> None:
    for name in _NEEDED:
        importlib.import_module(name)
    gc.freeze()


def _answer(line: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, files, _, _ = socket.recv_fds(line, 4, 3)
    size = int.from_bytes(head, "big")
    text = b""
    while len(text) < size:
        text += line.recv(size - len(text))
    words, folder, environment = json.loads(text)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["dialogue-sim", *words]
    line.sendall(str(_code()).encode())
    os._exit(0)


def _code() -> int:
    from dialogue_sim.cli import main

    try:
        main()
        code: object = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    serve(sys.argv[1])
