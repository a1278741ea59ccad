"""Writes the pages that follow from the code: `python -m docs.generate`.

The reference (`docs/reference/`) comes from the command tree, the data models and the public names; the
tables of rubric items in both editions of the manual come from `judges/clinical-dialogue.yaml`. A test
compares what is committed with what this module makes; `--check` does the same from a terminal.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import BaseModel

import dialogue_sim
from dialogue_sim.cases.model import Case
from dialogue_sim.cases.vocabulary import COMPLEXITIES, SHAPES, SPECIALTIES, TOPICS, label
from dialogue_sim.cli.app import app
from dialogue_sim.judging.rubric import Item, Rubric, load_rubric
from dialogue_sim.judging.verdict import Judgement
from dialogue_sim.runs.config import RunConfig
from dialogue_sim.scoring.scorecard import Scorecard
from dialogue_sim.transcript import Transcript

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python -m docs.generate"
MADE = f"<!-- Made by `{COMMAND}`; do not edit. -->\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    folder = ROOT / "docs" / "reference"
    made = {
        "cli.md": cli_page(),
        "case.md": case_page(),
        "rubric.md": model_page("The rubric file", "量表文件", Rubric, RUBRIC_NOTE),
        "run.md": model_page("The run configuration", "运行配置", RunConfig, RUN_NOTE),
        "files.md": files_page(),
        "python.md": python_page(),
    }
    content = {folder / name: f"{MADE}\n{text.strip()}\n" for name, text in made.items()}
    for name, language in (("Dialogue_eval.md", "en"), ("Dialogue_eval.zh-CN.md", "zh")):
        path = ROOT / name
        content[path] = with_rubric(path.read_text(encoding="utf-8"), language)
    return content


RUBRIC_NOTE = (
    "A rubric is one YAML file; `--rubric FILE` uses it. `judges/clinical-dialogue.yaml` is a complete one, and the "
    "[tutorial](../tutorials/write-a-rubric.md) writes a small one. 量表是一个 YAML 文件，用 `--rubric 文件` 指定。"
)
RUN_NOTE = (
    "The file that `dialogue-sim run CONFIG.yaml` takes; every flag of `run` overrides its field. Keys never stand in "
    "it: `api_key_env` names the environment variable. 运行配置文件；命令行参数优先；密钥只写环境变量名。"
)


# ── commands ────────────────────────────────────────────────────────────────────────────────────


def cli_page() -> str:
    """All commands with their arguments, options and example, from the command tree itself."""
    root = typer.main.get_command(app)
    parts = [
        "# Commands · 命令",
        "Every command has `--help`. Exit codes: 0 done; 1 what was checked does not hold; 2 wrong usage, configuration "
        "or case file; 3 done, but with failures left; 130 interrupted, everything finished saved.",
        "退出码：0 完成；1 所检查的不成立；2 用法、配置或病例文件有误；3 完成但仍有失败；130 被中断，已完成的都已保存。",
    ]
    for path, command in commands(root, "dialogue-sim"):
        parts += command_section(path, command)
    return "\n\n".join(parts)


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The commands below one, each with its full name; groups that act by themselves are among them."""
    below = getattr(command, "commands", {})
    if not below or (command.params and path != "dialogue-sim"):
        yield path, command
    for name, one in below.items():
        if not one.hidden:
            yield from commands(one, f"{path} {name}")


def command_section(path: str, command: Any) -> list[str]:
    """One command: what it does, its usage, its parameters, its example."""
    said = inspect.cleandoc(command.help or "")
    parts = [f"## `{path}`", said]
    rows = [row for parameter in command.params if (row := parameter_row(parameter))]
    if rows:
        parts.append(table(("", "meaning", "default"), rows))
    example = inspect.cleandoc(command.epilog or "").removeprefix("Example:").strip()
    if example:
        parts.append(f"Example: `{example}`")
    return [part for part in parts if part]


