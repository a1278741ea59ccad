"""Files as they come out of a bad disk, a wrong program or a hostile hand, for hypothesis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from dialogue_sim.cases.load import case_files
from dialogue_sim.resources import bundled

CASE = case_files(bundled("cases"))[0].read_bytes()
RUBRIC = (bundled("judges") / "clinical-dialogue.yaml").read_bytes()
CONFIG = b"schema: dialogue-sim/run/1\ndoctor: {model: 'scripted:expert', options: {extra_body: {a: [1, {b: 2}]}}}\nseeds: 2\nlang: zh\n"

_SCRAPS = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\t", b"\r", b"- ", b": ", b"? ", b"{", b"}", b"[", b"]", b"&a ", b"*a ", b"<<: ",
    b"!!python/object/apply:os.system ", b"!!binary ", b"%YAML 1.1\n", b"---\n", b"...\n", b"|\n", b">\n", b"'", b'"', b"#",
    b"null", b"~", b"NaN", b".inf", b"-1", b"1e999", b"0x10", b"9" * 400, "\u202e\u200b".encode(), "😀".encode(), b"\\ud800",
    b"{{ 7*7 }}", b"[" * 40, b"{a: " * 40, b"\"" * 3, b"2026-13-45", b"yes",
]  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn, whole: bytes) -> bytes:
    """A valid file with a few pieces cut out, doubled, moved or replaced by scraps."""
    content = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 60)))
        middle = draw(st.sampled_from([b"", content[start:end] * 2, *_SCRAPS]) | st.binary(max_size=12))
        content = content[:start] + middle + content[end:]
    return content


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just(10**4000)
    | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def bent(draw: st.DrawFn, record: Any) -> Any:
    """A JSON value like `record`, with parts replaced by anything or left out."""
    if draw(st.integers(0, 9)) == 0:
        return draw(anything)
    if isinstance(record, dict):
        return {key: draw(bent(value)) for key, value in record.items() if draw(st.integers(0, 14))}
    if isinstance(record, list):
        return [draw(bent(value)) for value in record]
    return record


def every_place(record: Any, wrong: list[Any]) -> Iterator[Any]:
    """The record with each of its parts in turn replaced by each of the wrong values."""
    yield from wrong
    if isinstance(record, dict):
        for key, value in record.items():
            yield from ({**record, key: other} for other in every_place(value, wrong))
    if isinstance(record, list):
        for place, value in enumerate(record):
            for other in every_place(value, wrong):
                yield [*record[:place], other, *record[place + 1 :]]


def lines(records: list[Any]) -> bytes:
    """JSON lines, as a careless program writes them."""
    return "\n".join(json.dumps(record) for record in records).encode()
