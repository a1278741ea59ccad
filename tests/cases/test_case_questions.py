"""`case questions`: a model writes example questions; what is kept teaches the patient, and the file keeps its bytes."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dialogue_sim.authoring.question_lines import add_questions, check_room, with_questions
from dialogue_sim.authoring.questioning import LONGEST, UNRECORDED, Asked, ask_questions
from dialogue_sim.cases import load_case
from dialogue_sim.cases.lint import lint
from dialogue_sim.cases.load import CaseError
from dialogue_sim.cases.model import Case, Language, Questions
from dialogue_sim.cases.views import guarded_terms, patient_view
from dialogue_sim.cli.app import app
from dialogue_sim.models.base import Message
from dialogue_sim.models.errors import FatalError, MalformedError, ModelError
from dialogue_sim.models.python_function import FunctionModel
from dialogue_sim.models.settings import ModelSettings
from dialogue_sim.prompts import Prompts
from dialogue_sim.roles import learned
from dialogue_sim.roles.patient import PatientSettings, open_patient
from dialogue_sim.roles.patient.meaning import meaning
from tests.roles.patients import ask
from tests.servers.fake_openai import FakeOpenAI

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"en": "en-back-pain-warehouse", "zh": "zh-bruises-new-antibiotic"}
ID = re.compile(r"^([a-z0-9_-]+)(?: \| |｜).*(?: \| |｜)(\d+)$", re.MULTILINE)
COUNT = re.compile(r"(?:Write|写) (\d+) ")


def bare_file(folder: Path, language: Language) -> Path:
    """A bundled case without its questions."""
    text = (ROOT / "cases" / language / f"{NAMES[language]}.yaml").read_text(encoding="utf-8")
    path = folder / f"{NAMES[language]}.yaml"
    path.write_text(text[: text.index("\nquestions:") + 1], encoding="utf-8")
    return path


def asks(name: str, number: int, language: str) -> str:
    """A question that no other fact and no other number has."""
    return f"问{name}第{number}句吗？" if language == "zh" else f"What of {name}, number {number}?"


def dutiful(language: str) -> Callable[[list[Message]], str]:
    """A model that writes what it is asked for; asked again, it goes on counting."""

    def reply(messages: list[Message]) -> str:
        text = messages[1]["content"]
        start = text.count("already there") + text.count("已经有了")
        if '"facts"' not in text:
            count = int(COUNT.findall(text)[0])
            found = [asks("none", start + i, language) for i in range(count)]
            return json.dumps({"questions": found}, ensure_ascii=False)
        rows = [
            {"id": name, "questions": [asks(name, start + i, language) for i in range(int(count))]}
            for name, count in ID.findall(text)
        ]
        return json.dumps({"facts": rows}, ensure_ascii=False)

    return reply


async def asked(
    case: Case, function: Callable[[list[Message]], str], per_fact: int = 2, unrecorded: int = 3
) -> Asked:
    model = FunctionModel(function, "python:test")
    settings = ModelSettings(attempts=1)
    return await ask_questions(case, model, settings, Prompts(), per_fact=per_fact, unrecorded=unrecorded)


def of(case: Case, facts: dict[str, list[str]], others: list[str] | None = None) -> Callable[..., str]:
    """A model that always writes the same: questions by fact, and unrecorded ones."""

    def reply(messages: list[Message]) -> str:
        text = messages[1]["content"]
        if '"facts"' not in text:
            return json.dumps({"questions": others or []})
        named = {name for name, _ in ID.findall(text)}
        known = {fact.id for fact in case.patient.facts}
        rows = [
            {"id": name, "questions": written}
            for name, written in facts.items()
            if name in named or (name not in known and "onset" in named)
        ]
        return json.dumps({"facts": rows})

    return reply


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_fact_gets_its_questions(tmp_path: Path, language: Language) -> None:
    case = load_case(bare_file(tmp_path, language))
    found = await asked(case, dutiful(language))
    assert {name: len(lines) for name, lines in found.questions.facts.items()} == {
        fact.id: 2 for fact in case.patient.facts
    }
    assert len(found.questions.unrecorded) == 3
    assert found.kept == 2 * len(case.patient.facts) + 3
    assert (found.dropped, found.lacking, found.failures) == ({}, {}, [])


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_model_gets_what_the_patient_knows_and_no_diagnosis(
    tmp_path: Path, language: Language
) -> None:
    case = load_case(bare_file(tmp_path, language))
    sent: list[list[Message]] = []

    def listens(messages: list[Message]) -> str:
        sent.append(messages)
        return dutiful(language)(messages)

    await asked(case, listens)
    prompts = ["\n".join(message["content"] for message in messages) for messages in sent]
    assert len(prompts) > len(case.patient.facts) / 6
    for prompt in prompts:
        assert case.patient.opening in prompt
        assert all(fact.id in prompt and fact.say in prompt for fact in case.patient.facts)
        assert not any(name in prompt for name in guarded_terms(case))
        assert not any(fact.record in prompt for fact in case.patient.facts if fact.record not in fact.say)
    other = re.compile("[一-鿿]") if language == "en" else re.compile(r"\b(?:patient|question|fact) ")
    assert not any(other.search(prompt) for prompt in prompts)


async def test_a_companion_is_told_of(tmp_path: Path) -> None:
    for language, word in (("en", "not the patient who speaks"), ("zh", "不是病人本人")):
        case = next(
            case
            for case in map(load_case, sorted((ROOT / "cases" / language).glob("*.yaml")))
            if case.patient.speaker.who == "companion"
        )
        sent: list[str] = []

        def listens(messages: list[Message], sent: list[str] = sent, language: str = language) -> str:
            sent.append(messages[1]["content"])
            return dutiful(language)(messages)

        await asked(case.model_copy(update={"questions": Questions()}), listens)
        assert all(word in prompt and case.patient.speaker.relation in prompt for prompt in sent)


async def test_what_cannot_teach_is_dropped_and_counted(tmp_path: Path) -> None:
    case = load_case(bare_file(tmp_path, "en"))
    held = Questions(facts={"site": ["Where is the sore spot?"]}, unrecorded=["Do you keep bees?"])
    case = case.model_copy(update={"questions": held})
    [name, *_] = guarded_terms(case)
    written = {
        "onset": [
            "Since when?", "since  WHEN", " ", "?!", "什么时候开始的？", "a" * (LONGEST["en"] + 1), "be\u0007ll?",
            f"Could it be {name}?", "Do you keep bees?", "Tell me, when was that?", "When did it begin?", "Once more, when?",
        ],
        "site": ["Where is the sore spot?", "Tell me, when was that?", "Upper or lower?"],
        "no-such-fact": ["Why?", "How so?"],
    }  # fmt: skip
    found = await asked(
        case, of(case, written, ["Do you keep bees!", "Any hobbies?"]), per_fact=2, unrecorded=2
    )
    assert found.questions.facts == {
        "onset": ["Since when?", "When did it begin?"],
        "site": ["Upper or lower?"],
    }
    assert found.questions.unrecorded == ["Any hobbies?"]
    first = {
        "duplicate": 4, "empty": 2, "language": 1, "unreadable": 2, "diagnosis": 1, "contested": 2, "unknown_id": 2,
        "surplus": 1,
    }  # fmt: skip
    assert found.dropped == first
    assert "onset" not in found.lacking
    assert found.lacking[case.patient.facts[-1].id] == 2
    assert not found.failures


async def test_what_lacks_is_asked_for_once_more_and_then_told(tmp_path: Path) -> None:
    case = load_case(bare_file(tmp_path, "en"))
    calls: list[str] = []

    def lazy(messages: list[Message]) -> str:
        calls.append(messages[1]["content"])
        return of(case, {"onset": [f"When, {len(calls)}?"]}, [f"Pets, {len(calls)}?"])(messages)

    found = await asked(case, lazy, per_fact=3)
    assert len(found.questions.facts["onset"]) == 2
    assert found.lacking["onset"] == 1
    assert found.lacking[UNRECORDED] == 1
    again = next(
        text for text in calls[len(calls) // 2 :] if re.search(r"^onset .*\| 2$", text, re.MULTILINE)
    )
    assert found.questions.facts["onset"][0] in again


async def test_what_one_reply_gives_to_two_facts_goes_to_neither(tmp_path: Path) -> None:
    case = load_case(bare_file(tmp_path, "en"))
    found = await asked(case, of(case, {"onset": ["When and where?"], "site": ["When and where?"]}))
    assert "When and where?" not in found.questions.model_dump_json()
    assert found.dropped["contested"] == 4  # two questions, in each of two tries


async def test_what_stands_in_the_file_is_not_given_to_another_fact(tmp_path: Path) -> None:
    case = load_case(bare_file(tmp_path, "en"))
    tries: list[str] = []

    def wavers(messages: list[Message]) -> str:
        text = messages[1]["content"]
        if not re.search(r"^onset .*\| \d$", text, re.MULTILINE):
            return json.dumps({"facts": []} if '"facts"' in text else {"questions": []})
        tries.append(text)
        row = {"id": ("onset", "site")[len(tries) - 1], "questions": ["When and where?"]}
        return json.dumps({"facts": [row]})

    found = await asked(case, wavers)
    assert len(tries) == 2
    assert found.questions.facts == {"onset": ["When and where?"]}
    assert found.dropped == {"contested": 1}


async def test_a_complete_case_costs_no_call(tmp_path: Path) -> None:
    case = load_case(ROOT / "cases" / "en" / f"{NAMES['en']}.yaml")

    def never(messages: list[Message]) -> str:
        raise AssertionError

    found = await asked(case, never, per_fact=1, unrecorded=1)
    assert (found.kept, found.lacking) == (0, {})


async def test_one_batch_that_fails_is_a_failure_and_the_others_are_kept(tmp_path: Path) -> None:
    case = load_case(bare_file(tmp_path, "en"))

    def broken(messages: list[Message]) -> str:
        return "No." if '"facts"' not in messages[1]["content"] else dutiful("en")(messages)

    found = await asked(case, broken)
    assert len(found.failures) == 1
    assert found.failures[0].startswith("malformed: ")
    assert found.lacking == {UNRECORDED: 3}
    with pytest.raises(MalformedError):
        await asked(case, lambda messages: "No.")


# The file


NEW = Questions(facts={"onset": ["When: then?", "# or never?"], "site": ["Where?"]}, unrecorded=["Pets?"])


@pytest.mark.parametrize("ending", ["", "\n", "\n\n# the end\n"])
@pytest.mark.parametrize(("newline", "mark"), [("\n", ""), ("\r\n", "\ufeff")])
def test_a_file_without_questions_gets_them_at_its_end(
    tmp_path: Path, ending: str, newline: str, mark: str
) -> None:
    path = bare_file(tmp_path, "en")
    text = (mark + path.read_text(encoding="utf-8").rstrip("\n") + ending).replace("\n", newline)
    path.write_bytes(text.encode())
    path.chmod(0o640)
    add_questions(path, NEW)
    after = path.read_bytes().decode()
    assert after.startswith(text)
    assert after[len(text) :].lstrip("\r\n").replace(newline, "\n") == (
        "questions:\n  facts:\n    onset: |\n      When: then?\n      # or never?\n    site: |\n      Where?\n"
        "  unrecorded: |\n    Pets?\n"
    )
    assert load_case(path).questions == NEW
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


PARTS = {
    "blocks": "questions:\n  facts:\n    site: |\n      Upper?\n\n      Lower?\n\n    onset trigger: |\n      Why?\n  unrecorded: |\n    Bees?\n",
    "the new one last": "questions:\n  facts:\n    trigger: |\n      Why?\n    site: |\n      Upper?\n",
    "lists": "questions:\n   facts:\n      'site':\n      - Upper?\n      - >-\n        Lower,\n        then?\n   unrecorded:\n   - Bees?\n",
    "others first": "questions:\n  unrecorded: |\n      Bees?\n  facts:\n    site: |-\n          Upper?\n# said\n",
    "others only": "questions:\n  unrecorded: |\n    Bees?\n\n",
    "nothing in a block": "questions:\n  facts:\n    site: |\n    trigger: |\n      Why?\n",
    "then something else": "questions:\n  facts:\n    site: |\n      Upper?\n# private from here\nsplit: private\n",
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
def test_what_stands_there_stays_and_is_added_to(tmp_path: Path, part: str) -> None:
    path = bare_file(tmp_path, "en")
    text = path.read_text(encoding="utf-8").replace("split: public\n", "") + part
    path.write_text(text, encoding="utf-8")
    before, old = load_case(path), path.read_text(encoding="utf-8").splitlines()
    add_questions(path, NEW)
    after, new = load_case(path), iter(path.read_text(encoding="utf-8").splitlines())
    assert all(line in new for line in old), "a line was lost or moved"
    for name, lines in NEW.facts.items():
        assert after.questions.facts[name] == [*before.questions.facts.get(name, []), *lines]
    assert after.questions.unrecorded == [*before.questions.unrecorded, "Pets?"]
    assert after.model_copy(update={"questions": before.questions}) == before
    kept = {key: lines for key, lines in before.questions.facts.items() if key not in NEW.facts}
    assert kept.items() <= after.questions.facts.items()


@pytest.mark.parametrize(
    "part",
    [
        "questions: {}\n",
        "questions:\n  facts: {site: [Upper?]}\n",
        "questions:\n  facts:\n    site: Upper?\n",
        "questions:\n  unrecorded: [Bees?]\n",
        "...\n",
    ],
)
def test_a_part_that_cannot_be_added_to_is_refused_before_a_model_is_asked(tmp_path: Path, part: str) -> None:
    path = bare_file(tmp_path, "en")
    path.write_text(path.read_text(encoding="utf-8") + part, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(CaseError) as refused:
        check_room(path)
    assert refused.value.mend
    ran = CliRunner().invoke(app, ["case", "questions", str(path), "--model", "python:nowhere:never"])
    assert isinstance(ran.exception, CaseError)
    assert path.read_bytes() == before


def test_every_bundled_case_has_room(tmp_path: Path) -> None:
    for path in sorted((ROOT / "cases").rglob("*.yaml"))[::10]:
        check_room(path)


def test_a_new_error_of_the_linter_keeps_the_old_file(tmp_path: Path) -> None:
    path = bare_file(tmp_path, "en")
    before = path.read_bytes()
    with pytest.raises(CaseError, match="not in the case's language"):
        add_questions(path, Questions(unrecorded=["养狗吗？"]))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert with_questions(path, Questions()) == before.decode()


def test_a_folder_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bare_file(tmp_path, "en")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(CaseError, match="cannot be written: No space left on device"):
        add_questions(path, NEW)
    assert list(tmp_path.iterdir()) == [path]


# The command


@contextmanager
def serving(reply: Callable[[dict[str, Any]], str] | str, **more: Any) -> Iterator[FakeOpenAI]:
    """A model server in a thread of this process, for commands that have a loop of their own."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    server = FakeOpenAI(reply, **more)

    async def serve() -> None:
        async with server:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def run(server: FakeOpenAI, *words: str) -> Any:
    return CliRunner().invoke(
        app, ["case", "questions", *words, "--model", "openai:any", "--base-url", server.url]
    )


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for language in ("zh", "en"):
        meaning(language)  # learned once a process, and not into this folder
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(learned, "cache_folder", lambda: cache)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("DIALOGUE_SIM_LANG", "en")


