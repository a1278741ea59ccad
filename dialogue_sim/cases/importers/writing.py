"""Writes imported cases as case files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from dialogue_sim import yamlio
from dialogue_sim.cases.importers.building import ImportedCase
from dialogue_sim.cases.model import Case


def case_text(case: Case) -> str:
    """A case as the text of a case file; what holds its default value is left out."""
    return yamlio.dump(case.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def write_cases(cases: Iterable[Case], folder: Path) -> list[Path]:
    """Write each case as `<folder>/<id>.yaml`; a file of that name is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for case in cases:
        path = folder / f"{case.id}.yaml"
        path.write_text(case_text(case), encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def write_imported(imported: Iterable[ImportedCase], folder: Path) -> list[Path]:
    """Write each case, and beside it `<id>.source.json`: the record as it was, so that nothing of it is lost."""
    kept = list(imported)
    paths = write_cases((one.case for one in kept), folder)
    for one, path in zip(kept, paths, strict=True):
        text = json.dumps(one.record, ensure_ascii=False, indent=1) + "\n"
        path.with_suffix(".source.json").write_text(text, encoding="utf-8", newline="\n")
    return paths
