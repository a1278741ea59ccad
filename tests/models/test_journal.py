"""The journal keeps what was finished, through crashes, full disks and second processes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.base import Message, Options, Reply, Usage
from dialogue_sim.models.calls import call_keys
from dialogue_sim.models.journal import FILE, Journal
from dialogue_sim.models.texts import pack, unpack

ASKED = [Message(role="system", content="你是病人。" * 30), Message(role="user", content="哪里疼？")]


async def keep(journal: Journal, key: str, text: str = "肚子疼", **more: object) -> None:
    fields = {
        "role": "patient",
        "dialogue": "d1",
        "spec": "openai:m",
        "messages": ASKED,
        "options": Options(seed=1),
    }
    reply = Reply(
        text=text,
        reasoning="想一想",
        usage=Usage(prompt=10, completion=3, cached=4),
        latency_s=0.5,
        model="m",
    )
    await journal.keep_call(key, f"ask-{key}", reply=reply, **{**fields, **more})


async def test_a_call_comes_back_whole_also_after_reopening(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await keep(journal, "k1")
    journal.close()
    journal.close()
    journal = Journal(tmp_path)
    reply = await journal.find_call("k1")
    assert reply is not None
    assert (reply.text, reply.reasoning, reply.call_id, reply.model) == ("肚子疼", "想一想", "k1", "m")
    assert reply.usage == Usage(prompt=10, completion=3, cached=4)
    call = journal.call("k1")
    assert call is not None
    assert (call.messages, call.options, call.dialogue) == (ASKED, Options(seed=1), "d1")
    assert [found.key for found in journal.calls("d1")] == ["k1"]
    assert list(journal.calls("d2")) == []
    assert await journal.find_call("k2") is None
    journal.close()


async def test_usage_is_counted_by_role_and_model(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await asyncio.gather(*[keep(journal, f"k{i}") for i in range(5)], keep(journal, "j", role="judge"))
    totals = {(spent.role, spent.spec): spent for spent in journal.usage()}
    patient = totals["patient", "openai:m"]
    assert (patient.calls, patient.usage.prompt, patient.usage.cached, patient.seconds) == (5, 50, 20, 2.5)
    assert totals["judge", "openai:m"].calls == 1
    journal.close()


async def test_records_by_kind_and_key(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    body = {"turns": [{"text": "你好" * 100, "n": 1}]}
    await journal.put_record("transcript", "d1", body)
    await journal.put_record("transcript", "d1", {**body, "again": True})
    await journal.put_record("failure", "d2", "x")
    await journal.drop_record("failure", "d2")
    assert journal.get_record("transcript", "d1") == {**body, "again": True}
    assert journal.get_record("transcript", "d2") is None
    assert dict(journal.records("transcript")) == {"d1": {**body, "again": True}}
    assert journal.record_keys("failure") == set()
    journal.close()


async def test_it_can_be_read_while_it_is_written_and_from_a_read_only_folder(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await keep(journal, "k1")
    reader = Journal(tmp_path, read_only=True)
    await keep(journal, "k2")
    assert len(list(reader.calls())) == 2
    with pytest.raises(RuntimeError):
        await reader.put_record("a", "b", 1)
    reader.close()
    journal.close()
    with pytest.raises(ConfigError, match="holds no run"):
        Journal(tmp_path / "nowhere", read_only=True)


def test_a_second_process_is_refused_and_the_lock_goes_with_its_owner(tmp_path: Path) -> None:
    owner = run_script(
        f"""
        import time
        from dialogue_sim.models.journal import Journal
        Journal({str(tmp_path)!r}); print("open", flush=True); time.sleep(60)
        """
    )
    assert owner.stdout
    assert owner.stdout.readline() == "open\n"
    with pytest.raises(ConfigError, match=f"another process \\({owner.pid}\\)"):
        Journal(tmp_path)
    owner.kill()
    owner.wait()
    Journal(tmp_path).close()


def run_script(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


WRITER = """
    import asyncio, sys
    from dialogue_sim.models.base import Message, Options, Reply
    from dialogue_sim.models.journal import Journal
    async def one(journal, i):
        await journal.keep_call(f"k{i}", f"a{i}", role="doctor", dialogue=f"d{i % 7}", spec="m", options=Options(seed=i),
            messages=[Message(role="user", content="x" * 400 + str(i))], reply=Reply(text="y" * 300 + str(i)))
        print(f"k{i}", flush=True)
    async def main():
        journal = Journal(sys.argv[1])
        for start in range(0, 100000, 8):
            await asyncio.gather(*[one(journal, start + n) for n in range(8)])
    asyncio.run(main())
