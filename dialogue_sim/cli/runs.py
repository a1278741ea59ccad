"""`run`, `simulate`, `judge`, `score`, `report`: the main job, whole or by stages."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialogue_sim.cli import FAILURES_LEFT, INTERRUPTED

if TYPE_CHECKING:
    from dialogue_sim.runs.config import RunConfig
    from dialogue_sim.runs.run import Outcome, Plan, Stages

Config = Annotated[
    Path | None, typer.Argument(help="Run configuration (YAML). Flags win over it.", show_default=False)
]
DoctorSpec = Annotated[
    str | None, typer.Option("--doctor", help="Model under test: openai:MODEL, embedded, scripted:expert, …")
]
PatientSpec = Annotated[str | None, typer.Option("--patient", help="record (default, no model) or a model.")]
JudgeSpecs = Annotated[
    list[str] | None,
    typer.Option("--judge", help="lexicon (default, no model) or a model; repeat for a panel."),
]
CaseSources = Annotated[
    list[str] | None,
    typer.Option("--cases", help="Folder, file or case id; repeat. Default: all bundled cases."),
]
Lang = Annotated[str | None, typer.Option("--lang", help="Only zh or only en cases.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most this many cases, both languages in turn.")
]
Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="Replicates of every case.")]
Votes = Annotated[int | None, typer.Option("--votes", min=1, help="Votes of every judge.")]
Turns = Annotated[int | None, typer.Option("--turns", min=1, help="Doctor turns allowed (30).")]
Concurrency = Annotated[int | None, typer.Option("--concurrency", min=1, help="Dialogues at once (16).")]
RubricFile = Annotated[str | None, typer.Option("--rubric", help="Rubric file or name (clinical-dialogue).")]
PersonaChoice = Annotated[
    str | None, typer.Option("--persona", help="case (default), sample, or a list: anxious,low,poor,dialect.")
]
BudgetText = Annotated[
    str | None,
    typer.Option("--budget", help="Stop after this many tokens (2000000) or this much money (5.00$)."),
]
PromptsDir = Annotated[
    str | None, typer.Option("--prompts", help="Folder of prompts laid out like the bundled one.")
]
Out = Annotated[
    str | None, typer.Option("--out", help="Run directory. Default: runs/<doctor>-<fingerprint>.")
]
Family = Annotated[
    bool | None,
    typer.Option("--allow-same-family", help="Let a judge of the doctor's own family judge (flagged)."),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard", metavar="I/N", help="Only part I of N of the dialogues; see `dialogue-sim merge`."
    ),
]
Phased = Annotated[
    bool | None,
    typer.Option("--phased", help="Simulate all, free those engines, then judge (one GPU, two models)."),
]
Executor = Annotated[
    str | None,
    typer.Option("--executor", help="local, or ray: spread the dialogues over a Ray cluster (RAY_ADDRESS)."),
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Workers of --executor ray.")]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="Address of the doctor's OpenAI-compatible server.")
]
Json = Annotated[bool, typer.Option("--json", help="Print scores.json on stdout and nothing else.")]


_NOT_CONFIG = {"config", "folder", "json", "every"}


def register(app: typer.Typer) -> None:
    """Add this module's commands to the tree."""
    app.command(epilog="Example: dialogue-sim run --doctor scripted:expert --limit 4")(run)
    app.command(epilog="Example: dialogue-sim simulate --doctor openai:qwen3-32b --out runs/qwen3")(simulate)
    app.command(epilog="Example: dialogue-sim judge runs/qwen3 --judge openai:deepseek-chat")(judge)
    app.command(epilog="Example: dialogue-sim score runs/qwen3 --json")(score)
    app.command(epilog="Example: dialogue-sim report runs/qwen3")(report)


def run(
    context: typer.Context, config: Config = None, doctor: DoctorSpec = None, patient: PatientSpec = None, judge: JudgeSpecs = None,
    cases: CaseSources = None, lang: Lang = None, limit: Limit = None, seeds: Seeds = None, votes: Votes = None,
    turns: Turns = None, concurrency: Concurrency = None, rubric: RubricFile = None, persona: PersonaChoice = None,
    budget: BudgetText = None, prompts: PromptsDir = None, base_url: BaseUrl = None,
    allow_same_family: Family = None, shard: Shard = None, phased: Phased = None, executor: Executor = None,
    workers: Workers = None, out: Out = None, json: Json = False,
) -> None:  # fmt: skip
    """Simulate, judge and score; the same command continues an unfinished run. 运行、评分并生成报告。"""
    from dialogue_sim.runs.run import Stages

    _carry_out(_plan(config, context), Stages(), json)


def simulate(
    context: typer.Context, config: Config = None, doctor: DoctorSpec = None, patient: PatientSpec = None, cases: CaseSources = None,
    lang: Lang = None, limit: Limit = None, seeds: Seeds = None, turns: Turns = None,
    concurrency: Concurrency = None, persona: PersonaChoice = None, budget: BudgetText = None,
    prompts: PromptsDir = None, base_url: BaseUrl = None, shard: Shard = None, out: Out = None,
) -> None:  # fmt: skip
    """Hold the consultations without judging them. 只进行对话，不评分。"""
    from dialogue_sim.runs.run import Stages

    _carry_out(_plan(config, context), Stages(judge=False), as_json=False)


