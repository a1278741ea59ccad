"""Planning: the planning table of the statistics section, a pilot's components, votes taken one by one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from made_runs import CAPS, ITEMS, RUBRIC, make_run, steady

from dialogue_sim.errors import ConfigError
from dialogue_sim.judging.verdict import Judgement, Verdict
from dialogue_sim.reports.entries import read_entries
from dialogue_sim.reports.pages import markdown
from dialogue_sim.reports.planning import assumed_noise, pilot_components, planned, vote_scores
from dialogue_sim.reports.planning_pages import planning_page
from dialogue_sim.scoring.power import CENTRAL, Noise


def plan(noise: Noise, difference: float = 2.0, **more):
    given = {"cases": [100, 300], "runs": [1, 3], "votes": [1, 3], "power": 0.8, "target": "cases"} | more
    return planned(noise, "central", difference=difference, **given)


@pytest.mark.parametrize(
    ("noise", "runs", "votes", "difference", "cases"),
    [
        ("optimistic", 1, 1, 1.0, 847), ("optimistic", 5, 3, 2.0, 65), ("central", 3, 3, 2.0, 231),
        ("central", 1, 1, 2.0, 455), ("central", 10, 3, 1.0, 673), ("pessimistic", 5, 3, 2.0, 336),
        ("8,10,5", 1, 1, 1.0, 2966),
    ],
)  # fmt: skip
def test_it_gives_the_published_planning_table(
    noise: str, runs: int, votes: int, difference: float, cases: int
) -> None:
    found = plan(assumed_noise(noise)[1], difference, runs=[runs], votes=[votes])
    assert found.plans[0].cases == pytest.approx(cases, abs=1)


def test_a_design_that_is_enough_in_the_plan_is_enough_in_the_study() -> None:
    first = plan(CENTRAL).plans[0]
    for extra, enough in ((0, True), (-2, False)):
        found = plan(CENTRAL, cases=[first.cases + extra], runs=[first.runs], votes=[first.votes])
        assert found.study[0].enough is enough
        assert (found.study[0].power >= 0.8) is enough


def test_only_cases_help_against_the_noise_of_models_on_cases() -> None:
    of_cases = plan(CENTRAL, runs=[100], votes=[25]).plans[0]
    of_benchmark = plan(CENTRAL, runs=[100], votes=[25], target="benchmark").plans[0]
    assert of_cases.cases > 100 > of_benchmark.cases


def test_noise_that_is_none_is_refused() -> None:
    for text in ("loud", "1,2", "0,0,0", "-1,2,3"):
        with pytest.raises(ConfigError) as refusal:
            assumed_noise(text)
        assert refusal.value.where == "--noise"


def test_a_pilot_gives_components_coefficients_and_tokens(tmp_path: Path) -> None:
    usage = [
        {
            "role": role,
            "model": "m",
            "calls": 1,
            "prompt": 9_000,
            "completion": 600,
            "cached": 0,
            "reasoning": 0,
        }
        for role in ("doctor", "judge")
    ]
    folders = [
        make_run(tmp_path / name, f"openai:{name}", steady(level), cases=12, seeds=2, usage=usage)
        for name, level in (("a", 0.3), ("b", 0.5), ("c", 0.7))
    ]
    entries = read_entries([str(folder) for folder in folders])
    components = pilot_components(entries)
    assert components.n_models == 3
    assert components.model > components.model_case
    assert components.folded["seed"] == ["vote"], "one judge with one vote cannot show votes"
    found = plan(components.noise(), pilot=entries, found=components)
    row = next(row for row in found.study if (row.cases, row.runs, row.votes) == (100, 3, 3))
    assert row.phi is not None
    assert row.e_rho2 is not None
    assert 0 < row.phi <= row.e_rho2 <= 1
    # 24 dialogues took 9,600 tokens to hold and as many to judge once.
    assert row.tokens == pytest.approx(300 * (400 + 3 * 400))
    for language, word in (("zh", "方差成分"), ("en", "Components of variance")):
        assert word in markdown(planning_page(found, language))


def test_votes_are_scored_one_by_one(tmp_path: Path) -> None:
    asked = [name for name in ITEMS if name.startswith(("B", "C"))] + CAPS

    def votes(judgement: Judgement) -> list[Verdict]:
        chance = random.Random(judgement.dialogue_id)
        final = {verdict.item: verdict for verdict in judgement.verdicts}
        return [
            final[name].model_copy(update={"judge": judge, "vote": vote, **_flipped(final[name], chance)})
            for judge in ("openai:one", "openai:two")
            for vote in range(2)
            for name in asked
        ]

    folders = [
        make_run(tmp_path / name, f"openai:{name}", steady(level), cases=10, seeds=2, votes=votes)
        for name, level in (("a", 0.4), ("b", 0.7))
    ]
    entries = read_entries([str(folder) for folder in folders])
    components = pilot_components(entries)
    assert components.judge is not None
    assert components.vote is not None
    assert components.vote > 0
    assert components.folded == {}


def _flipped(verdict: Verdict, chance: random.Random) -> dict[str, object]:
    if verdict.item in CAPS or chance.random() > 0.2:
        return {}
    return {"value": 0.0, "mark": "not"} if verdict.value else {"value": 1.0, "mark": "met"}


def test_a_vote_on_caps_alone_has_no_score_of_its_own() -> None:
    def verdict(item: str, value: float, judge: str, vote: int = 0) -> Verdict:
        return Verdict(
            item=item,
            mark="met" if value else "not",
            value=value,
            method="transcript",
            judge=judge,
            vote=vote,
        )

    program = [verdict(item, 1.0, "program") for item in ITEMS]
    caps = [verdict(cap, 0.0, "j") for cap in CAPS]
    again = [verdict("G1", 1.0, "j", 1)]
    judgement = Judgement(
        dialogue_id="zh-x/3", case_id="zh-x", rubric=RUBRIC.id, rubric_version="0", rubric_sha256="0",
        verdicts=program + caps, votes=caps + again,
    )  # fmt: skip
    (only,) = vote_scores("m", judgement, RUBRIC)
    assert only == ("m", "zh-x", 3, "j", 100.0)


def test_a_difference_that_never_varies_plans_nothing() -> None:
    with pytest.raises(ConfigError, match="never varies"):
        plan(Noise(6, 0, 0), target="benchmark")


def test_a_pilot_of_one_model_is_refused(tmp_path: Path) -> None:
    alone = read_entries([str(make_run(tmp_path / "a", "openai:a", steady(0.5), cases=4))])
    with pytest.raises(ConfigError, match="two models"):
        pilot_components(alone)
