"""A divided run comes out as the whole one, and a phased run as one that is not."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from dialogue_sim.errors import ConfigError
from dialogue_sim.models.journal import Journal
from dialogue_sim.runs.config import config_from_flags
from dialogue_sim.runs.merging import merge_parts
from dialogue_sim.runs.run import execute, plan

HERE = Path(__file__).parent
FILES = ("scores.json", "transcripts.jsonl", "verdicts.jsonl")


@pytest.fixture(autouse=True)
def our_doctors(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PACE", "0")


def held(out: Path, **flags) -> Path:
    asked = {
        "doctor": {"model": "python:doctors:counted"},
        "lang": "en",
        "limit": 2,
        "seeds": 2,
        "out": str(out),
        **flags,
    }
    asyncio.run(execute(plan(config_from_flags(asked))))
    return out


def content(run: Path) -> list[str]:
    """The files of a run, but for how long the doctor took."""
    return [re.sub(r'"latency_s": [\d.e-]+', "", (run / name).read_text(encoding="utf-8")) for name in FILES]


def test_parts_of_a_run_merge_into_the_whole(tmp_path):
    whole = held(tmp_path / "whole")
    parts = [held(tmp_path / f"part-{i}", shard=f"{i}/3") for i in (1, 2, 3)]
    outcome = asyncio.run(merge_parts(parts[::-1], tmp_path / "merged"))
    assert (outcome.failures, outcome.stopped) == (0, "")
    assert content(tmp_path / "merged") == content(whole)
    assert journaled(tmp_path / "merged") == journaled(whole)


def journaled(run: Path) -> list[tuple]:
    journal = Journal(run, read_only=True)
    try:
        return sorted((call.key, call.messages, call.options, call.reply.text) for call in journal.calls())
    finally:
        journal.close()


def test_the_merged_run_goes_on_like_any_other(tmp_path):
    parts = [held(tmp_path / f"part-{i}", shard=f"{i}/2") for i in (1, 2)]
    asyncio.run(merge_parts(parts, tmp_path / "merged"))
    paid = (tmp_path / "calls").read_text()
    held(tmp_path / "merged")
    assert (tmp_path / "calls").read_text() == paid


REFUSED = {
    "a part is missing": (["1/3", "3/3"], {}, "2/3"),
    "a part twice": (["1/2", "1/2"], {}, "part 1/2"),
    "of other divisions": (["1/2", "2/3"], {}, "of 2, of 3"),
    "another seed": (["1/2", "2/2"], {"seed": 7}, "seed"),
    "other marks": (["1/2", "2/2"], {"votes": 2}, "votes"),
}


@pytest.mark.parametrize(("shards", "second", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_parts_that_do_not_belong_together_are_refused(tmp_path, shards, second, said):
    scripted = {"doctor": {"model": "scripted:snap"}}
    parts = [
        held(tmp_path / f"part-{i}", shard=shard, **scripted, **(second if i else {}))
        for i, shard in enumerate(shards)
    ]
    with pytest.raises(ConfigError, match=said):
        asyncio.run(merge_parts(parts, tmp_path / "merged"))
    assert not (tmp_path / "merged" / "scores.json").exists()


def test_a_part_with_failures_leaves_them_in_the_whole(tmp_path):
    doctor = {"doctor": {"model": "python:doctors:failing"}, "lang": None, "limit": 4, "seeds": 1}
    parts = [held(tmp_path / f"part-{i}", shard=f"{i}/2", **doctor) for i in (1, 2)]
    outcome = asyncio.run(merge_parts(parts, tmp_path / "merged"))
    assert outcome.failures == 2
    assert outcome.scores["n_dialogues"] == 2
    assert outcome.scores["failures"]["simulate"] == 2


@pytest.mark.parametrize("shard", ["0/2", "3/2", "2", "1/0"])
def test_a_shard_that_cannot_be_is_refused(shard):
    with pytest.raises(ConfigError):
        config_from_flags({"doctor": {"model": "scripted:snap"}, "shard": shard})


def test_a_phased_run_comes_out_the_same(tmp_path):
    assert content(held(tmp_path / "phased", phased=True)) == content(held(tmp_path / "free"))


def test_a_phased_run_frees_the_doctor_before_it_opens_the_judge(tmp_path, monkeypatch):
    monkeypatch.setenv("EVENTS", str(tmp_path / "events"))
    held(
        tmp_path / "r", doctor={"model": "python:heavy:Heavy"}, judges=[{"model": "python:heavy:HeavyJudge"}],
        phased=True, allow_same_family=True,
    )  # fmt: skip
    events = (tmp_path / "events").read_text().split()
    assert events.index("doctor-closed") < events.index("judge-asked")
    assert "doctor-asked" not in events[events.index("doctor-closed") :]
