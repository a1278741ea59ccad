"""`compare`, `leaderboard`, `power`, `calibrate`, `rescore`: what is done with runs once they are scored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dialogue_sim.cli import FAILURES_LEFT, NOT_SO

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dialogue_sim.reports.entries import Entry
    from dialogue_sim.reports.markup import Document
    from dialogue_sim.reports.messages import Language
    from dialogue_sim.reports.page_files import Documenting, Paging
    from dialogue_sim.reports.pages import Page
    from dialogue_sim.runs.config import RunConfig

RunFolders = Annotated[
    list[str], typer.Argument(metavar="RUN…", help="Scored run directories, each as FOLDER or NAME=FOLDER.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Go on although the runs are not comparable; the report says so.")
]
CaseLanguage = Annotated[
    Literal["zh", "en"] | None, typer.Option("--lang", help="Only the cases in this language.")
]
ReportLanguage = Annotated[
    Literal["zh", "en"] | None,
    typer.Option("--report-lang", help="Language of the report. Default: yours."),
]
Write = Annotated[
    list[Path] | None,
    typer.Option("--write", metavar="FILE", help="Write the report too: .md, .csv, .json or .html; repeat."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the tree."""
    app.command(epilog="Example: dialogue-sim compare runs/before runs/after --fail-if-worse")(compare)
    app.command(epilog="Example: dialogue-sim leaderboard runs/a runs/b Ours=runs/c --write board.html")(
        leaderboard
    )
    app.command(epilog="Example: dialogue-sim power --difference 2 --noise central")(power)
    app.command(epilog="Example: dialogue-sim calibrate runs/qwen3 human.csv")(calibrate)
    app.command(
        epilog="Example: dialogue-sim rescore chats.xlsx --rubric medflow-2025 --judge openai:deepseek-chat"
    )(rescore)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The run to beat, as FOLDER or NAME=FOLDER.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The candidate.")],
    margin: Annotated[
        float, typer.Option(min=0.0, help="Points by which B may be worse and still count as no worse.")
    ] = 1.0,
    fail_if_worse: Annotated[
        bool, typer.Option("--fail-if-worse", help="Exit 1 when B is worse at the 5 % level (for CI).")
    ] = False,
    lang: CaseLanguage = None, force: Force = False, report_lang: ReportLanguage = None, write: Write = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Is B better than A? In pairs, on the same cases. 两次运行配对比较。

    Exits 0 when the runs are comparable, 1 with --fail-if-worse when B is worse, 3 when dialogues of a
    run are still missing.
    """
    from dialogue_sim.reports.comparison_pages import comparison_page
    from dialogue_sim.reports.comparisons import compared
    from dialogue_sim.reports.entries import require_comparable

    entries = _entries([a, b], lang, write)
    departures = require_comparable(entries, force=force)
    before, after = entries
    found = compared(before, after, departures, margin=margin)
    _give(
        found,
        lambda language: comparison_page(found, language),
        report_lang,
        write,
        json,
        _side_by_side(entries),
    )
    if fail_if_worse and found.finding == "worse":
        raise typer.Exit(NOT_SO)
    _leave(entries)


def leaderboard(
    runs: RunFolders,
    form: Annotated[
        Literal["rows", "columns"], typer.Option(help="A model a row, or a model a column by size class.")
    ] = "rows",
    external: Annotated[
        list[str] | None,
        typer.Option("--external", help="Published figures beside the scores: dialogue-2025, medbench-2025, or a file."),
    ] = None,
    lang: CaseLanguage = None, force: Force = False, report_lang: ReportLanguage = None, write: Write = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Rank runs on the same cases; what cannot be told apart is tied. 排行榜。

    Exits 0 when the runs are comparable, 3 when dialogues of a run are still missing.
    """
    from dialogue_sim.reports.board_pages import board_page
    from dialogue_sim.reports.boards import board
    from dialogue_sim.reports.entries import require_comparable
    from dialogue_sim.reports.external import load_reference

    references = [load_reference(name) for name in external or []]
    entries = _entries(runs, lang, write)
    found = board(entries, references, require_comparable(entries, force=force))

    def documenting(pages: Mapping[Language, Page], folder: str) -> Document:
        from dialogue_sim.reports.board_html import board_html  # draws

        return board_html(found, entries, pages, folder)

    _give(found, lambda language: board_page(found, language, form), report_lang, write, json, documenting)
    _leave(entries)


