"""A run over a server at its worst finishes, scores what it finished as a calm run would, and pays once."""

from __future__ import annotations

import tracemalloc

import pytest

from dialogue_sim.cases import load_cases
from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from tests.reliability.accounts import account, replies_read
from tests.reliability.passes import one_pass, score_over, transcripts
from tests.servers.hostile import FAULTS, HostileOpenAI

DIALOGUES = 8
ASKED = [Message(role="system", content="You are a doctor."), Message(role="user", content="It hurts.")]


async def test_what_finishes_over_a_hostile_server_scores_as_over_a_calm_one(tmp_path):
    refused = load_cases(limit=DIALOGUES)[0]
    # What ends a dialogue at once meets one case here, so that this hangs on no chance.
    faults = {word: share for word, share in FAULTS.items() if word not in ("filtered", "content_filter")}
    out, calm_out = tmp_path / "hostile", tmp_path / "calm"
    with replies_read() as read:
        async with HostileOpenAI(faults, seed=5, withholds=refused.patient.opening) as server:
            first = await one_pass(server.url, out, DIALOGUES)
            finished = first.scores["cases"]
            assert len(server.met) >= 8, "too few kinds of faults for this to be a test"
            counted = first.scores["failures"]
            assert (counted["kinds"], counted["simulate"]) == ({"refused": 1}, 1)
            assert first.scores["n_dialogues"] == DIALOGUES - 1
            assert account(server, read, out).squares
            judged = set(_judged(finished))
            # The same command again, with the server well: only what is missing is asked for.
            server.faults, server.withholds = {}, ""
            whole = await one_pass(server.url, out, DIALOGUES)
    assert (whole.failures, whole.scores["n_dialogues"]) == (0, DIALOGUES)
    assert account(server, read, out).squares
    async with HostileOpenAI() as calm:
        clean = await one_pass(calm.url, calm_out, DIALOGUES)
        assert set(calm.delivered) == set(server.delivered)
    assert whole.scores["score"] == clean.scores["score"]
    names = [name for name in transcripts(calm_out) if name.partition("/")[0] in judged]
    over = score_over(calm_out, names)
    for field in ("score", "ci95", "dimensions", "cases", "caps", "unsure"):
        assert over[field] == first.scores[field], field


def _judged(cases: list[dict]) -> list[str]:
    return [case["id"] for case in cases]


@pytest.mark.parametrize("fault", ["endless", "big"])
async def test_a_body_without_end_fails_and_does_not_fill_the_memory(fault):
    async with HostileOpenAI({fault: 1.0}) as server:
        model = open_model("openai:m", ModelSettings(base_url=server.url, timeout_s=20))
        tracemalloc.start()
        with pytest.raises(ModelError, match=r"more than|longer than"):
            await model.chat(ASKED, Options())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await model.close()
    assert peak < 150 * 2**20
