"""Tables as files: JSONL, CSV and Parquet, one file a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from dialogue_sim.errors import ConfigError
from dialogue_sim.exports.rows import TABLES, dimensions_of, table_rows
from dialogue_sim.reports.runfiles import RunFiles
from dialogue_sim.runs.directory import replace_file

_BATCH = 5000


def write_jsonl(run: RunFiles, folder: Path) -> list[Path]:
    """One `<table>.jsonl` a table, one object a line; returns their paths. Raises ConfigError."""
    return [
        replace_file(
            folder / f"{table}.jsonl",
            (f"{json.dumps(row, ensure_ascii=False)}\n" for row in plain_rows(run, table)),
        )
        for table in TABLES
    ]


def write_csv(run: RunFiles, folder: Path) -> list[Path]:
    """One `<table>.csv` a table (UTF-8 with a mark, for spreadsheets); returns their paths. Raises ConfigError.

    Lists are written as JSON; `dimensions` becomes a column a dimension (`dimensions.process`).
    """
    return [replace_file(folder / f"{table}.csv", _csv_lines(run, table)) for table in TABLES]


def write_parquet(run: RunFiles, folder: Path) -> list[Path]:
    """One `<table>.parquet` a table; returns their paths.

    Raises:
        ConfigError: pyarrow is not installed, or a file cannot be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow", mend="pip install 'dialogue-sim[export]'") from None
    written = []
    for table in TABLES:
        schema = pyarrow.schema(_arrow_fields(table, dimensions_of(run.scores)))
        buffer = io.BytesIO()
        with pyarrow.parquet.ParquetWriter(buffer, schema, compression="zstd") as writer:
            for batch in _batches(plain_rows(run, table)):
                writer.write_table(pyarrow.Table.from_pylist(batch, schema))
        written.append(_replace_bytes(folder / f"{table}.parquet", buffer.getvalue()))
    return written


def plain_rows(run: RunFiles, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table as plain data, the schema's name first."""
    for row in table_rows(run, table):
        plain = row.model_dump(mode="json")
        yield {"schema": plain.pop("schema"), **plain}


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _columns(table: str, dimensions: list[str]) -> list[str]:
    names = ["schema", *(name for name in TABLES[table].model_fields if name != "schema_")]
    return [
        column
        for name in names
        for column in ([f"dimensions.{one}" for one in dimensions] if name == "dimensions" else [name])
    ]


def _csv_lines(run: RunFiles, table: str) -> Iterator[str]:
    columns = _columns(table, dimensions_of(run.scores))
    yield "\ufeff" + _csv_line(columns)
    for row in plain_rows(run, table):
        flat = {**row, **{f"dimensions.{name}": x for name, x in row.get("dimensions", {}).items()}}
        yield _csv_line([_cell(flat[column]) for column in columns])


def _csv_line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | bool) else value


def _arrow_fields(table: str, dimensions: list[str]) -> list[tuple[str, Any]]:
    import pyarrow

    plain: Mapping[Any, Any] = {
        str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_(),
    }  # fmt: skip

    def arrow(annotation: Any) -> Any:
        if annotation in plain:
            return plain[annotation]
        inner = [one for one in get_args(annotation) if one is not type(None)]
        if get_origin(annotation) is list:
            return pyarrow.list_(arrow(inner[0]))
        if get_origin(annotation) is dict:
            return pyarrow.struct([(name, pyarrow.float64()) for name in dimensions])
        # A choice of words, or a number that may be null.
        return pyarrow.string() if isinstance(inner[0], str) else arrow(inner[0])

    fields = {name: arrow(field.annotation) for name, field in TABLES[table].model_fields.items()}
    if not dimensions:
        fields.pop("dimensions", None)  # Parquet knows no empty group
    return [("schema", fields.pop("schema_")), *fields.items()]


def _replace_bytes(target: Path, content: bytes) -> Path:
    draft = target.with_name(f".{target.name}")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(target)) from None
    return target
