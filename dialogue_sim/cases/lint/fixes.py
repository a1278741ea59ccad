"""What `case lint --fix` mends by itself: layout and punctuation, and a missing canary. Never a clinical word."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

_FULL = {",": "，", ";": "；", "?": "？", "!": "！"}
_HALF_WIDTH = re.compile(r"(?<=[\u3400-\u9fff])([,;?!])(?=[\u3400-\u9fff])")


def full_width(text: str) -> str:
    """Chinese text with full-width punctuation between its characters."""
    return _HALF_WIDTH.sub(lambda mark: _FULL[mark[1]], text)


def fix_text(text: str, case_id: str, language: str) -> str:
    """The text of a case file with everything mechanical mended."""
    mended = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\t", "  ")
    mended = "\n".join(line.rstrip() for line in mended.split("\n")).rstrip("\n") + "\n"
    if language == "zh":
        mended = full_width(mended)
    if not re.search(r"^canary: *\S", mended, re.MULTILINE):
        canary = f"canary: dialogue-sim-canary-{case_id}-{secrets.token_hex(4)}"
        if re.search(r"^canary:", mended, re.MULTILINE):
            mended = re.sub(r"^canary:.*$", canary, mended, count=1, flags=re.MULTILINE)
        else:
            mended = re.sub(r"^(provenance:)", f"{canary}\n\\1", mended, count=1, flags=re.MULTILINE)
    return mended


def fix_file(path: Path, case_id: str, language: str) -> bool:
    """Mend a file in place; True when something changed."""
    before = path.read_bytes().decode("utf-8")
    after = fix_text(before, case_id, language)
    if after == before:
        return False
    path.write_text(after, encoding="utf-8", newline="\n")
    return True


def layout(text: str, language: str) -> list[tuple[int, str]]:
    """Lines that `fix_text` would change, with what is wrong."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            found.append((number, "has blanks at its end"))
        if "\t" in line:
            found.append((number, "holds a tab"))
        if language == "zh" and _HALF_WIDTH.search(line):
            found.append((number, "has half-width punctuation between Chinese characters"))
    return found
