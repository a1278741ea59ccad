from collections.abc import Collection

import pytest
from scenes import Scene

from dialogue_sim.cases import Case
from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.judges import left_to_judges
from dialogue_sim.judging.panel import check_families, family, judge_transcript
from dialogue_sim.judging.reading import Reading
from dialogue_sim.judging.rubric import Rubric
from dialogue_sim.judging.verdict import VALUE_OF, Judgement, Mark, Verdict
from dialogue_sim.models.errors import MalformedError
from dialogue_sim.transcript import Transcript


class Fixed:
    """A judge whose marks are given: per item, one a vote; `not` otherwise."""

    deterministic = False

    def __init__(self, spec: str, **marks: str) -> None:
        self.spec = spec
        self.marks = {name: said.split() for name, said in marks.items()}
        self.asked: list[tuple[int, Collection[str] | None]] = []

    async def judge(
        self, transcript: Transcript, case: Case | None, rubric: Rubric, *,
        seed: int, vote: int = 0, only: Collection[str] | None = None,
    ) -> list[Verdict]:  # fmt: skip
        self.asked.append((vote, only))
        ids = [item.id for item in left_to_judges(Reading(transcript), case, rubric)]
        ids += [cap.id for cap in rubric.caps]
        return [self._verdict(name, vote) for name in ids if only is None or name in only]

    def _verdict(self, name: str, vote: int) -> Verdict:
        said = self.marks.get(name, ["not"])
        mark: Mark = said[min(vote, len(said) - 1)]  # type: ignore[assignment]
        quote = "哪里疼？" if mark in {"met", "partly"} else ""
        return Verdict(
            item=name, mark=mark, value=VALUE_OF[mark], turns=[1] if quote else [], quote=quote,
            method="transcript", judge=self.spec, vote=vote,
        )  # fmt: skip


class Broken(Fixed):
    async def judge(self, *args: object, **kwargs: object) -> list[Verdict]:
        raise MalformedError("no object")


@pytest.fixture
def transcript(scene: Scene) -> Transcript:
    return scene.says("哪里疼？", "site").says("出汗吗？", "sweating").says("晕吗？", "syncope").transcript()


async def judge(
    transcript: Transcript, case: Case, rubric: Rubric, *judges: Fixed, votes: int = 1
) -> tuple[Judgement, dict[str, Verdict]]:
    judgement = await judge_transcript(transcript, case, rubric, judges, votes=votes)
    return judgement, {verdict.item: verdict for verdict in judgement.verdicts}


@pytest.mark.parametrize(
    ("marks", "mark", "disputed"),
    [
        (["met", "met", "met"], "met", False),
        (["met", "met", "not"], "met", True),
        (["met", "partly", "not"], "partly", True),
        (["not", "not", "met"], "not", True),
        (["cannot_tell", "cannot_tell", "met"], "cannot_tell", True),
        (["cannot_tell", "met", "met"], "met", True),
        (["met", "not"], "not", True),
        (["cannot_tell"], "cannot_tell", True),
    ],
)
async def test_the_majority_stands_and_disagreement_is_queued(
    transcript: Transcript, driver: Case, rubric: Rubric, marks: list[str], mark: str, disputed: bool
) -> None:
    judges = [Fixed(f"openai:{name}", B10=said) for name, said in zip("abc", marks, strict=False)]
    judgement, final = await judge(transcript, driver, rubric, *judges)
    assert final["B10"].mark == mark
    assert ("B10" in judgement.disputed) is disputed
    assert len([verdict for verdict in judgement.votes if verdict.item == "B10"]) == len(marks)


@pytest.mark.parametrize(
    ("judges", "fires", "flag"),
    [
        ([Fixed("openai:a", G1="met"), Fixed("openai:b", G1="met")], True, "cap_by_judges"),
        ([Fixed("openai:a", G1="met"), Fixed("openai:b")], False, "cap_unconfirmed"),
        (
            [Fixed("openai:a", G1="met"), Fixed("openai:b"), Fixed("openai:c", G1="met")],
            True,
            "cap_by_judges",
        ),
        ([Fixed("openai:a"), Fixed("openai:b")], False, ""),
    ],
)
async def test_a_cap_needs_two_agreeing_judges(
    transcript: Transcript, driver: Case, rubric: Rubric, judges: list[Fixed], fires: bool, flag: str
) -> None:
    judgement, final = await judge(transcript, driver, rubric, *judges)
    assert (final["G1"].mark == "met") is fires
    assert (final["G1"].value == 1.0) is fires
    assert final["G1"].flags == ([flag] if flag else [])
    assert judgement.flags.get(flag or "none", 0) == (1 if flag else 0)


