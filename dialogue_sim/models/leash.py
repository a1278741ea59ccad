"""A process that ends with its owner: `python -m dialogue_sim.models.leash COMMAND…`.

A server of our own must not stay behind when the run is killed: it would hold the GPU. So it is
started by this small process, which waits for the end of its standard input, a pipe from the owner.
The kernel closes that pipe when the owner ends, however it ends; then the server and all its workers
are ended, gently first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

GENTLE_S = 20.0


def main(command: list[str]) -> int:
    """Run a command until it ends or standard input does; returns its exit status."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def watch() -> None:
        # Unbuffered: a daemon thread that holds the lock of sys.stdin cannot be left behind at exit.
        while os.read(0, 4096):
            pass
        end(server)

    threading.Thread(target=watch, daemon=True).start()
    status = server.wait()
    _signal(server, signal.SIGKILL)  # workers that outlived it
    return status


def end(server: subprocess.Popen[bytes]) -> None:
    """End a server and its workers: asked first, then killed."""
    _signal(server, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(GENTLE_S)
    _signal(server, signal.SIGKILL)


def _signal(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, number)


if __name__ == "__main__":
    # What ends the owner ends us by way of the pipe, after the server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main(sys.argv[1:]))
