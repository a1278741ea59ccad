"""The forms a run can be exported in, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.chat import write_chat
from dialogue_sim.exports.dataset import write_dataset
from dialogue_sim.exports.tables import write_csv, write_jsonl, write_parquet
from dialogue_sim.prompts import Prompts
from dialogue_sim.reports.runfiles import read_run

Format = Literal["jsonl", "csv", "parquet", "datasets", "openai-chat", "inspect"]

_TABLES = {"jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet, "datasets": write_dataset}


def export_run(
    folder: Path,
    form: Format,
    out: Path | None = None,
    *,
    min_score: float | None = None,
    prompts: Path | None = None,
) -> list[Path]:
    """Export a run; returns the files written.

    Args:
        out: folder for the files, made if need be; None means `<run>/export/<form>`.
        min_score: `openai-chat` only: keep dialogues with at least this score, 0–100.
        prompts: `openai-chat` only: prompts folder to write the doctor's side with; None means the run's own.

    Raises:
        ConfigError: no run, not scored where it must be, a package is missing, an option does not fit the
            form, or `out` cannot be written.
    """
    if form != "openai-chat" and (min_score is not None or prompts is not None):
        raise ConfigError(
            "--min-score and --prompts belong to --to openai-chat",
            where=f"--to {form}",
            mend="the other forms hold the whole run",
        )
    run = read_run(folder, scored=form == "inspect" or min_score is not None)
    target = out or folder / "export" / form
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigError(f"cannot be made: {problem.strerror}", where=str(target)) from None
    if form == "openai-chat":
        used = prompts or run.manifest["config"].get("prompts")
        return write_chat(run, target, prompts=Prompts(Path(used) if used else None), min_score=min_score)
    if form == "inspect":
        from dialogue_sim.exports.inspect_log import write_inspect

        return [write_inspect(run, target)]
    return _TABLES[form](run, target)
