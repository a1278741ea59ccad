"""The documentation as a script: every fenced command and every Python block of a page, in order.

A page is one story: its blocks run in one folder and one shell, so that what an earlier block made is there
for a later one. Info strings say what is special about a block, and a reader of the source sees it:

    ```bash no-run="needs a GPU"          is not run, for this reason
    ```bash exit="1"                      is expected to end so
    ```yaml title="my-cases/x.yaml"       is a file that the page tells the reader to write

`python -m tests.docs.pages` names the blocks that are not run, with their reasons.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = {"bash", "sh", "shell", "console", "python"}
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


class Block(NamedTuple):
    """One fenced block."""

    page: str
    line: int
    language: str
    attributes: dict[str, str]
    body: str

    @property
    def runs(self) -> bool:
        """Whether it is a command or Python, and not excused."""
        return self.language in RUN and "no-run" not in self.attributes

    @property
    def does_something(self) -> bool:
        """Whether it is part of the page's story: run, or written to a file."""
        return self.runs or "title" in self.attributes


def pages() -> list[Path]:
    """Every page whose commands must work; those of `examples/` are run by the tests of the examples."""
    names = [*ROOT.glob("README*.md"), *ROOT.glob("Dialogue_eval*.md"), ROOT / "CONTRIBUTING.md"]
    return sorted([*names, *ROOT.glob("docs/**/*.md")])


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        language, _, rest = fence["info"].strip().partition(" ")
        indent = fence["indent"]
        body = "".join(line.removeprefix(indent) for line in fence["body"].splitlines(keepends=True))
        line = text.count("\n", 0, fence.start()) + 1
        found.append(
            Block(page.relative_to(ROOT).as_posix(), line, language, dict(_ATTRIBUTE.findall(rest)), body)
        )
    return found


def script(story: list[Block]) -> str:
    """A page as one bash script; it stops at the first block that does not end as it should."""
    lines = ["set -eo pipefail"]
    for number, block in enumerate(story):
        file = block.attributes.get("title", f".block-{number}.py" if block.language == "python" else "")
        lines.append(f"echo '=== {block.page}:{block.line}' >&2")
        if file:
            folder = shlex.quote(str(Path(file).parent))
            lines += [
                f"mkdir -p {folder}",
                f"cat > {shlex.quote(file)} <<'END OF BLOCK'\n{block.body}END OF BLOCK",
            ]
        if not block.runs:
            continue
        body = f"python {shlex.quote(file)}" if block.language == "python" else block.body.rstrip()
        wanted = block.attributes.get("exit", "0")
        if wanted == "0":
            lines.append(body)
        else:
            lines += ["ended=0", f"( {body}\n) || ended=$?", f"test $ended -eq {wanted}"]
    return "\n".join(lines) + "\n"


def excused() -> list[Block]:
    """The blocks that are not run."""
    return [block for page in pages() for block in blocks(page) if "no-run" in block.attributes]


if __name__ == "__main__":
    for one in excused():
        print(f"{one.page}:{one.line}: {one.attributes['no-run']}")
