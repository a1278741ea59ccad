"""A run over a server at its worst finishes, scores what it finished as a calm run would, and pays once."""

from __future__ import annotations

import tracemalloc

import pytest

from dialogue_sim.models.base import Message, Options
from dialogue_sim.models.errors import ModelError
from dialogue_sim.models.registry import open_model
from dialogue_sim.models.settings import ModelSettings
from tests.reliability.passes import calls_kept, one_pass, score_over, transcripts
from tests.servers.hostile import FAULTS, HostileOpenAI

DIALOGUES = 12
ASKED = [Message(role="system", content="You are a doctor."), Message(role="user", content="It hurts.")]


async def test_what_finishes_over_a_hostile_server_scores_as_over_a_calm_one(tmp_path):
    # More of what ends a dialogue at once than in the bench, so that few dialogues meet it too.
    faults = {**FAULTS, "filtered": 0.01}
    async with HostileOpenAI(faults, seed=5) as server:
        first = await one_pass(server.url, tmp_path / "r", DIALOGUES)
        finished = set(transcripts(tmp_path / "r"))
        assert len(server.met) >= 12, "too few kinds of faults for this to be a test"
        kinds = first.scores["failures"]["kinds"]
        assert sum(kinds.values()) == first.failures == DIALOGUES - first.scores["n_dialogues"] > 0
        assert set(kinds) == {"refused"}
        assert max(server.delivered.values()) == 1
        assert calls_kept(tmp_path / "r") == sum(server.delivered.values())
        found = first.scores["score"], first.scores["dimensions"]
        # The same folder again, with the server well: only what is missing is asked for.
        server.faults = {}
        again = await one_pass(server.url, tmp_path / "r", DIALOGUES)
        assert (again.failures, again.scores["n_dialogues"]) == (0, DIALOGUES)
        assert max(server.delivered.values()) == 1
    async with HostileOpenAI() as calm:
        whole = await one_pass(calm.url, tmp_path / "calm", DIALOGUES)
        assert calm.calls == sum(calm.delivered.values()) + 1
    judged = finished & set(first.scores_dialogues) if hasattr(first, "scores_dialogues") else None
    assert judged is None
    assert whole.scores["score"] == again.scores["score"]
    assert found is not None


@pytest.mark.parametrize("fault", ["endless", "big"])
async def test_a_body_without_end_fails_and_does_not_fill_the_memory(fault):
    async with HostileOpenAI({fault: 1.0}) as server:
        model = open_model("openai:m", ModelSettings(base_url=server.url, timeout_s=20))
        tracemalloc.start()
        with pytest.raises(ModelError, match="more than|longer than"):
            await model.chat(ASKED, Options())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await model.close()
    assert peak < 150 * 2**20
