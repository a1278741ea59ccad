"""Write docs/dependencies.md: every pinned package of constraints.txt, with its licence and what needs it.

Licences are read from the installed packages. What is not installed keeps the licence that the table had.

    python bench/dependencies.py
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
TABLE = HOME / "docs" / "dependencies.md"
_ROW = re.compile(r"^\| ([\w.-]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
_HEAD = """# Dependencies and their licences · 依赖与许可

Every package that `constraints.txt` pins; `pip install -c constraints.txt dialogue-sim` installs exactly
these versions. Written by `python bench/dependencies.py`; a test checks that it equals `constraints.txt`.

`constraints.txt` 锁定的全部软件包；`pip install -c constraints.txt dialogue-sim` 安装的正是这些版本。
本页由 `python bench/dependencies.py` 生成，并有测试核对它与 `constraints.txt` 一致。

`run` 运行所需 needed by every installation · an extra's name 可选组件所需 needed by that extra · `dev` 开发所需 needed for development

| package 软件包 | version 版本 | licence 许可 | needed by 用途 |
|---|---|---|---|
"""


def pinned() -> dict[str, str]:
    """The packages of constraints.txt and their versions."""
    lines = (HOME / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (
        line.partition(" ")[0].split("==") for line in lines if "==" in line and not line.startswith("#")
    )
    return dict(pairs)


def listed() -> dict[str, tuple[str, str]]:
    """The packages of the table: version and licence."""
    text = TABLE.read_text(encoding="utf-8") if TABLE.is_file() else ""
    return {name: (version, licence) for name, version, licence, _ in _ROW.findall(text) if name != "package"}


def licence(name: str) -> str:
    """A package's licence as it declares it, in few words; empty where it is not installed."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return ""
    classified = [
        row.rpartition(" :: ")[2] for row in about.get_all("Classifier") or [] if row.startswith("License ::")
    ]
    text = about.get("License-Expression") or "; ".join(classified) or (about.get("License") or "").strip()
    return text.splitlines()[0][:80].replace("|", "/") if text else "see its page"


def needed_by() -> dict[str, str]:
    """Which part of the project needs a package, directly or through others: run, an extra, or dev."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = {"run": project["dependencies"], **project["optional-dependencies"]}
    order = ["run", *(part for part in parts if part not in ("run", "dev")), "dev"]
    found: dict[str, str] = {}
    for part in order:
        waiting = [_bare(line) for line in parts[part]]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found[name] = part
            try:
                inner = requires(name) or []
            except PackageNotFoundError:
                continue
            waiting += [_bare(line) for line in inner if "extra ==" not in line]
    return found


def _bare(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def main() -> None:
    known, users = listed(), needed_by()
    rows = []
    for name, version in sorted(pinned().items(), key=lambda pair: pair[0].lower()):
        said = licence(name) or known.get(name, ("", "not installed here"))[1]
        rows.append(f"| {name} | {version} | {said} | {users.get(_bare(name), 'dev')} |")
    TABLE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
