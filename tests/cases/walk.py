"""Drives `case new` in a pseudo-terminal with what a writer would type, and keeps the log.

`python -m tests.cases.walk` prints the page docs/case-new-walk.md; a test checks that the page still is what
the program does.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

HERE = Path(__file__).parent / "walks"
NAMES = {"en": "cough-plumber", "zh": "back-pain-driver"}
RESUME = "RESUME"
_CANARY = re.compile(r"(dialogue-sim-canary-[a-z-]+-)[0-9a-f]{8}")


def typed(language: str) -> list[list[str]]:
    """What is typed, sitting by sitting."""
    sittings: list[list[str]] = [[]]
    for line in (HERE / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line == RESUME:
            sittings.append([])
        else:
            sittings[-1].append(line)
    return sittings


def sit(language: str, lines: list[str], folder: Path) -> tuple[int, str]:
    """One sitting at a terminal: each line is typed when the program waits for it. Returns exit code and screen."""
    start = "from dialogue_sim.cli import main; main()"
    command = [sys.executable, "-c", start, "case", "new", NAMES[language], "--lang", language]
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 240, 0, 0))
    environment = {**os.environ, "TERM": "dumb", "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, cwd=folder, env=environment)
    os.close(side)
    screen, waiting = b"", list(lines)
    while True:
        ready, _, _ = select.select([main], [], [], 20)
        if not ready:
            process.kill()
            raise TimeoutError(screen.decode(errors="replace")[-500:])
        try:
            chunk = os.read(main, 65536)
        except OSError:  # the other side is closed: the program has ended
            break
        if not chunk:
            break
        screen += chunk
        if screen.endswith(b"> ") and waiting:
            os.write(main, (waiting.pop(0) + "\n").encode())
        elif screen.endswith(b"> "):
            os.write(main, b"\x04")  # nothing more to type: Ctrl-D
    os.close(main)
    return process.wait(), screen.decode("utf-8").replace("\r\n", "\n")


def log(language: str, folder: Path) -> str:
    """The screens of all sittings, one after the other, with the command that began each."""
    screens = []
    for lines in typed(language):
        code, screen = sit(language, lines, folder)
        screens.append(
            f"$ dialogue-sim case new {NAMES[language]} --lang {language}\n{screen.rstrip()}\n[exit {code}]"
        )
    return "\n\n".join(screens)


def page() -> str:
    """The page of documentation: both walks, and the files that came of them."""
    parts = [(HERE / "page.md").read_text(encoding="utf-8").rstrip()]
    for language, heading in (("en", "## In English"), ("zh", "## 中文")):
        with tempfile.TemporaryDirectory() as folder:
            screens = log(language, Path(folder))
            case = (Path(folder) / f"{language}-{NAMES[language]}.yaml").read_text(encoding="utf-8")
        case = _CANARY.sub(r"\g<1>00000000", case)
        parts.append(f"{heading}\n\n```text\n{screens}\n```\n\n```yaml\n{case.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
