"""Coverage-guided fuzzing of everything that reads what others wrote: files of cases, rubrics, runs, imports, and replies.

libFuzzer (through atheris) changes valid inputs byte by byte and keeps what reaches new branches of
this package's readers. An input may be read, or refused with the one error of its reader that names its file.
Anything else is a finding: the process ends with a traceback and the input in a file `crash-…`, so does an input that
takes longer than ten seconds or 2 GB of memory.

    pip install atheris
    python bench/fuzz.py --seconds 300
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["dialogue_sim"]):
    from dialogue_sim.cases import CaseError, load_case
    from dialogue_sim.cases.importers import FORMATS, import_file
    from dialogue_sim.cases.importers.rows import ImportFileError
    from dialogue_sim.cases.views import examiner_view
    from dialogue_sim.errors import ConfigError
    from dialogue_sim.judging.model_judge import form_of
    from dialogue_sim.judging.readers import READERS, TranscriptFileError, read_transcripts
    from dialogue_sim.judging.rubric import RubricError, load_rubric
    from dialogue_sim.models.base import Message, Options
    from dialogue_sim.models.completions import read_reply
    from dialogue_sim.models.errors import MalformedError, ModelError
    from dialogue_sim.models.structured import ask_json
    from dialogue_sim.roles.closing import parse_closing
    from dialogue_sim.roles.examiner import Examiner
    from dialogue_sim.runs.config import load_config

from tests.reliability.mangled import CASE, CONFIG, RUBRIC, lines
from tests.reliability.test_any_turn import CASES
from tests.reliability.test_bad_input import SOURCES, STORED, VERDICTS, Saying
from tests.roles.patients import patient_of

CLOSING = (
    "Diagnosis: a\nDifferential: b; c\nTests:\n- ECG\nPlan: rest\n最可能诊断：甲\n鉴别诊断：乙；丙\n".encode()
)
TURN = "Some people faint, um. Anything like that? 有没有这种情况？嗯。多久了".encode()
BODY = b'{"choices": [{"message": {"content": "<think>a</think>b"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}'


def file_reader(
    folder: Path, name: str, read: Callable[[Path], object], refusal: type[Exception]
) -> Callable[[bytes], None]:
    """What fuzzes one reader of files."""
    path = folder / name

    def try_it(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read(path)
        except refusal as problem:
            if str(path) not in str(problem):
                raise AssertionError(f"the refusal does not name its file: {problem}") from problem

    return try_it


def judge_reply(content: bytes) -> None:
    """A judge's reply, as text."""
    asked = ask_json(
        Saying(content.decode(errors="replace")), [Message(role="user", content="x")], form_of(("B1",), False), Options()
    )  # fmt: skip
    with suppress(MalformedError):
        asyncio.run(asked)


def response_body(content: bytes) -> None:
    """A server's response body."""
    with suppress(ValueError, RecursionError):
        body = json.loads(content)
        with suppress(ModelError):
            read_reply(body, 0.1)


def closing_block(content: bytes) -> None:
    """A doctor's last turn."""
    block = parse_closing(content.decode(errors="replace"))
    assert block is None or block.text


def doctor_turn(content: bytes) -> None:
    """What a doctor says, to a patient and an examiner of either language."""
    text = content.decode(errors="replace")
    for case in CASES.values():
        Examiner(examiner_view(case)).answer(text)
        assert asyncio.run(patient_of(case).reply(text, [])).text.strip()


def targets(folder: Path) -> list[tuple[Callable[[bytes], None], bytes]]:
    """Every reader, with a valid input of it."""
    found: list[tuple[Callable[[bytes], None], bytes]] = [
        (file_reader(folder, "case.yaml", load_case, CaseError), CASE),
        (file_reader(folder, "rubric.yaml", load_rubric, RubricError), RUBRIC),
        (file_reader(folder, "run.yaml", load_config, ConfigError), CONFIG),
        (judge_reply, VERDICTS.encode()),
        (response_body, BODY),
        (closing_block, CLOSING),
        (doctor_turn, TURN),
    ]
    for name in FORMATS:
        read = file_reader(
            folder, f"{name}.json", lambda path, name=name: import_file(name, path), ImportFileError
        )
        found.append((read, lines([SOURCES[name]])))
    for name in READERS:
        if name in STORED:
            read = file_reader(
                folder,
                f"{name}.jsonl",
                lambda path, name=name: read_transcripts(path, name),
                TranscriptFileError,
            )
            found.append((read, lines([STORED[name]])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    readers = targets(folder)
    for number, (_, valid) in enumerate(readers):
        (corpus / f"{number:02d}").write_bytes(bytes([number]) + valid)

    def one(content: bytes) -> None:
        if content:
            readers[content[0] % len(readers)][0](content[1:])

    options = [f"-max_total_time={arguments.seconds}", f"-seed={arguments.seed}", "-max_len=40000", "-timeout=10",
               "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1", str(corpus)]  # fmt: skip
    print(f"{len(readers)} readers, corpus in {corpus}", flush=True)
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
