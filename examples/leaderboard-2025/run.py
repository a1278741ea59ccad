"""Run whichever of the ten models are served, then print the table with the published figures beside it.

    python examples/leaderboard-2025/run.py --server http://127.0.0.1:8000/v1 --server http://127.0.0.1:8001/v1
    python examples/leaderboard-2025/run.py --server http://127.0.0.1:8000/v1 --judge lexicon --limit 4

Each server is asked what it serves. A model that is found is run with `run.yaml` and its own options from
`models.yaml`; running the script again goes on where it stopped, so models can be served one after another.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from dialogue_sim.reports.external import plain
from dialogue_sim.runs.config import merge

HERE = Path(__file__).resolve().parent
DIALOGUE_SIM = [sys.executable, "-c", "from dialogue_sim.cli import main; main()"]


def main() -> int:
    """Run, rank, and return the exit code: the greatest of all commands'."""
    wanted = arguments()
    models = yaml.safe_load((HERE / "models.yaml").read_text(encoding="utf-8"))["models"]
    base = yaml.safe_load((HERE / "run.yaml").read_text(encoding="utf-8"))
    served = {plain(name): (name, server) for server in wanted.server for name in served_by(server)}
    codes = [0]
    for model in models:
        found = next((served[plain(name)] for name in model["served_as"] if plain(name) in served), None)
        if found is None:
            print(f"not served: {model['name']:24} {model['serve']}", file=sys.stderr)
            continue
        config = configuration(base, model, *found, wanted)
        file = wanted.out / f"{model['name']}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
        print(f"running: {model['name']} at {found[1]}", file=sys.stderr)
        codes.append(subprocess.run([*DIALOGUE_SIM, "run", str(file)], check=False).returncode)
    runs = [
        f"{model['name']}={wanted.out / model['name']}"
        for model in models
        if (wanted.out / model["name"] / "scores.json").is_file()
    ]
    if runs:
        codes.append(table(runs, wanted.out))
    return max(codes)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--server", action="append", required=True, help="address of an OpenAI-compatible server; repeat"
    )
    parser.add_argument("--judge", action="append", help="judge instead of run.yaml's; repeat for a panel")
    parser.add_argument("--limit", type=int, help="at most this many cases")
    parser.add_argument("--seeds", type=int, help="replicates of every case, instead of run.yaml's")
    parser.add_argument("--out", type=Path, default=Path("runs/leaderboard-2025"))
    return parser.parse_args()


def served_by(server: str) -> list[str]:
    """The models a server lists; none, with a word about it, when it does not answer."""
    request = urllib.request.Request(server.rstrip("/") + "/models")
    if key := os.environ.get("OPENAI_API_KEY"):
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return [str(model["id"]) for model in json.load(reply)["data"]]
    except (urllib.error.URLError, TimeoutError, ValueError, KeyError) as problem:
        print(f"no answer from {server}: {problem}", file=sys.stderr)
        return []


def configuration(
    base: dict[str, Any], model: dict[str, Any], name: str, server: str, wanted: argparse.Namespace
) -> dict[str, Any]:
    """The run configuration of one model."""
    doctor = {"model": f"openai:{name}", "base_url": server, "options": model.get("options", {})}
    changes: dict[str, Any] = {"doctor": doctor, "out": str(wanted.out / model["name"])}
    if wanted.judge:
        changes["judges"] = [{"model": judge} for judge in wanted.judge]
    changes |= {key: getattr(wanted, key) for key in ("limit", "seeds") if getattr(wanted, key)}
    return merge(base, changes)


def table(runs: list[str], out: Path) -> int:
    """Rank the runs in the published table's form, and write the table beside them."""
    words = ["--external", "dialogue-2025", "--external", "medbench-2025", "--form", "columns"]
    for ending in ("html", "md", "csv", "json"):
        words += ["--write", str(out / f"leaderboard.{ending}")]
    return subprocess.run([*DIALOGUE_SIM, "leaderboard", *runs, *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
