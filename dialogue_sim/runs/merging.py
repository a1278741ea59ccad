"""Putting a run together again that was divided with `--shard i/n`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.journal import Journal
from dialogue_sim.runs.config import RunConfig, config_from_flags
from dialogue_sim.runs.directory import RunDirectory, as_read, read_manifest
from dialogue_sim.runs.run import Outcome, Plan, plan, write_results

_MEND = "merge the parts of one run: the same command with --shard 1/N to N/N"


async def merge_parts(folders: Sequence[Path], out: Path) -> Outcome:
    """Merge the parts of a run into one run directory, as if it had never been divided.

    Returns:
        The outcome of the whole run. What no part has finished counts as a failure there.

    Raises:
        ConfigError: the parts do not belong together, one is missing, twice there or in use, the cases
            or prompts here are not theirs, or `out` holds another run.
    """
    manifests = {folder: read_manifest(folder) for folder in folders}
    planned = _whole(manifests, out)
    _check_complete({folder: _config_of(known) for folder, known in manifests.items()})
    directory = RunDirectory(out, planned.manifest)
    try:
        for folder in folders:
            part = Journal(folder, read_only=True)
            try:
                await directory.journal.absorb(part)
            finally:
                part.close()
        content = write_results(planned, directory)
        missing = len({job.id for job in planned.jobs()} - directory.finished())
        return Outcome(out, content, max(missing, len(directory.failures())), "")
    finally:
        directory.close()


def _config_of(manifest: dict[str, Any]) -> RunConfig:
    return config_from_flags(manifest["config"])


def _whole(manifests: dict[Path, dict[str, Any]], out: Path) -> Plan:
    """The plan of the whole run; checks that every part is one of it."""
    if out.resolve() in {folder.resolve() for folder in manifests}:
        raise ConfigError("cannot be one of its parts", where=str(out), mend="choose another --out")
    first = next(iter(manifests.values()))
    whole = {key: value for key, value in first["config"].items() if key != "shard"}
    planned = plan(config_from_flags({**whole, "out": str(out)}))
    ours = as_read(planned.manifest)
    for folder, known in manifests.items():
        for part in ("simulation", "judging"):
            theirs, here = known.get(part, {}), ours[part]
            different = sorted(key for key in {*theirs, *here} if theirs.get(key) != here.get(key))
            if different:
                raise ConfigError(
                    f"does not belong to the others; it differs in: {', '.join(different)}",
                    where=str(folder),
                    mend=_MEND,
                )
    return planned


def _check_complete(parts: dict[Path, RunConfig]) -> None:
    seen: dict[int, Path] = {}
    totals = {config.part()[1] for config in parts.values()}
    if len(totals) > 1:
        raise ConfigError(
            f"the parts count differently: {', '.join(f'of {n}' for n in sorted(totals))}", mend=_MEND
        )
    for folder, config in parts.items():
        number = config.part()[0]
        if number in seen:
            raise ConfigError(f"is part {config.shard} like {seen[number]}", where=str(folder), mend=_MEND)
        seen[number] = folder
    (total,) = totals
    missing = [f"{number}/{total}" for number in range(1, total + 1) if number not in seen]
    if missing:
        raise ConfigError(f"parts are missing: {', '.join(missing)}", mend="name all parts of the run")