TAUGHT = {"en": "Does the frabjous wumpus gyre when you burble?", "zh": "夔纹饕餮犯不犯魑魅？"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_patient_then_answers_what_only_the_examples_teach(tmp_path: Path, language: Language) -> None:
    path = bare_file(tmp_path, language)
    before = path.read_bytes()
    case = load_case(path)
    fact = next(fact for fact in case.patient.facts if fact.topic.startswith("social."))

    def reply(body: dict[str, Any]) -> str:
        written = json.loads(dutiful(language)(body["messages"]))
        for row in written.get("facts", []):
            if row["id"] == fact.id:
                row["questions"][:1] = [TAUGHT[language]]
        return json.dumps(written)

    assert fact.id not in answered(case, TAUGHT[language])
    with serving(reply) as server:
        ran = run(server, str(path), "--per-fact", "2", "--unrecorded", "5")
        asked_for = server.calls
        again = run(server, str(path), "--per-fact", "2", "--unrecorded", "5")
        assert server.calls == asked_for
    assert ran.exit_code == 0, ran.output
    assert ran.stderr.count("questions added") == asked_for
    kept = 2 * len(case.patient.facts) + 5
    assert f"{kept} questions kept, 0 dropped" in ran.stdout
    assert "Have a person read them" in ran.stdout
    assert "nothing was asked" in again.stdout
    assert path.read_bytes().startswith(before)
    assert not [found for found in lint([path]).findings if found.rule == "questions_apart"]
    assert answered(load_case(path), TAUGHT[language]) == {fact.id}


def answered(case: Case, question: str) -> set[str]:
    """The facts that a doctor's turn asks a case's patient for."""
    patient = open_patient(patient_view(case), PatientSettings(), guarded_terms=(), prompts=Prompts(), seed=1)
    patient.open()
    return set(asyncio.run(ask(patient, question)).selection.asked)


def test_several_files_and_their_counts_as_json(tmp_path: Path) -> None:
    paths = [bare_file(tmp_path, "en"), bare_file(tmp_path, "zh")]

    def reply(body: dict[str, Any]) -> str:
        chinese = "写" in body["messages"][0]["content"]
        return dutiful("zh" if chinese else "en")(body["messages"])

    with serving(reply) as server:
        ran = run(server, *map(str, paths), "--per-fact", "1", "--unrecorded", "2", "--json")
    assert ran.exit_code == 0, ran.output
    for path, summary in zip(paths, json.loads(ran.stdout), strict=True):
        facts = len(load_case(path).patient.facts)
        assert summary == {
            "case": str(path), "kept": facts + 2, "unrecorded": 2, "dropped": {}, "lacking": {}, "failures": [],
        }  # fmt: skip


def test_bad_lines_are_counted_for_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bare_file(tmp_path, "en")
    case = load_case(path)
    answer = of(case, {"onset": ["When?", "when", "几时？"], "nobody": ["Why?"]}, ["Bees?"])
    with serving(lambda body: answer(body["messages"])) as server:
        monkeypatch.setenv("DIALOGUE_SIM_LANG", "zh")
        ran = run(server, str(path), "--per-fact", "1", "--unrecorded", "1")
    assert ran.exit_code == 0, ran.output
    assert "留下例问 2 句，去掉 " in ran.stdout
    assert "不是病例所用的语言" in ran.stdout
    assert "仍不够数" in ran.stdout
    assert "请找人通读一遍" in ran.stdout


@pytest.mark.parametrize(
    ("reply", "more", "error"),
    [
        ("I would rather not.", {"json_schema": "ignored"}, MalformedError),
        ("", {"key": "another"}, FatalError),
    ],
)
def test_a_model_that_fails_altogether_writes_nothing(
    tmp_path: Path, reply: str, more: dict[str, Any], error: type[ModelError]
) -> None:
    path = bare_file(tmp_path, "en")
    before = path.read_bytes()
    with serving(reply, **more) as server:
        ran = run(server, str(path))
    assert isinstance(ran.exception, error)
    assert ran.stdout == ""
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_calls_that_failed_are_left_for_the_next_time(tmp_path: Path) -> None:
    path = bare_file(tmp_path, "en")
    words = (str(path), "--per-fact", "1", "--unrecorded", "2")
    broken = True

    def reply(body: dict[str, Any]) -> str:
        asks_facts = '"facts"' in body["messages"][1]["content"]
        return dutiful("en")(body["messages"]) if asks_facts or not broken else "No."

    with serving(reply) as server:
        ran = run(server, *words)
        assert ran.exit_code == 3, ran.output
        assert "a call brought no questions (malformed)" in ran.stdout
        assert load_case(path).questions.facts
        broken = False
        assert run(server, *words).exit_code == 0
    assert len(load_case(path).questions.unrecorded) == 2


async def test_the_questions_of_a_call_stand_in_the_file_before_the_next_is_made(tmp_path: Path) -> None:
    path = bare_file(tmp_path, "en")
    held: list[int] = []

    def looks(messages: list[Message]) -> str:
        held.append(len(load_case(path).questions.facts))
        return dutiful("en")(messages)

    await ask_questions(
        load_case(path), FunctionModel(looks, "python:test"), ModelSettings(attempts=1, concurrency=1), Prompts(),
        per_fact=1, unrecorded=1, keep=lambda new: add_questions(path, new),
    )  # fmt: skip
    assert held[:3] == [0, 5, 10]
    assert len(load_case(path).questions.unrecorded) == 1
