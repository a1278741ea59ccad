"""What do the pages cost to make, and how large are they? 300 cases × 3 seeds; one run, then ten compared.

The runs are made up: consultations as long as a talkative model's, every verdict with a quote and a
reason. Beside each time stands that of reading the same files as plain JSON and writing them again,
measured in the same process.

    python bench/report.py [--cases 300] [--seeds 3] [--runs 10]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from machine import described, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "reports"))

from made_runs import chatter, make_run, steady

from dialogue_sim.reports.board_html import board_html
from dialogue_sim.reports.board_pages import board_page
from dialogue_sim.reports.boards import board
from dialogue_sim.reports.entries import read_entries
from dialogue_sim.reports.files import write_reports
from dialogue_sim.reports.page_files import write_report


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one go."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def copied_as_json(folder: Path, out: Path) -> None:
    """Read what a report reads, and write it again."""
    content = [json.loads((folder / "scores.json").read_text("utf-8"))]
    for name in ("transcripts.jsonl", "verdicts.jsonl"):
        lines = (folder / name).read_text("utf-8").split("\n")
        content.append([json.loads(line) for line in lines if line])
    (out / "copy.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def compared(folders: Sequence[Path], page: Path) -> None:
    """What `leaderboard --write PAGE` does."""
    entries = read_entries([str(folder) for folder in folders])
    found = board(entries, [], [])
    write_report(
        page, found, lambda language: board_page(found, language), "en",
        lambda pages, folder: board_html(found, entries, pages, folder),
    )  # fmt: skip


def size(page: Path) -> list[str]:
    """Of the page, and of the files beside it, in MB."""
    beside = [file.stat().st_size for file in page.with_suffix(".files").glob("*.js")]
    return [
        f"{page.stat().st_size / 1e6:.1f}",
        f"{sum(beside) / 1e6:.1f} in {len(beside)}" if beside else "–",
    ]


def peak() -> str:
    """Most memory so far, in MB."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("cases", 300), ("seeds", 3), ("runs", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    print(described("matplotlib", "pydantic"))
    rows = []
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        folders = [
            make_run(
                root / f"m{k}", f"openai:m{k}", steady(0.45 + 0.03 * k), cases=wanted.cases, seeds=wanted.seeds, talk=chatter
            )
            for k in range(wanted.runs)
        ]  # fmt: skip
        plain = [seconds(lambda folder=folder: copied_as_json(folder, root)) for folder in folders]
        one = seconds(lambda: write_reports(folders[0]))
        rows.append(
            ["report.html", f"{one:.1f}", f"{one / plain[0]:.1f}", *size(folders[0] / "report.html"), peak()]
        )
        page = root / "board.html"
        many = seconds(lambda: compared(folders, page))
        rows.append(
            [f"{wanted.runs} runs compared", f"{many:.1f}", f"{many / sum(plain):.1f}", *size(page), peak()]
        )
    print(table(["page", "s", "× plain JSON", "page, MB", "beside, MB in files", "peak memory, MB"], rows))


if __name__ == "__main__":
    main()
