"""Clinical text must not be changed by the file format it is written in."""

from pathlib import Path

import pytest

from dialogue_sim import yamlio
from dialogue_sim.errors import UserError

HERE = Path("file.yaml")


@pytest.mark.parametrize("written", ["no", "yes", "on", "12:30", "0123", "2020-01-01", "1e3", "0o17", "+86"])
def test_a_scalar_stays_what_its_author_wrote(written):
    assert yamlio.parse(f"say: {written}", HERE).data == {"say": written}


def test_only_a_plain_null_is_nothing():
    assert yamlio.parse("a: null\nb: 'null'\nc:\nd: ''", HERE).data == {
        "a": None,
        "b": "null",
        "c": None,
        "d": "",
    }


def test_values_for_other_programs_become_what_yaml_says():
    data = yamlio.parse("a: 20\nb: '20'\nc: true\nd: 0.5\ne: no\nf: [1, x]", HERE).data
    assert yamlio.core_types(data) == {"a": 20, "b": "20", "c": True, "d": 0.5, "e": "no", "f": [1, "x"]}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: [1, 2", 3, "not valid YAML"),
        ("a: &x 1\nb: *x", 1, "anchor"),
        ("a: 1\nb: 2\na: 3", 3, "stands twice"),
        ("a: " + "[" * 40, 1, "nested deeper"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text, line, what):
    with pytest.raises(UserError) as caught:
        yamlio.parse(text, HERE)
    assert what in caught.value.what
    assert caught.value.where.startswith(f"file.yaml:{line}") or "[" in text


def test_a_file_that_is_no_utf8_or_too_large_is_refused(tmp_path):
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: caf\xe9")
    with pytest.raises(UserError, match="not UTF-8") as caught:
        yamlio.read(latin)
    assert caught.value.where.endswith(":2")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a: " + b"x" * (yamlio.MAX_BYTES + 1))
    with pytest.raises(UserError, match="larger"):
        yamlio.read(large)


def test_what_is_dumped_is_read_back():
    data = {"a": "no", "b": ["12:30", "x: y", "“引号”", "line one\nline two"], "c": "", "d": "null"}
    assert yamlio.parse(yamlio.dump(data), HERE).data == data
