"""Whatever stands in a file or a reply: one clear error or a good value, soon, and in bounded memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogue_sim.cases import CaseError, load_case, load_cases
from dialogue_sim.cases.importers import FORMATS, import_file
from dialogue_sim.cases.importers.rows import ImportFileError
from dialogue_sim.cases.views import examiner_view, guarded_terms, patient_view
from dialogue_sim.errors import ConfigError, UserError
from dialogue_sim.judging.model_judge import form_of
from dialogue_sim.judging.readers import READERS, TranscriptFileError, read_transcripts
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rubric import RubricError, load_rubric
from dialogue_sim.models.base import Message, Options, Reply
from dialogue_sim.models.completions import read_reply
from dialogue_sim.models.errors import MalformedError, ModelError
from dialogue_sim.models.reasoning import split_reasoning
from dialogue_sim.models.structured import ask_json, find_object
from dialogue_sim.prompts import Prompts
from dialogue_sim.reports.runfiles import read_run
from dialogue_sim.roles.closing import ClosingForm, parse_closing
from dialogue_sim.roles.examiner import Examiner
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.runs.config import config_from_flags, load_config
from dialogue_sim.runs.run import execute, plan
from dialogue_sim.transcript import Transcript, Turn
from tests.cases import test_importers as sources
from tests.reliability.mangled import CASE, CONFIG, RUBRIC, anything, bent, every_place, lines, mangled

few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
SOURCES = {
    "agentclinic": sources.OSCE, "mediq": sources.MEDIQ, "cmb-clin": sources.CMB, "ai-hospital": sources.DIALOGUE,
    "fhir": sources.BUNDLE, "craft-md": {"case_id": "1", "case_vignette": "A woman has a rash.", "answer": "Eczema"},
}  # fmt: skip
STORED = {
    "ai-hospital": {"patient_id": 7, "dialog_history": [
        {"turn": 0, "role": "Doctor", "content": "您好，有哪里不舒服？"},
        {"turn": 1, "role": "Patient", "content": "<对医生讲> 屁股疼。"},
        {"turn": 2, "role": "Reporter", "content": "#检查项目#\n- X光: 未见骨折"},
        {"turn": 3, "role": "Doctor", "content": "#诊断结果#\n臀部挫伤\n\n#治疗方案#\n(1) 休息"},
    ]},
    "craft-md": {"case_id": "3", "trial_0": {"multiturn_conversation": [
        {"role": "assistant", "content": "What brings you here?"}, {"role": "user", "content": "A rash."},
        {"role": "assistant", "content": "**Final Diagnosis:** Contact dermatitis."},
    ]}},
    "primock57": {"consultation": "day1", "utterances": [{"speaker": "doctor", "text": "<UNIN/> Hello?"}, {"speaker": "patient", "text": "Hi."}]},
    "project": Transcript(
        dialogue_id="a/0", case_id="a", language="en", turns=[Turn(number=0, speaker="doctor", text="Hi")]
    ).model_dump(mode="json", by_alias=True),
}  # fmt: skip
WRONG = [7, "\ud800", [[]], {"a": None}]
LOADERS: dict[str, tuple[bytes, Callable[[Path], object], type[UserError]]] = {
    "case": (CASE, load_case, CaseError),
    "rubric": (RUBRIC, load_rubric, RubricError),
    "config": (CONFIG, load_config, ConfigError),
}


@contextmanager
def soon(seconds: float) -> Iterator[None]:
    """What is done inside must not hang."""
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds


@contextmanager
def small(megabytes: int) -> Iterator[None]:
    """What is done inside must not fill the memory."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 2**20


@contextmanager
def refusing(error: type[UserError], place: str) -> Iterator[None]:
    """What is done inside may be refused, but then the refusal names the place."""
    try:
        yield
    except error as problem:
        if place not in str(problem):
            raise AssertionError(f"the refusal does not name {place}: {problem}") from problem


