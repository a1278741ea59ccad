"""How long until the command answers, and what does importing cost?

Each figure is the fastest of five fresh processes; CPU beside the wall tells a slow machine from a busy one.

    python bench/startup.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from machine import described, table

WORDS = {
    "python -c pass": ["-c", "pass"],
    "import dialogue_sim": ["-c", "import dialogue_sim"],
    "dialogue-sim --help": ["-c", "from dialogue_sim.cli import main; main()", "--help"],
    "dialogue-sim run --help": ["-c", "from dialogue_sim.cli import main; main()", "run", "--help"],
    "load_cases() (all bundled)": ["-c", "from dialogue_sim import load_cases; load_cases()"],
    "lexicons of both languages": [
        "-c",
        "from dialogue_sim.roles.patient.lexicon import lexicon; lexicon('zh'); lexicon('en')",
    ],
    "import aiohttp (at the first call)": ["-c", "import aiohttp"],
}


def fastest(words: list[str]) -> tuple[float, float]:
    """Least seconds, by the clock and of CPU, of five fresh processes."""
    walls, cpus = [], []
    for _ in range(5):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(walls), min(cpus)


def main() -> None:
    print(described("aiohttp", "pydantic"))
    rows = []
    for name, words in WORDS.items():
        wall, cpu = fastest(words)
        rows.append([name, f"{wall:.2f}", f"{cpu:.2f}"])
    print(table(["what", "s", "CPU s"], rows))


if __name__ == "__main__":
    main()
