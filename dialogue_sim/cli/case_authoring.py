"""`case new | draft | questions | deidentify | import`: making cases, from nothing and from what there is."""

from __future__ import annotations

import asyncio
import contextlib
import json as jsonlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialogue_sim.cli import FAILURES_LEFT, NOT_SO, OK
from dialogue_sim.cli.texts import read_text

if TYPE_CHECKING:
    from dialogue_sim.cases.model import Questions

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Redact = Annotated[
    Path | None, typer.Option("--redact", metavar="OUT", help="Write the text with every finding replaced.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `case`."""
    app.command(epilog="Example: dialogue-sim case new cough-teacher --lang en")(new)
    app.command(epilog="Example: dialogue-sim case draft record.txt --model openai:qwen3-32b")(draft)
    app.command(epilog="Example: dialogue-sim case questions en-cough-teacher.yaml --model openai:qwen3-32b")(
        questions
    )
    app.command(epilog="Example: dialogue-sim case deidentify record.txt --redact clean.txt")(deidentify)
    app.command(
        "import", epilog="Example: dialogue-sim case import agentclinic agentclinic_medqa.jsonl --out mycases"
    )(import_cases)


def new(
    slug: Annotated[str, typer.Argument(help="Short name of the case; the same name goes on with it later.")],
    lang: Annotated[str | None, typer.Option(help="zh or en. Default: the terminal's language.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the case file and its draft.")] = Path(),
) -> None:
    """Write a case by answering questions; nothing needs to be known of YAML. 问答式新建病例。"""
    from dialogue_sim.authoring.answers import Answers, check_name
    from dialogue_sim.authoring.interview import Interview
    from dialogue_sim.reports.messages import reader_language

    language = check_name(slug, lang or reader_language())
    answers = Answers.open(out, language, slug)
    with contextlib.suppress(ImportError):
        # Line editing and history, where the platform has them.
        import readline  # noqa: F401
    try:
        written = Interview(answers, _read_line, typer.echo).hold(out)
    except KeyboardInterrupt:
        answers.save()
        raise
    if written is None:
        raise typer.Exit(NOT_SO if answers.finished else OK)


def _read_line(prompt: str) -> str:
    return input(prompt)


def draft(
    record: Annotated[
        Path, typer.Argument(metavar="RECORD.txt", help="A clinical record in free text, UTF-8.")
    ],
    model: Annotated[
        str, typer.Option("--model", help="Who drafts: openai:MODEL, embedded, python:module:object, …")
    ],
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the case file and the spans.")] = Path(),
    allow_identifiers: Annotated[
        bool, typer.Option("--allow-identifiers", help="Send the text although it may identify somebody.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a model draft a case from a record; only what stands in the record is kept. 由病历起草病例。"""
    from dialogue_sim.authoring import drafting
    from dialogue_sim.cases.importers.writing import write_cases
    from dialogue_sim.cases.lint import lint
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.settings import ModelSettings
    from dialogue_sim.prompts import Prompts
    from dialogue_sim.reports.authoring import draft_summary, show_draft

    text = read_text(record)
    if not allow_identifiers:
        drafting.refuse_identifiers(text)
    settings = ModelSettings(base_url=base_url)
    opened = open_model(model, settings)

    async def made() -> drafting.Draft:
        try:
            case_id = drafting.case_id_of(record, text)
            return await drafting.draft(text, opened, settings, Prompts(), case_id=case_id, file=record.name)
        finally:
            await opened.close()

    found = asyncio.run(made())
    [path] = write_cases([found.case], out)
    spans = path.with_suffix(".spans.json")
    spans.write_text(drafting.spans_json(found, text), encoding="utf-8", newline="\n")
    summary = draft_summary(found, path, spans, lint([path]))
    if json:
        typer.echo(jsonlib.dumps(summary, ensure_ascii=False, indent=1))
    else:
        show_draft(summary)
    if found.failures:
        raise typer.Exit(FAILURES_LEFT)


def questions(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Case files; they are added to.")],
    model: Annotated[
        str, typer.Option("--model", help="Who writes: openai:MODEL, embedded, python:module:object, …")
    ],
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")
    ] = None,
    per_fact: Annotated[
        int, typer.Option("--per-fact", min=0, help="Questions that each fact shall have.")
    ] = 8,
    unrecorded: Annotated[
        int, typer.Option("--unrecorded", min=0, help="Questions that no fact answers, likewise.")
    ] = 40,
    json: Json = False,
) -> None:
    """Let a model write the example questions that a case lacks. 为病例补写例问。

    What a file holds stays as it is; the questions are written at its end, those of each call when it comes.
    Exits 3 when calls failed; the same command asks for what is missing.
    """
    from dialogue_sim.authoring.question_lines import check_room
    from dialogue_sim.authoring.questioning import ask_questions
    from dialogue_sim.cases import load_case
    from dialogue_sim.models.registry import open_model
    from dialogue_sim.models.settings import ModelSettings
    from dialogue_sim.prompts import Prompts
    from dialogue_sim.reports.authoring import question_summary, show_questions

    for file in files:
        check_room(file)
    settings, prompts = ModelSettings(base_url=base_url), Prompts()
    opened = open_model(model, settings)
    done: list[dict[str, Any]] = []

    async def write() -> None:
        try:
            for file in files:
                asked = await ask_questions(
                    load_case(file), opened, settings, prompts, per_fact=per_fact, unrecorded=unrecorded,
                    keep=partial(_add, file),
                )  # fmt: skip
                done.append(question_summary(file, asked))
                if not json:
                    show_questions(done[-1])
        finally:
            await opened.close()

    try:
        asyncio.run(write())
    finally:
        # A file that could not be done must not hide those that were.
        if json and done:
            typer.echo(jsonlib.dumps(done, ensure_ascii=False, indent=1))
    if any(summary["failures"] for summary in done):
        raise typer.Exit(FAILURES_LEFT)


def _add(file: Path, new: Questions) -> None:
    """Add the questions of one call to a case file, and say so: a small model takes minutes for each."""
    from dialogue_sim.authoring.question_lines import add_questions
    from dialogue_sim.reports.authoring import show_added

    if new.facts or new.unrecorded:
        add_questions(file, new)
        show_added(file, new)


def deidentify(
    file: Annotated[Path, typer.Argument(help="A clinical text, UTF-8.")],
    redact: Redact = None,
    json: Json = False,
) -> None:
    """Find what identifies a patient in a text, zh or en; exits 0 only when nothing is found. 查找可识别身份的信息。"""
    from dialogue_sim.cases import deidentify as identifiers
    from dialogue_sim.reports.authoring import identifier_rows, show_identifiers

    text = read_text(file)
    found = identifiers.find(text)
    if redact:
        redact.write_text(identifiers.redact(text), encoding="utf-8")
    rows = identifier_rows(text, found)
    if json:
        typer.echo(jsonlib.dumps(rows, ensure_ascii=False, indent=1))
    else:
        show_identifiers(file, rows)
    if found:
        raise typer.Exit(NOT_SO)


def import_cases(
    format_name: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help="agentclinic, mediq, craft-md, cmb-clin, ai-hospital, fhir, or auto."
        ),
    ],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files of that format.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the case files; without it nothing is written.")
    ] = None,
    json: Json = False,
) -> None:
    """Import cases of other projects; says how many, and what each source does not tell. 导入其他数据集的病例。"""
    from dialogue_sim.cases.importers import import_file
    from dialogue_sim.cases.importers.writing import write_imported
    from dialogue_sim.cases.lint import lint
    from dialogue_sim.reports.authoring import import_summary, show_import

    imported = [import_file(format_name, file) for file in files]
    paths = write_imported((one for part in imported for one in part.cases), out) if out else []
    summary = import_summary(format_name, imported, lint(paths) if paths else None)
    if json:
        typer.echo(jsonlib.dumps(summary, ensure_ascii=False, indent=1))
    else:
        show_import(summary, out)
    if summary["refused"] or summary["lint"].get("errors"):
        raise typer.Exit(NOT_SO)
