"""A run as a Hugging Face `datasets` folder: Parquet in `data/`, one configuration a table, and a card."""

from __future__ import annotations

from pathlib import Path

import yaml

from dialogue_sim.exports.rows import TABLES, Row
from dialogue_sim.exports.tables import write_parquet
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.runs.directory import replace_file

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write_dataset(run: RunFiles, folder: Path) -> list[Path]:
    """Write `README.md` (the card) and `data/<table>.parquet`; returns their paths.

    Tables without rows are left out: a run that was only simulated has no verdicts.

    Raises:
        ConfigError: pyarrow is not installed, or a file cannot be written.
    """
    data = folder / "data"
    data.mkdir(exist_ok=True)
    filled = {
        "dialogues": len(run.transcripts),
        "turns": sum(len(one.turns) for one in run.transcripts.values()),
        "verdicts": sum(len(one.verdicts) for one in run.judgements.values()),
        "votes": sum(len(one.votes) for one in run.judgements.values()),
    }
    written = []
    for path in write_parquet(run, data):
        if filled[path.stem]:
            written.append(path)
        else:
            path.unlink()
    card = _card(run, {table: n for table, n in filled.items() if n})
    return [replace_file(folder / "README.md", card), *written]


def _card(run: RunFiles, filled: dict[str, int]) -> str:
    languages = sorted({one.language for one in run.transcripts.values()})
    largest = max(filled.values(), default=0)
    head = {
        "pretty_name": f"Simulated medical consultations: {_doctor(run)}",
        "language": languages,
        "task_categories": ["text-generation"],
        "tags": ["medical", "dialogue", "evaluation", "dialogue-sim"],
        "size_categories": [next((name for top, name in _SIZES if largest < top), "n>1M")],
        "configs": [
            {
                "config_name": table,
                **({"default": True} if table == "dialogues" else {}),
                "data_files": [{"split": "test", "path": f"data/{table}.parquet"}],
            }
            for table in filled
        ],
    }
    front = yaml.safe_dump(head, allow_unicode=True, sort_keys=False)
    return "\n".join([f"---\n{front}---\n", *_about(run, filled), *_fields(list(filled))]) + "\n"


def _doctor(run: RunFiles) -> str:
    return str(run.manifest["simulation"]["doctor"]["model"])


def _about(run: RunFiles, filled: dict[str, int]) -> list[str]:
    scores, simulated = run.scores, run.manifest["simulation"]
    lines = [
        f"# {_doctor(run)} in consultation",
        "",
        "Consultations that a language model held as the doctor with simulated patients, and how they were "
        "judged. No real patient speaks in them. Not for clinical use.",
        "",
        "语言模型作为医生与模拟病人进行的问诊，以及评分结果。其中没有真实病人，不可用于临床。",
        "",
        f"- doctor · 医生: `{_doctor(run)}`",
        f"- patient · 病人: `{simulated['patient']['model']}`",
        f"- prompts · 提示词: sha256 `{simulated['prompts_sha256']}`",
        f"- made with · 版本: dialogue_sim {run.manifest.get('version', '')}",
    ]
    if scores:
        rubric = scores["rubric"]
        shown = "—" if scores["score"] is None else f"{scores['score']:.2f}"
        bounds = scores["ci95"] and f" [{scores['ci95'][0]:.2f}, {scores['ci95'][1]:.2f}]"
        lines += [
            f"- judges · 评分者: {', '.join(f'`{name}`' for name in scores['judges'])}",
            f"- rubric · 评分表: `{rubric['id']}` {rubric['version']}, sha256 `{rubric['sha256']}`",
            f"- score · 得分: {shown}{bounds or ''} ({scores['n_cases']} cases, {scores['n_dialogues']} dialogues)",
        ]
    tables = ", ".join(f"`{table}` ({n})" for table, n in filled.items())
    return [
        *lines,
        "",
        f"Tables · 表: {tables}. `dialogue_id` joins them · 用 `dialogue_id` 连接。",
        "",
        "The licences of the case files and of the doctor's model apply to what they say here; add a `license` "
        "above that fits both before publishing. 发布前请在上方补上同时符合病例和模型许可的 `license`。",
    ]


def _fields(tables: list[str]) -> list[str]:
    lines: list[str] = []
    shown: set[type[Row]] = set()
    for table in tables:
        row = TABLES[table]
        if row in shown:
            continue
        shown.add(row)
        lines += ["", f"## {table}", "", "| field | meaning |", "|---|---|"]
        lines += [
            f"| `{field.alias or name}` | {field.description} |" for name, field in row.model_fields.items()
        ]
    return lines