def parameter_row(parameter: Any) -> tuple[str, str, str] | None:
    """One argument or option; None for what is not shown."""
    if parameter.hidden or parameter.name == "help":
        return None
    default = parameter.default
    plain = default in (None, False, True, ()) or callable(default)
    shown = "required" if parameter.required else "" if plain else f"`{default}`"
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`", parameter.help or "", shown
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return f"{names}{'' if parameter.is_flag else ' ' + value_text(parameter)}", parameter.help or "", shown


def value_text(parameter: Any) -> str:
    """What an option takes: its choices, its name for it, or the kind of value."""
    annotation = parameter.type_descriptor.annotation
    choices = [f"`{choice}`" for choice in get_args(annotation) if isinstance(choice, str)]
    if choices:
        return " or ".join(choices)
    kind = parameter.metavar or {str: "TEXT", int: "N", float: "NUMBER", list[str]: "TEXT"}.get(
        annotation, "PATH"
    )
    return f"*{kind}*" + (" (repeat for more)" if parameter.multiple else "")


# ── data models ─────────────────────────────────────────────────────────────────────────────────


def model_page(title: str, zh: str, model: type[BaseModel], note: str) -> str:
    """One pydantic model and every model inside it, field by field."""
    return "\n\n".join([f"# {title} · {zh}", note, *model_sections(model, level=2)])


def case_page() -> str:
    """The case file and its vocabulary."""
    note = (
        "A case is one YAML file. `dialogue-sim case schema` prints this as JSON Schema for editors; "
        "[Cases](../cases.md) explains how to write one. 病例文件逐字段说明；写法见[病例](../cases.zh-CN.md)。"
    )
    parts = ["# The case file · 病例文件", note, *model_sections(Case, level=2), "## Vocabulary · 词表"]
    for heading, kind, words in (
        ("Specialties · 科室", "specialties", SPECIALTIES),
        ("Complexity · 复杂程度", "complexities", COMPLEXITIES),
        ("Shapes · 难点", "shapes", SHAPES),
        ("Topics · 话题", "topics", TOPICS),
    ):
        rows = [(f"`{word}`", label(kind, word, "en"), label(kind, word, "zh")) for word in words]
        parts += [f"### {heading}", table(("id", "en", "zh"), rows)]
    return "\n\n".join(parts)


def files_page() -> str:
    """What a run writes: transcripts, verdicts, and the parts of scores.json."""
    parts = [
        "# The files of a run · 运行产生的文件",
        "One line of `transcripts.jsonl` is a `Transcript`, one line of `verdicts.jsonl` a `Judgement`. The top level of "
        "`scores.json` is explained in [scores.json](../scores.md); its parts follow here. "
        "`transcripts.jsonl` 每行一个 `Transcript`，`verdicts.jsonl` 每行一个 `Judgement`；`scores.json` 顶层见[另页](../scores.md)。",
    ]
    for heading, model in (
        ("transcripts.jsonl", Transcript),
        ("verdicts.jsonl", Judgement),
        ("scores.json", Scorecard),
    ):
        parts += [f"## {heading}", *model_sections(model, level=3)]
    return "\n\n".join(parts)


def model_sections(model: type[BaseModel], *, level: int) -> list[str]:
    """A model's table, then those of the models that its fields hold."""
    schema = model.model_json_schema(by_alias=True, ref_template="{model}")
    parts: list[str] = []
    for name, one in {model.__name__: schema, **schema.get("$defs", {})}.items():
        if "properties" not in one:
            continue
        said, fields = split_attributes(inspect.cleandoc(one.get("description", "")))
        required = one.get("required", ())
        rows = [
            (
                f"`{field}`",
                type_text(spec),
                one_line(spec.get("description", "") or fields.get(field, "")),
                default_text(spec, field in required),
            )
            for field, spec in one["properties"].items()
        ]
        parts += [f"{'#' * level} {name}", said, table(("field", "type", "meaning", "default"), rows)]
    return [part for part in parts if part]


def split_attributes(docstring: str) -> tuple[str, dict[str, str]]:
    """A docstring without its `Attributes:` section, and that section as field → meaning."""
    said, _, listed = docstring.partition("\nAttributes:\n")
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", listed, re.MULTILINE)
    return said.strip(), {name: one_line(text) for name, text in found}


def type_text(spec: dict[str, Any]) -> str:
    """A field's type in words short enough for a table."""
    if "$ref" in spec:
        return f"[{spec['$ref']}](#{spec['$ref'].lower()})"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in spec:
            return " or ".join(dict.fromkeys(type_text(one) for one in spec[several]))
    if "const" in spec:
        return f"`{spec['const']}`"
    if "enum" in spec:
        return " ".join(f"`{one}`" for one in spec["enum"])
    if spec.get("type") == "array":
        inside = spec["prefixItems"] if "prefixItems" in spec else [spec.get("items", {})]
        return "list of " + ", ".join(dict.fromkeys(type_text(one) for one in inside))
    if spec.get("type") == "object":
        inside = spec.get("additionalProperties")
        return f"map to {type_text(inside)}" if isinstance(inside, dict) and inside else "map"
    return spec.get("type", "any") + limits(spec)


def limits(spec: dict[str, Any]) -> str:
    """The bounds of a number, as in `0–100`."""
    low = spec.get("minimum", spec.get("exclusiveMinimum"))
    high = spec.get("maximum", spec.get("exclusiveMaximum"))
    over = "> " if "exclusiveMinimum" in spec else "≥ "
    if low is None and high is None:
        return ""
    if high is None:
        return f" {over}{low:g}"
    return f" {low:g}–{high:g}" if low is not None else f" ≤ {high:g}"


def default_text(spec: dict[str, Any], required: bool) -> str:
    """What stands where a field is left out."""
    if required:
        return "required"
    default = spec.get("default")
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    plain = isinstance(default, (str, int, float)) or (
        isinstance(default, list) and all(isinstance(one, str) for one in default)
    )
    return f"`{default}`".replace("'", "") if plain and default not in ("", []) else ""


# ── Python ──────────────────────────────────────────────────────────────────────────────────────


def python_page() -> str:
    """The public names with signature and docstring."""
    parts = [
        "# Python",
        "`from dialogue_sim import …`. These names are the public API; everything else may change. "
        "这些名字是公开接口，其余都可能变动。",
    ]
    for name in sorted(dialogue_sim.__all__, key=lambda one: (one.startswith("_"), one.lower())):
        thing = getattr(dialogue_sim, name)
        if name == "__version__":
            continue
        parts += [f"## `{name}`", signature_text(name, thing), docstring_text(thing)]
    return "\n\n".join(part for part in parts if part)


def signature_text(name: str, thing: Any) -> str:
    """How a function is called; nothing for data models and errors, whose fields say it."""
    if isinstance(thing, type) and (
        issubclass(thing, (BaseModel, Exception)) or getattr(thing, "_is_protocol", False)
    ):
        return ""
    start = "async " if inspect.iscoroutinefunction(thing) else ""
    shown = re.sub(r"'([^']*)'", r"\1", str(inspect.signature(thing)))
    shown = re.sub(r"<factory>|<class '[^']*'>", "…", shown)
    return f"```text\n{start}{name}{shown}\n```"


def docstring_text(thing: Any) -> str:
    """A docstring with its `Args` and `Raises` as lists."""
    lines = []
    for line in (inspect.getdoc(thing) or "").splitlines():
        heading = re.fullmatch(r"(Args|Raises|Returns|Attributes):", line)
        entry = re.fullmatch(r" {4}(\w+): (.*)", line)
        if heading:
            lines.append(f"**{heading[1]}**\n")
        elif entry:
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        else:
            lines.append(line.strip())
    return "\n".join(lines)


# ── the rubric in the manual ────────────────────────────────────────────────────────────────────

_BETWEEN = re.compile(r"(<!-- rubric: made by [^\n]* -->\n).*?(<!-- /rubric -->)", re.DOTALL)
_HEADS = {
    "en": ("item", "weight", "marked by", "what earns it", "partly", "what does not", "source"),
    "zh": ("条目", "权重", "判定", "怎样算做到", "部分做到", "怎样不算", "来源"),
}
_MEANS = {
    "en": {"program": "counted", "reference": "judge, with the case", "transcript": "judge"},
    "zh": {"program": "程序计数", "reference": "评分者（对照病例）", "transcript": "评分者"},
}
_NEEDS = {
    "en": {
        "red_flag": "cases with red flags",
        "cue": "cases with cues",
        "emotion_cue": "cases with an emotion",
        "question_cue": "cases with a question",
    },
    "zh": {
        "red_flag": "有红旗征象的病例",
        "cue": "有线索的病例",
        "emotion_cue": "流露情绪的病例",
        "question_cue": "患者会提问的病例",
    },
}
_CAP_HEADS = {
    "en": ("cap", "limit", "fires when", "example", "no case of it", "source"),
    "zh": ("否决项", "上限", "何时触发", "例", "不算", "来源"),
}


def with_rubric(text: str, language: str) -> str:
    """The manual with its tables of items and caps made anew.

    Raises:
        ValueError: the manual has no place for them.
    """
    if not _BETWEEN.search(text):
        raise ValueError("the manual lacks the lines `<!-- rubric: made by … -->` and `<!-- /rubric -->`")
    return _BETWEEN.sub(lambda found: f"{found[1]}\n{rubric_tables(language)}\n\n{found[2]}", text)


def rubric_tables(language: str) -> str:
    """The default rubric, item by item."""
    rubric = load_rubric(None)
    parts = []
    for dimension in rubric.dimensions:
        items = [item for item in rubric.items if item.dimension == dimension.id]
        name = dimension.zh if language == "zh" else dimension.en
        parts += [
            f"### {name} ({dimension.weight:g})",
            table(_HEADS[language], [item_row(i, language) for i in items]),
        ]
    heads = _CAP_HEADS[language]
    rows = [
        (f"**{cap.id}** {said.name}", f"{cap.limit:g}", said.statement, said.met, said.unmet, cap.source)
        for cap in rubric.caps
        for said in [cap.wording(language)]
    ]
    return "\n\n".join([*parts, "### 否决项" if language == "zh" else "### Caps", table(heads, rows)])


def item_row(item: Item, language: str) -> tuple[str, ...]:
    """One item of the table: id, weight, who marks it and where it applies, and an example of each side."""
    said = item.wording(language)
    only = [_NEEDS[language][need] for need in item.requires]
    if item.languages != ["zh", "en"]:
        only.append({"en": "Chinese cases", "zh": "中文病例"}[language])
    means = _MEANS[language][item.methods[0]]
    where = (
        {"en": f"{means}; only {', '.join(only)}", "zh": f"{means}；只限{'、'.join(only)}"}[language]
        if only
        else means
    )
    text = f"{said.statement} *{said.met}*"
    return (
        f"**{item.id}** {said.name}",
        f"{item.weight:g}",
        where,
        text,
        said.partly or "–",
        said.unmet,
        item.source,
    )


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell(text) for text in row) + " |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """A text as a table takes it."""
    return re.sub(r"(?<!\\)\|", r"\\|", one_line(text))


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def main() -> None:
    """Write what differs; with `--check` name it and exit 1."""
    stale = [
        path
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"{path.relative_to(ROOT)} differs; run: {COMMAND}" for path in stale))
        raise SystemExit(bool(stale))
    for path in stale:
        path.write_text(pages()[path], encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
