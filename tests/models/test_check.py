"""Looking at a model before a run relies on it; replaying a run; a person as a model."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.models import ModelSettings, open_model
from dialogue_sim.models.base import Message, Options, Usage
from dialogue_sim.models.budget import Budget
from dialogue_sim.models.calls import JournaledModel
from dialogue_sim.models.check import check_model, preflight
from dialogue_sim.models.errors import FatalError
from dialogue_sim.models.human import HumanModel
from dialogue_sim.models.journal import Journal
from dialogue_sim.models.limits import Limiter
from tests.servers.fake_openai import FakeOpenAI

ASKED = [Message(role="user", content="where?")]
JUDGED = [Message(role="user", content="was it asked where?")]


async def test_a_good_server_is_seen_as_such() -> None:
    async with FakeOpenAI("seeded", model="m") as server:
        found = await check_model("openai:m", ModelSettings(base_url=server.url))
    assert found.reachable
    assert (found.json_schema, found.seed, found.context, found.usage, found.reasoning) == (
        True,
        True,
        4096,
        True,
        False,
    )
    assert found.left_out == []
    assert found.latency_s is not None


async def test_what_a_server_lacks_is_seen() -> None:
    async with FakeOpenAI("seeded", json_schema="refused", refuses=["seed"], max_model_len=None) as server:
        found = await check_model("openai:m", ModelSettings(base_url=server.url))
    assert (found.json_schema, found.seed, found.context) == (False, False, None)
    assert found.left_out == ["json_schema", "seed"] or found.left_out == ["seed", "json_schema"]


async def test_an_unreachable_model_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    nowhere = ModelSettings(base_url="http://127.0.0.1:9/v1")
    found = await check_model("openai:m", nowhere)
    assert not found.reachable
    assert "127.0.0.1:9" in found.problem
    assert "server runs" in found.mend
    model = open_model("openai:m", nowhere)
    with pytest.raises(FatalError, match="cannot be used") as caught:
        await preflight(model)
    assert caught.value.mend
    await model.close()


async def test_people_and_earlier_runs_are_not_asked_in_advance() -> None:
    said = io.StringIO()
    assert (await preflight(HumanModel(io.StringIO("never read\n"), said))).text == ""
    assert said.getvalue() == ""
    with pytest.raises(ConfigError, match="nothing to check"):
        await check_model("human")


async def test_a_run_is_replayed_by_what_was_asked(tmp_path: Path) -> None:
    async with FakeOpenAI("in my belly") as server:
        journal = Journal(tmp_path / "first")
        for name in ("a", "b"):
            inner = open_model(f"openai:{name}", ModelSettings(base_url=server.url))
            for role in ("patient", "judge") if name == "a" else ("judge",):
                model = JournaledModel(
                    inner, journal, role=role, dialogue="d", limiter=Limiter(), budget=Budget()
                )
                await model.chat(ASKED if role == "patient" else JUDGED, Options(seed=1))
            await inner.close()
        journal.close()
    replay = open_model(f"replay:{tmp_path / 'first'}", role="patient")
    reply = await replay.chat(ASKED, Options(seed=1))
    assert (reply.text, reply.usage) == ("in my belly", Usage())
    with pytest.raises(FatalError, match="never asked"):
        await replay.chat(ASKED, Options(seed=2))
    await replay.close()
    with pytest.raises(ConfigError, match="no doctor calls"):
        open_model(f"replay:{tmp_path / 'first'}", role="doctor")
    with pytest.raises(ConfigError, match="2 judge models"):
        open_model(f"replay:{tmp_path / 'first'}", role="judge")
    one = open_model(f"replay:{tmp_path / 'first'}#openai:b", role="judge")
    assert (await one.chat(JUDGED, Options(seed=1))).text == "in my belly"
    await one.close()
    with pytest.raises(ConfigError, match="holds no run"):
        open_model(f"replay:{tmp_path / 'none'}")


async def test_a_person_answers_in_lines_and_sees_only_what_is_new() -> None:
    said = io.StringIO()
    person = HumanModel(io.StringIO("\nsince\nyesterday\n\nno\n"), said)
    first = await person.chat([Message(role="system", content="be the patient"), *ASKED], Options())
    assert first.text == "since\nyesterday"
    talk = [
        Message(role="system", content="be the patient"),
        *ASKED,
        Message(role="assistant", content=first.text),
    ]
    said.truncate(0)
    second = await person.chat([*talk, Message(role="user", content="any fever?")], Options())
    assert second.text == "no"
    assert "any fever?" in said.getvalue()
    assert "where?" not in said.getvalue()
    with pytest.raises(FatalError, match="input ended"):
        await person.chat(ASKED, Options())