def judge(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")],
    judge: JudgeSpecs = None, votes: Votes = None, rubric: RubricFile = None, prompts: PromptsDir = None,
    allow_same_family: Family = None, json: Json = False,
) -> None:  # fmt: skip
    """Judge the finished dialogues of a run, with other judges or another rubric if wanted. 只评分。"""
    from dialogue_sim.runs.run import Stages

    _carry_out(_plan_of(folder, context), Stages(simulate=False), json)


def score(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")], json: Json = False
) -> None:
    """Roll the verdicts of a run up again and show the score. Calls no model. 重新汇总得分。"""
    from dialogue_sim.runs.directory import RunDirectory
    from dialogue_sim.runs.run import Outcome, write_results

    planned = _plan_of(folder, None)
    directory = RunDirectory(planned.out, planned.manifest)
    try:
        content = write_results(planned, directory)
        outcome = Outcome(directory.path, content, len(directory.failures()), "")
    finally:
        directory.close()
    show(outcome, json)


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")],
    plots: Annotated[
        Path | None,
        typer.Option("--plots", metavar="DIR", help="Also write the plots as files (.svg, .png)."),
    ] = None,
) -> None:
    """Write report.html and summary.md of a run again. 重新生成报告。"""
    from dialogue_sim.reports.files import write_plot_files, write_reports

    for path in write_reports(folder):
        typer.echo(path)
    for path in write_plot_files(folder, plots) if plots else ():
        typer.echo(path)


def _plan(config: Path | None, context: typer.Context) -> Plan:
    from dialogue_sim.runs.config import config_from_flags, load_config
    from dialogue_sim.runs.run import plan

    overrides = _overrides(context.params)
    return plan(load_config(config, overrides) if config else config_from_flags(overrides))


def config_of(flags: dict[str, Any]) -> RunConfig:
    """The run configuration that a set of flags means. Raises ConfigError."""
    from dialogue_sim.runs.config import config_from_flags

    return config_from_flags(_overrides(flags))


def _plan_of(folder: Path, context: typer.Context | None) -> Plan:
    """The plan that a run directory was made from, with what the flags change of its judging."""
    from dialogue_sim.runs.config import config_from_flags, merge
    from dialogue_sim.runs.directory import read_manifest
    from dialogue_sim.runs.run import plan

    recorded = read_manifest(folder)["config"]
    config = config_from_flags(
        {**merge(recorded, _overrides(context.params if context else {})), "out": str(folder)}
    )
    return plan(config)


def _overrides(flags: dict[str, Any]) -> dict[str, Any]:
    """Flags that were given, in the shape of a run configuration."""
    given = {
        key: value for key, value in flags.items() if key not in _NOT_CONFIG and value not in (None, [], ())
    }
    doctor, patient = given.pop("doctor", None), given.pop("patient", None)
    base_url, persona = given.pop("base_url", None), given.pop("persona", None)
    if doctor or base_url:
        given["doctor"] = {
            **({"model": doctor} if doctor else {}),
            **({"base_url": base_url} if base_url else {}),
        }
    if patient or persona:
        given["patient"] = {
            **({"model": patient} if patient else {}),
            **({"persona": persona} if persona else {}),
        }
    if judges := given.pop("judge", None):
        given["judges"] = [{"model": name} for name in judges]
    if budget := given.pop("budget", None):
        given["budget"] = _budget(budget)
    return given


def _budget(text: str) -> dict[str, float]:
    from dialogue_sim.errors import ConfigError

    number = text.strip().rstrip("$€£¥元")
    try:
        amount = float(number.replace(",", "").replace("_", ""))
    except ValueError:
        raise ConfigError(
            f"{text!r} is no budget", where="--budget", mend="write tokens (2000000) or money (5.00$)"
        ) from None
    return {"tokens": int(amount)} if number == text.strip() else {"money": amount}


def _carry_out(planned: Plan, stages: Stages, as_json: bool) -> None:
    from dialogue_sim.reports.live import live_progress
    from dialogue_sim.runs.engine import Interrupt
    from dialogue_sim.runs.run import execute

    interrupt = Interrupt()
    with live_progress(quiet=as_json) as progress:
        outcome = asyncio.run(
            _interruptible(
                execute(planned, stages, progress=progress, interrupt=interrupt), interrupt, progress
            )
        )
    show(outcome, as_json)


async def _interruptible(work: Any, interrupt: Any, progress: Any) -> Any:
    """First Ctrl-C: finish what is in flight. Second: stop at once. Everything finished is saved either way."""
    task = asyncio.ensure_future(work)

    def stop() -> None:
        if interrupt.reason == "interrupted":
            task.cancel()
        else:
            interrupt.stop("interrupted")
            progress.stopping()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def show(outcome: Outcome, as_json: bool) -> None:
    """Write the reports, print what came out, and leave with the exit code that it means."""
    from dialogue_sim.reports.files import write_reports
    from dialogue_sim.reports.terminal import show_outcome

    if outcome.scores is not None:
        write_reports(outcome.path)
    if as_json:
        typer.echo(json.dumps(outcome.scores, ensure_ascii=False, indent=1))
    else:
        show_outcome(outcome)
    if outcome.stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)
    if outcome.failures or outcome.stopped:
        raise typer.Exit(FAILURES_LEFT)