"""


@pytest.mark.parametrize("seed", range(4))
async def test_kill_9_loses_no_call_that_was_handed_out(tmp_path: Path, seed: int) -> None:
    process = run_script(WRITER, str(tmp_path))
    assert process.stdout
    assert process.stdout.readline()
    await asyncio.sleep(random.Random(seed).uniform(0.02, 0.3))
    process.send_signal(signal.SIGKILL)
    told = process.stdout.read().split("\n")[:-1]  # a last line without its end was not told
    process.wait()
    journal = Journal(tmp_path)
    assert told
    for key in told:
        reply = await journal.find_call(key)
        assert reply is not None
        assert reply.text == "y" * 300 + key[1:]
    assert sqlite3.connect(journal.path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    journal.close()


async def test_texts_of_a_write_that_failed_are_written_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    # SQLite takes no object: the whole transaction is rolled back, the texts put before it included.
    with pytest.raises(ConfigError):
        await keep(journal, "k1", spec=object())
    await keep(journal, "k2")
    call = journal.call("k2")
    assert call is not None
    assert (call.messages, call.reply.text) == (ASKED, "肚子疼")
    journal.close()


def test_a_full_disk_is_one_clear_error_and_keeps_what_was_finished(tmp_path: Path) -> None:
    limited = textwrap.dedent(WRITER).replace(
        "asyncio.run(main())",
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "asyncio.run(main())",
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ConfigError: " in done.stderr
    assert "cannot be written" in done.stderr
    assert "every finished call is kept" in done.stderr
    told = done.stdout.split()
    assert told
    journal = Journal(tmp_path)
    assert {call.key for call in journal.calls()} >= set(told)
    journal.close()


async def filled(folder: Path) -> None:
    journal = Journal(folder)
    for number in range(200):
        await keep(journal, f"k{number}", text=random.Random(number).randbytes(300).hex())
    journal.close()


@pytest.mark.parametrize("damage", ["header", "middle", "cut", "text"])
async def test_a_damaged_file_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    await filled(tmp_path)
    path = tmp_path / FILE
    raw = bytearray(path.read_bytes())
    if damage == "header":
        raw[:100] = b"\0" * 100
    elif damage == "middle":
        raw[8192:40960] = os.urandom(40960 - 8192)
    elif damage == "cut":
        del raw[len(raw) // 2 :]
    else:
        raw = bytearray(b"this is no database, but long enough to be looked at" * 100)
    path.write_bytes(bytes(raw))
    with pytest.raises(ConfigError, match="is damaged") as caught:
        Journal(tmp_path)
    assert "start this run anew" in str(caught.value)
    path.unlink()
    Journal(tmp_path).close()  # the lock was let go


async def test_a_torn_write_ahead_log_costs_at_most_its_torn_end(tmp_path: Path) -> None:
    writer = run_script(WRITER, str(tmp_path))
    assert writer.stdout
    for _ in range(20):
        writer.stdout.readline()
    writer.kill()
    writer.wait()
    log = tmp_path / f"{FILE}-wal"
    log.write_bytes(log.read_bytes()[:-100])
    journal = Journal(tmp_path)
    assert await journal.find_call("k0") is not None
    journal.close()


def test_another_version_is_told(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    with connection:
        connection.execute("UPDATE meta SET value = '99'")
    connection.close()
    with pytest.raises(ConfigError, match="another version"):
        Journal(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used as a run directory"):
        Journal(tmp_path / "file" / "run")


async def test_it_stays_small(tmp_path: Path) -> None:
    """Ten dialogues of 20 growing requests, each followed by 30 judge items over its transcript."""
    journal = Journal(tmp_path)
    draw = random.Random(1)
    sent = 0
    for number in range(10):
        history = [Message(role="system", content="你是一名全科医生。" * 40)]
        for turn in range(20):
            history = [
                *history,
                Message(role="user", content=" ".join(map(str, draw.choices(range(1000), k=40)))),
            ]
            sent += sum(len(message["content"]) for message in history)
            await keep(journal, f"t{number}.{turn}", messages=history, text=str(turn), dialogue=f"d{number}")
        transcript = "\n".join(message["content"] for message in history)
        for item in range(30):
            message = Message(role="user", content=f"{transcript}\n\nItem {item}: was it asked?")
            sent += len(message["content"])
            await keep(journal, f"i{number}.{item}", messages=[message], role="judge", dialogue=f"d{number}")
    journal.close()
    assert (tmp_path / FILE).stat().st_size < sent / 5


def test_keys_are_the_same_in_every_process_and_differ_for_every_difference() -> None:
    asked = [Message(role="user", content="哪里疼？")]
    options = Options(
        seed=3, temperature=0.5, extra_body={"b": 1, "a": 2}, json_schema={"type": "object", "x": 1}
    )
    keys = call_keys("openai:m", asked, options)
    code = (
        "from dialogue_sim.models.calls import call_keys; from dialogue_sim.models.base import Options;"
        "print(call_keys('openai:m', [{'content': '哪里疼？', 'role': 'user'}], Options(temperature=0.5, seed=3,"
        "extra_body={'a': 2, 'b': 1}, json_schema={'x': 1, 'type': 'object'})).key)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert other.stdout.strip() == keys.key
    assert call_keys("openai:n", asked, options).key != keys.key
    assert call_keys("openai:n", asked, options).ask == keys.ask
    assert call_keys("openai:m", asked, options.model_copy(update={"seed": 4})).ask != keys.ask
    assert call_keys("openai:m", [Message(role="assistant", content="哪里疼？")], options).ask != keys.ask


@settings(max_examples=60)
@given(st.text(max_size=400), st.binary(max_size=300))
def test_packing_loses_nothing(text: str, dictionary: bytes) -> None:
    assert unpack(pack(text, dictionary), dictionary) == text


async def test_waiting_for_the_disk_is_short(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    started = time.perf_counter()
    await asyncio.gather(*[keep(journal, f"k{i}", text=f"{i}" * 100) for i in range(500)])
    assert time.perf_counter() - started < 3
    journal.close()


async def test_those_who_wait_go_on_one_in_a_round(tmp_path: Path) -> None:
    """What follows a call is heavy: the first is to ask again before the last has taken its reply in."""
    rounds, woken = 0, list[int]()

    async def count() -> None:
        nonlocal rounds
        while len(woken) < 40:
            rounds += 1
            await asyncio.sleep(0)

    async def call(name: str) -> None:
        await keep(journal, name)
        woken.append(rounds)

    journal = Journal(tmp_path)
    async with asyncio.TaskGroup() as group:
        group.create_task(count())
        for number in range(40):
            group.create_task(call(f"c{number}"))
    journal.close()
    assert len(set(woken)) == len(woken)