def placed(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", LOADERS)
@few
@given(data=st.data())
def test_a_mangled_file_is_read_or_refused_with_its_place(kind, tmp_path_factory, data):
    whole, load, error = LOADERS[kind]
    path = placed(
        tmp_path_factory.getbasetemp(), f"{kind}.yaml", data.draw(mangled(whole) | st.binary(max_size=200))
    )
    with refusing(error, str(path)):
        load(path)


BOMBS = {
    "aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "deep flow": b"[" * 100_000,
    "deep block": b"\n".join(b" " * i + b"a:" for i in range(400)),
    "objects": b"!!python/object/apply:os.system ['touch /tmp/owned']\n",
    "merge": b"<<: {schema: dialogue-sim/case/1}\n",
    "giant": b"a: " + b"x" * 3_000_000,
    "many keys": b"".join(b"k%d: 1\n" % i for i in range(60_000)),
    "long number": b"complexity: " + b"9" * 10_000,
    "nul": CASE[:200] + b"\0" + CASE[200:],
    "utf-16": CASE.decode().encode("utf-16"),
    "two documents": CASE + b"\n---\n" + CASE,
    "empty": b"",
    "a list": b"- a\n- b\n",
    "a scalar": b"42\n",
}


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_soon(kind, bomb, tmp_path):
    _, load, error = LOADERS[kind]
    with soon(5), small(100), pytest.raises(error):
        load(placed(tmp_path, "bomb.yaml", bomb))
    assert not Path("/tmp/owned").exists()


@few
@given(
    st.dictionaries(
        st.sampled_from(["doctor", "seeds", "cases", "judges", "budget", "patient", "lang", "out"]), anything
    )
)
def test_flags_of_any_shape_make_a_configuration_or_one_error(flags):
    with pytest.raises(ConfigError):
        config_from_flags({**flags, "doctor": flags.get("doctor")})


@pytest.mark.parametrize("name", FORMATS)
@few
@given(data=st.data())
def test_importers_take_or_refuse_bent_records(name, tmp_path_factory, data):
    content = (
        lines([data.draw(bent(SOURCES[name]))])
        if data.draw(st.booleans())
        else data.draw(mangled(lines([SOURCES[name]])))
    )
    path = placed(tmp_path_factory.getbasetemp(), data.draw(st.sampled_from(["s.json", "s.csv"])), content)
    with refusing(ImportFileError, str(path)):
        import_file(name, path)


@pytest.mark.parametrize("name", FORMATS)
def test_importers_take_or_refuse_every_wrong_kind_at_every_place(name, tmp_path):
    bent_ones = [one for one in every_place(SOURCES[name], WRONG) if isinstance(one, dict)]
    path = placed(tmp_path, "s.jsonl", lines(bent_ones))
    found = import_file(name, path)
    assert found.rows > 10
    assert all(str(path) in refused.where for refused in found.refused)


@pytest.mark.parametrize("name", STORED)
def test_readers_take_or_refuse_every_wrong_kind_at_every_place(name, tmp_path):
    for record in every_place(STORED[name], WRONG):
        path = placed(tmp_path, "t.jsonl", lines([record]))
        with refusing(TranscriptFileError, str(path)):
            json.dumps([one.model_dump_json() for one in read_transcripts(path, name)])


@pytest.mark.parametrize("name", STORED)
@few
@given(data=st.data())
def test_rescore_readers_take_or_refuse_bent_records(name, tmp_path_factory, data):
    content = (
        lines([data.draw(bent(STORED[name]))])
        if data.draw(st.booleans())
        else data.draw(mangled(lines([STORED[name]])))
    )
    packed = gzip.compress(content) if data.draw(st.booleans()) else content
    path = placed(tmp_path_factory.getbasetemp(), "t.jsonl", packed)
    for form in (name, None):
        with refusing(TranscriptFileError, str(path)):
            read_transcripts(path, form)


def workbook() -> bytes:
    openpyxl = pytest.importorskip("openpyxl", reason="the extra `xlsx` is not installed")
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Role", "Content", "Agent_Role", "Agent_Content"])
    for _ in range(7):
        book.active.append(["user", "cough", "assistant", "since when?"])
    book.save(target)
    return target.getvalue()


@few
@given(data=st.data())
def test_a_mangled_workbook_is_read_or_refused(tmp_path_factory, data):
    with zipfile.ZipFile(io.BytesIO(workbook())) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        chosen = data.draw(st.sampled_from(sorted(parts)))
        for name, part in parts.items():
            book.writestr(name, data.draw(mangled(part)) if name == chosen else part)
    content = target.getvalue() if data.draw(st.booleans()) else data.draw(mangled(workbook()))
    path = placed(tmp_path_factory.getbasetemp(), "t.xlsx", content)
    with refusing(TranscriptFileError, str(path)):
        read_transcripts(path)


HOSTILE_JSON = {
    "deep": b"[" * 200_000,
    "deep object": b'{"a":' * 100_000,
    "long number": b'{"dialog_history": ' + b"9" * 100_000 + b"}",
    "nan": b'{"dialog_history": NaN}',
    "many": b"{}\n" * 4_000,
    "nul": b'{"a": 1}\0',
    "surrogate": b'{"dialog_history": [{"role": "Doctor", "content": "\\ud800"}]}',
    "gzip bomb": gzip.compress(b'{"dialog_history": [' + b" " * 50_000_000),
    "utf-16": '{"dialog_history": []}'.encode("utf-16"),
}


@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON.keys())
def test_hostile_json_is_read_or_refused_soon(content, tmp_path):
    path = placed(tmp_path, "x.jsonl", content)
    for form in (None, *READERS):
        with soon(5), small(400), suppress(TranscriptFileError):
            read_transcripts(path, form)
    for name in FORMATS:
        with soon(5), small(400), suppress(ImportFileError):
            import_file(name, path)


def test_a_csv_with_nul_or_giant_fields_is_refused(tmp_path):
    for content in (b"a,b\n1,\0\n", b"a\n" + b"x" * 11_000_000, b'a\n"unclosed'):
        with refusing(ImportFileError, "x.csv"):
            import_file("craft-md", placed(tmp_path, "x.csv", content))
    csv.field_size_limit(131072)


class Saying:
    """A model that says one thing."""

    spec = "test:saying"

    def __init__(self, text: str) -> None:
        self.text = text

    async def chat(self, messages: list[Message], options: Options) -> Reply:
        return Reply(text=self.text)

    async def close(self) -> None: ...


VERDICTS = '{"verdicts": [{"item": "B1", "turns": ["T01"], "quote": "Hello", "why": "x", "verdict": "met"}]}'
replies = st.one_of(
    st.text(max_size=80),
    mangled(VERDICTS.encode()).map(lambda raw: raw.decode(errors="replace")),
    anything.map(json.dumps),
    st.text(alphabet='{}[]",:\\ <think>/u0d8', max_size=120),
)


@few
@given(replies)
async def test_a_judges_reply_is_of_the_form_or_malformed(text):
    form = form_of(("B1",), False)
    try:
        answered, _ = await ask_json(Saying(text), [Message(role="user", content="x")], form, Options())
    except MalformedError:
        return
    assert [row.item for row in answered.verdicts] == ["B1"]


@few
@given(anything)
def test_a_response_body_of_any_shape_is_a_reply_or_a_failure(body):
    for shape in (body, {"choices": body}, {"choices": [{"message": body}]}, {"choices": [{"message": {"content": "x"}}], "usage": body},
                  {"choices": [{"message": {"content": body, "reasoning": body}, "finish_reason": body}], "model": body},
                  {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": body, "prompt_tokens_details": body}}):  # fmt: skip
        with suppress(ModelError):
            read_reply(shape, 0.1)


LONG = {
    "open thoughts": "<think>" * 30_000,
    "closed thoughts": "</think>" * 30_000,
    "braces": "{" * 100_000,
    "halves": '{"a":' * 30_000,
    "objects": '{"a": 1} ' * 20_000,
    "backslashes": '{"a": "' + "\\" * 100_001,
    "blanks": " " * 200_000 + "x",
    "lines": "\n" * 200_000,
    "headings": "Diagnosis: x\n" * 15_000,
    "bullets": "Diagnosis:\n" + "- " * 50_000 + "\nPlan:\n" + "1. " * 50_000,
    "marks": "#*>-" * 50_000,
    "dots": "." * 100_000 + "?",
    "questions": "how long? " * 20_000,
    "no spaces": "a" * 200_000,
    "digits": "12:30 " * 30_000,
    "chinese": "您疼吗？" * 30_000,
    "commas": "，" * 100_000,
    "quotes": "'\"" * 100_000,
    "brackets": "[END " * 40_000 + "（(" * 20_000,
    "patient lines": "\npatient" * 30_000,
    "zero width": "\u200b" * 100_000,
    "combining": "a" + "\u0301" * 100_000,
    "judge": "judge " * 30_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
async def test_long_texts_take_no_long_time(text):
    with soon(5):
        split_reasoning(text)
        with suppress(ValueError):
            find_object(text)
        parse_closing(text)
    case = load_cases("en-breathless-after-flight")[0]
    patient = open_patient(
        patient_view(case), PatientSettings(), guarded_terms=guarded_terms(case), prompts=Prompts(), seed=1
    )
    turns = [
        Turn(number=0, speaker="patient", text=patient.open().text),
        Turn(number=1, speaker="doctor", text=text),
    ]
    with soon(10):
        Examiner(examiner_view(case)).answer(text)
        await patient.reply(text, turns)
    with soon(5):
        reading = Reading(Transcript(dialogue_id="a/0", case_id=case.id, language="en", turns=turns))
        assert reading.injected is not None
        assert reading.inquiries is not None


async def test_characters_that_break_files_do_not_break_a_run(tmp_path):
    doctor = {"model": "python:tests.reliability.talkers:odd"}
    await execute(plan(config_from_flags({"doctor": doctor, "limit": 1, "out": str(tmp_path / "r")})))
    (said,) = read_transcripts(tmp_path / "r" / "transcripts.jsonl")
    assert any("\u2028" in turn.text and "\ufffd" in turn.text for turn in said.of("doctor"))
    assert read_run(tmp_path / "r").judgements.keys() == {said.dialogue_id}


@few
@given(
    st.text(max_size=300)
    | mangled(b"Diagnosis: a\nDifferential: b; c\nTests:\n- ECG\nPlan: rest").map(
        lambda raw: raw.decode(errors="replace")
    )
)
def test_any_text_is_a_closing_block_or_none(text):
    block = parse_closing(text)
    assert block is None or block.diagnosis or block.text
    assert ClosingForm(diagnosis=text[:120], differential=[], tests=[], plan=[]).block(text) is not None
