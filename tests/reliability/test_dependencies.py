"""What is pinned is listed, with a licence."""

from __future__ import annotations

import re
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]


def test_the_table_of_dependencies_equals_the_pins():
    table = (HOME / "docs" / "dependencies.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([\w.-]+) \| ([\d][^ |]*) \| ([^|]+) \|", table, re.M)
    rows = {name: (version, licence) for name, version, licence in found}
    pins = re.findall(r"^([\w.-]+)==(\S+)", (HOME / "constraints.txt").read_text(encoding="utf-8"), re.M)
    assert {name: version for name, (version, _) in rows.items()} == dict(pins), (
        "run python bench/dependencies.py"
    )
    assert all(licence.strip() for _, licence in rows.values())


def test_nothing_copyleft_is_needed_to_run():
    table = (HOME / "docs" / "dependencies.md").read_text(encoding="utf-8")
    needed = re.findall(r"^\| ([\w.-]+) \| [^|]+ \| ([^|]+) \| run \|$", table, re.M)
    assert len(needed) > 20
    assert [row for row in needed if re.search(r"\bA?GPL", row[1])] == []
