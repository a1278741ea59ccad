"""Finding and loading case files."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dialogue_sim import yamlio
from dialogue_sim.cases.model import Case
from dialogue_sim.errors import UserError
from dialogue_sim.perobject import once_per_object
from dialogue_sim.resources import bundled


class CaseError(UserError):
    """A case file that cannot be used."""


def load_case(path: Path | str) -> Case:
    """Load one case file.

    Raises:
        CaseError: with file, line, field and how to mend it.
    """
    return yamlio.validate(yamlio.read(Path(path), CaseError), Case, CaseError)


def case_files(folder: Path) -> list[Path]:
    """The case files under a folder, sorted by path; files and folders starting with `_` or `.` are left out."""
    return sorted(
        path
        for path in folder.rglob("*.y*ml")
        if path.suffix in {".yaml", ".yml"}
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    )


def load_cases(
    wanted: Path | str | Sequence[str] | None = None,
    *,
    language: str | None = None,
    split: str | None = None,
    limit: int | None = None,
) -> list[Case]:
    """Load cases, sorted by id.

    Args:
        wanted: a folder, a file, or ids of bundled cases (files and folders may stand among them);
            None means all bundled cases.
        language: keep only `zh` or `en` cases.
        split: keep only `public` cases, or only `private` ones, which stand for cases no model was trained on.
        limit: keep at most this many, taken in turn from the languages present.

    Raises:
        CaseError: a file is wrong, an id is unknown or stands in two files, or nothing is left.
    """
    sources = [str(wanted)] if isinstance(wanted, (str, Path)) else list(wanted or [])
    cases: dict[str, Case] = {}
    for path in _paths(sources):
        case = load_case(path)
        if case.id in cases:
            raise CaseError(
                f"the case id {case.id!r} stands in two files",
                where=str(path),
                mend="give one of them another id",
            )
        cases[case.id] = case
    chosen = [
        case
        for _, case in sorted(cases.items())
        if language in (None, case.language) and split in (None, case.split)
    ]
    if not chosen:
        places = ", ".join(sources) or "the bundled cases"
        kind = f"{f' {split}' if split else ''} case{f' in {language}' if language else ''}"
        raise CaseError(
            f"no{kind} found in {places}",
            mend="name a folder that holds case files (*.yaml), or leave --cases out for the bundled ones",
        )
    return chosen if limit is None else _in_turn(chosen, limit)


def _paths(sources: Iterable[str]) -> list[Path]:
    home = bundled("cases")
    paths: list[Path] = []
    by_id: dict[str, Path] | None = None
    for source in sources or [str(home)]:
        path = Path(source)
        if path.is_dir():
            paths += case_files(path)
        elif path.is_file():
            paths.append(path)
        else:
            by_id = by_id if by_id is not None else {found.stem: found for found in case_files(home)}
            if source not in by_id:
                near = difflib.get_close_matches(source, by_id, n=1)
                hint = (
                    f"did you mean {near[0]!r}?"
                    if near
                    else "`dialogue-sim case list` names the bundled ones"
                )
                raise CaseError(f"there is no case, file or folder {source!r}", mend=hint)
            paths.append(by_id[source])
    return paths


def _in_turn(cases: list[Case], limit: int) -> list[Case]:
    # One of each language in turn, so that a small limit still shows both.
    queues = [[case for case in cases if case.language == language] for language in ("zh", "en")]
    ordered = [queue[i] for i in range(len(cases)) for queue in queues if i < len(queue)]
    return sorted(ordered[:limit], key=lambda case: case.id)


@once_per_object
def content_hash(case: Case) -> str:
    """SHA-256 of a case's content (64 hex digits); comments and layout of the file do not count."""
    plain = case.model_dump(mode="json", by_alias=True)
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def json_schema() -> dict[str, Any]:
    """JSON Schema of a case file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Case.model_json_schema(by_alias=True),
    }
