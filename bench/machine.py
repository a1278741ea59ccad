"""Where a benchmark ran, and how its table is printed."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def described(*packages: str) -> str:
    """One line: date-free, so that equal machines print equal lines; with the load that others made."""
    names = [line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")]
    parts = [
        f"{len(os.sched_getaffinity(0))} cores", names[0] if names else platform.machine(),
        f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages),
        f"load before the start {os.getloadavg()[0]:.1f}",
    ]  # fmt: skip
    return "; ".join(parts)


def _cpu_lines() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.is_file() else []


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
