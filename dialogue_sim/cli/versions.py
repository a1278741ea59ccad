"""`version`: what a score depends on, each part with its own version: code, cases, prompts, rubrics."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add this module's command to the tree."""
    app.command(epilog="Example: dialogue-sim version --json")(version)


def version(
    cases: Annotated[
        list[str] | None, typer.Option("--cases", help="Folder, file or case id; repeat. Default: bundled.")
    ] = None,
    prompts: Annotated[Path | None, typer.Option("--prompts", help="Folder of prompts. Default: bundled.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:  # fmt: skip
    """Versions and hashes of code, cases, prompts and rubrics. 代码、病例、提示词和评分表的版本。"""
    found = _versions(cases, prompts)
    if json:
        typer.echo(json_text.dumps(found, ensure_ascii=False, indent=1))
        return
    typer.echo(f"dialogue_sim        {found['version']}")
    for language, one in found["cases"].items():
        typer.echo(f"cases {language}            {one['n']} cases, sha256 {one['sha256'][:16]}")
    typer.echo(f"prompts             sha256 {found['prompts']['sha256'][:16]}")
    for one in found["rubrics"]:
        typer.echo(f"{one['id']:19} {one['version']}, sha256 {one['sha256'][:16]}")


def _versions(sources: list[str] | None, folder: Path | None) -> dict[str, Any]:
    import dialogue_sim
    from dialogue_sim.cases import content_hash, load_cases
    from dialogue_sim.judging.rubric import content_hash as rubric_hash
    from dialogue_sim.judging.rubric import load_rubric
    from dialogue_sim.prompts import Prompts
    from dialogue_sim.resources import bundled
    from dialogue_sim.runs.config import fingerprint

    hashes: dict[str, dict[str, str]] = {}
    for case in load_cases(sources):
        hashes.setdefault(case.language, {})[case.id] = content_hash(case)
    rubrics = [load_rubric(file) for file in sorted(bundled("judges").glob("*.yaml"))]
    return {
        "schema": "dialogue-sim/versions/1",
        "version": dialogue_sim.__version__,
        "cases": {
            language: {"n": len(found), "sha256": fingerprint(found)}
            for language, found in sorted(hashes.items())
        },
        "prompts": {"sha256": Prompts(folder).sha256},
        "rubrics": [
            {"id": rubric.id, "version": rubric.version, "sha256": rubric_hash(rubric)} for rubric in rubrics
        ],
    }