def power(
    difference: Annotated[float, typer.Option(min=0.01, help="Points apart that two models are to be told.")] = 2.0,
    noise: Annotated[
        str,
        typer.Option(help="optimistic, central, pessimistic, or SDs of model × case, run and vote: 6,8,4."),
    ] = "central",
    pilot: Annotated[
        list[str] | None, typer.Option("--pilot", metavar="RUN", help="Estimate the noise from these runs; repeat.")
    ] = None,
    cases: Annotated[str, typer.Option(help="Numbers of cases in the decision study.")] = "50,100,200,300,500,1000",
    seeds: Annotated[str, typer.Option(help="Replicates of a case to consider.")] = "1,3,5",
    votes: Annotated[str, typer.Option(help="Votes on a dialogue to consider.")] = "1,3",
    power: Annotated[
        float, typer.Option("--power", min=0.5, max=0.999, help="Probability of finding the difference.")
    ] = 0.8,
    target: Annotated[
        Literal["cases", "benchmark"],
        typer.Option(help="What it is to hold for: the population of cases, or these cases only."),
    ] = "cases",
    force: Force = False, report_lang: ReportLanguage = None, write: Write = None, json: Json = False,
) -> None:  # fmt: skip
    """How many cases, seeds and votes separate two models. 需要多少病例、重复和投票。"""
    from dialogue_sim.reports.entries import require_comparable
    from dialogue_sim.reports.planning import assumed_noise, pilot_components, planned
    from dialogue_sim.reports.planning_pages import planning_page

    entries = _entries(pilot or [], None, write)
    components = None
    source, assumed = assumed_noise(noise)
    if entries:
        require_comparable(entries, force=force)
        components = pilot_components(entries)
        source, assumed = "pilot", components.noise()
    found = planned(
        assumed, source, difference=difference, cases=_numbers(cases, "--cases"), runs=_numbers(seeds, "--seeds"),
        votes=_numbers(votes, "--votes"), power=power, target=target, pilot=entries, found=components,
    )  # fmt: skip
    _give(found, lambda language: planning_page(found, language), report_lang, write, json)


def calibrate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Scored run directory.")],
    verdicts: Annotated[
        Path, typer.Argument(metavar="CSV", help="Human verdicts: dialogue_id,item,rater,verdict[,note].")
    ],
    report_lang: ReportLanguage = None, write: Write = None, json: Json = False,
) -> None:  # fmt: skip
    """Hold a run's judge to human verdicts: agreement by item, corrected means. 评分者与人工判定对照。

    Exits 1 when the judge seems to read an item upside down.
    """
    from dialogue_sim.reports.calibration_pages import calibration_page
    from dialogue_sim.reports.calibrations import calibrated, read_human

    (entry,) = _entries([run], None, write)
    found = calibrated(entry, read_human(verdicts), verdicts)
    _give(found, lambda language: calibration_page(found, language), report_lang, write, json)
    if found.inverted:
        raise typer.Exit(NOT_SO)


def rescore(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Transcripts: .xlsx, .jsonl, .json; a folder counts as one set."),
    ],
    config: Annotated[
        Path | None, typer.Option("--config", help="Take judges, votes and rubric from this run configuration.")
    ] = None,
    rubric: Annotated[str | None, typer.Option(help="clinical-dialogue (default), medflow-2025, or a file.")] = None,
    judge: Annotated[
        list[str] | None, typer.Option("--judge", help="lexicon (default) or a model; repeat for a panel.")
    ] = None,
    votes: Annotated[int | None, typer.Option(min=1, help="Votes of every judge.")] = None,
    sheets: Annotated[
        str | None, typer.Option(help="Of a workbook, only these sheets, counted from 1: 2-85.")
    ] = None,
    cases: Annotated[
        list[str] | None, typer.Option("--cases", help="Case files of our own transcripts. Default: the bundled ones.")
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="Address of the judge's server.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Consultations at once (16).")] = None,
    prompts: Annotated[str | None, typer.Option("--prompts", help="Folder of prompts.")] = None,
    allow_same_family: Annotated[
        bool | None, typer.Option("--allow-same-family", help="Let a judge of the doctor's own family judge.")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", help="Output folder. Default: runs/rescore-<fingerprint>.")] = None,
    report_lang: ReportLanguage = None, json: Json = False,
) -> None:  # fmt: skip
    """Score stored consultations again, ours or others', by any rubric. 对已有对话重新评分。

    Exits 3 when consultations could not be judged; the same command tries them again.
    """
    from dialogue_sim.judging.rubric import load_rubric
    from dialogue_sim.reports.live import live_progress
    from dialogue_sim.reports.messages import reader_language
    from dialogue_sim.reports.rescoring_files import show_rescored, write_rescored
    from dialogue_sim.runs.rescoring import rescore as carry_out
    from dialogue_sim.runs.stored import read_sets

    settings = _rescore_config(config, context.params)
    chosen = load_rubric(settings.rubric)
    sets = read_sets(files, sheets=_range(sheets))
    folder = Path(settings.out) if settings.out else _default_out(files, settings)
    with live_progress(quiet=json) as progress:
        found = asyncio.run(carry_out(sets, settings, chosen, folder, progress=progress))
    language = report_lang or reader_language()
    written = write_rescored(found, chosen, folder, language)
    show_rescored(found, chosen, written, language, as_json=json)
    if found.missing or found.stopped:
        raise typer.Exit(FAILURES_LEFT)