async def test_two_votes_of_one_of_two_judges_do_not_fire_a_cap(
    transcript: Transcript, driver: Case, rubric: Rubric
) -> None:
    judges = [Fixed("openai:a", G1="met met met"), Fixed("openai:b", G1="not not not")]
    _, final = await judge(transcript, driver, rubric, *judges, votes=3)
    assert final["G1"].mark == "not"


@pytest.mark.parametrize(
    ("said", "votes", "fires"),
    [("met met", 1, True), ("met not", 1, False), ("met met not", 3, True), ("met not not", 3, False)],
)
async def test_a_single_judge_needs_two_agreeing_votes(
    transcript: Transcript, driver: Case, rubric: Rubric, said: str, votes: int, fires: bool
) -> None:
    only = Fixed("openai:a", G2=said)
    judgement, final = await judge(transcript, driver, rubric, only, votes=votes)
    assert (final["G2"].mark == "met") is fires
    assert final["G2"].flags == ["cap_by_votes" if fires else "cap_unconfirmed"]
    if votes == 1:
        assert [vote for vote, _ in only.asked] == [0, 1]
        assert only.asked[1][1] == ["G2"]
    assert ("G2" in judgement.disputed) is ("not" in said)


async def test_a_failed_judge_fails_the_judgement(
    transcript: Transcript, driver: Case, rubric: Rubric
) -> None:
    judgement, final = await judge(transcript, driver, rubric, Fixed("openai:a"), Broken("openai:b"))
    assert final == {}
    assert [(f.kind, f.where) for f in judgement.failures] == [("malformed", "openai:b")]


async def test_verdicts_come_in_the_rubrics_order(
    transcript: Transcript, driver: Case, rubric: Rubric
) -> None:
    judgement, _ = await judge(transcript, driver, rubric, Fixed("openai:a"))
    ids = [item.id for item in rubric.items] + [cap.id for cap in rubric.caps]
    assert [verdict.item for verdict in judgement.verdicts] == ids


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("openai:qwen2.5-7b-instruct", "qwen"),
        ("vllm:Qwen/Qwen3-32B", "qwen"),
        ("openai:Qingnang-9B", "glm"),
        ("openai:Qingnang-72B", "qwen"),
        ("openai:Citrus1.0-Qwen-72B", "qwen"),
        ("openai:deepseek-chat", "deepseek"),
        ("vllm:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "qwen"),
        ("vllm:deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "llama"),
        ("openai:gpt-4o-mini", "gpt"),
        ("openai:o3-mini", "gpt"),
        ("openai:claude-sonnet-4", "claude"),
        ("openai:glm-4-9b-chat-0414", "glm"),
        ("openai:chatglm3-6b", "glm"),
        ("openai:Baichuan-M2-32B", "baichuan"),
        ("openai:medgemma-27b", "gemini"),
        ("vllm-serve:mistralai/Mixtral-8x7B", "mistral"),
        ("openai:meta-llama/Llama-3.1-8B-Instruct", "llama"),
        ("ERNIE-Bot4", "ernie"),
        ("openai:my-own-model", None),
        ("scripted:expert", None),
        ("lexicon", None),
        ("human", None),
    ],
)
def test_families(spec: str, name: str | None) -> None:
    assert family(spec) == name


def test_a_judge_of_the_doctors_family_is_refused_unless_forced() -> None:
    with pytest.raises(ConfigError) as caught:
        check_families("openai:Qingnang-72B", ["openai:deepseek-chat", "openai:qwen-max"])
    assert "qwen-max" in caught.value.what
    assert "--allow-same-family" in caught.value.mend
    assert check_families("openai:Qingnang-72B", ["openai:qwen-max"], allow=True) == ["openai:qwen-max"]
    assert check_families("openai:my-own", ["openai:my-own"], allow=True) == ["openai:my-own"]
    assert check_families("scripted:expert", ["lexicon", "openai:qwen-max"]) == []
    assert check_families("openai:my-own", ["openai:other"]) == []


async def test_a_forced_judge_of_the_own_family_is_flagged(
    transcript: Transcript, driver: Case, rubric: Rubric
) -> None:
    own = transcript.model_copy(update={"doctor": "openai:qwen-turbo"})
    judgement, _ = await judge(own, driver, rubric, Fixed("openai:qwen-max"))
    assert judgement.flags["own_family"] == 1


async def test_a_judge_that_leaves_an_item_out_fails_the_judgement(
    transcript: Transcript, driver: Case, rubric: Rubric
) -> None:
    class Forgetful(Fixed):
        async def judge(self, *args: object, **kwargs: object) -> list[Verdict]:
            return (await super().judge(*args, **kwargs))[2:]  # type: ignore[arg-type]

    judgement, final = await judge(transcript, driver, rubric, Forgetful("openai:a"))
    assert final == {}
    assert "no verdict on" in judgement.failures[0].message