def _entries(given: list[str], lang: str | None, write: list[Path] | None) -> list[Entry]:
    from dialogue_sim.reports.entries import of_language, read_entries
    from dialogue_sim.reports.page_files import check_forms

    check_forms(write or [])
    entries = read_entries(given)
    return of_language(entries, lang) if lang else entries


def _give(
    content: BaseModel,
    paging: Paging,
    report_lang: Literal["zh", "en"] | None,
    write: list[Path] | None,
    as_json: bool,
    documenting: Documenting | None = None,
) -> None:
    """Write the report where it was asked for, and print it."""
    from dialogue_sim.reports.messages import reader_language
    from dialogue_sim.reports.page_files import json_text, write_report
    from dialogue_sim.reports.pages import show

    language = report_lang or reader_language()
    for file in write or []:
        write_report(file, content, paging, language, documenting)
    if as_json:
        typer.echo(json_text(content))
    else:
        show(paging(language))


def _side_by_side(entries: list[Entry]) -> Documenting:
    """Makes an HTML file that holds the runs' consultations too."""

    def documenting(pages: Mapping[Language, Page], folder: str) -> Document:
        from dialogue_sim.reports.page_html import page_html  # draws
        from dialogue_sim.reports.reading import reading

        return page_html(pages, reading(entries, folder))

    return documenting


def _leave(entries: list[Entry]) -> None:
    """Say by the exit code that dialogues are still missing."""
    if any(entry.missing for entry in entries):
        raise typer.Exit(FAILURES_LEFT)


def _numbers(text: str, option: str) -> list[int]:
    from dialogue_sim.errors import ConfigError

    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise ConfigError(f"{text!r} is no list of whole numbers", where=option, mend="write such as 1,3,5")
    return numbers


def _range(text: str | None) -> range | None:
    from dialogue_sim.errors import ConfigError

    if text is None:
        return None
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or int(first) < 1:
        raise ConfigError(f"{text!r} names no sheets", where="--sheets", mend="write such as 2-85, or 7")
    return range(int(first), int(last or first) + 1)


def _rescore_config(config: Path | None, flags: dict[str, Any]) -> RunConfig:
    from dialogue_sim.runs.config import config_from_flags, load_config

    given = {
        key: flags[key]
        for key in ("rubric", "votes", "cases", "concurrency", "prompts", "allow_same_family", "out")
        if flags.get(key) not in (None, [], ())
    }
    if flags.get("judge"):
        address = {"base_url": flags["base_url"]} if flags.get("base_url") else {}
        given["judges"] = [
            {"model": name, **({} if name == "lexicon" else address)} for name in flags["judge"]
        ]
    # A configuration needs a doctor; here nobody speaks.
    given["doctor"] = {"model": "human"}
    return load_config(config, given) if config else config_from_flags(given)


def _default_out(files: list[Path], settings: RunConfig) -> Path:
    from dialogue_sim.runs.config import fingerprint

    what = fingerprint([str(file.resolve()) for file in files], settings.judging(), settings.rubric)
    return Path("runs") / f"rescore-{what[:8]}"
