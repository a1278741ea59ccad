import numpy as np
import pytest
from pandas import DataFrame
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard
from dialogue_sim.scoring.shape import Shape
from dialogue_sim.scoring.variance import Observation, components, decision_study, observations, reml


def pilot(models=5, cases=40, runs=3, judges=3, votes=2, sd=(7, 9, 6, 8, 3, 4), seed=0):
    rng = np.random.default_rng(seed)
    model, case = rng.normal(0, sd[0], models), rng.normal(0, sd[1], cases)
    cell, run = rng.normal(0, sd[2], (models, cases)), rng.normal(0, sd[3], (models, cases, runs))
    judge = rng.normal(0, sd[4], judges)
    return [
        Observation(
            f"m{m}", f"c{c}", r, f"j{j}", 60 + model[m] + case[c] + cell[m, c] + run[m, c, r] + judge[j] + e
        )
        for m in range(models)
        for c in range(cases)
        for r in range(runs)
        for j in range(judges)
        for e in rng.normal(0, sd[5], votes)
    ]


def test_balanced_data_give_the_analysis_of_variance():
    rows = pilot(4, 10, 2, 1, 1)
    frame = DataFrame(rows)
    squares = anova_lm(ols("score ~ C(model) * C(case)", frame).fit())["mean_sq"]
    m, c, mc, error = (squares[k] for k in ("C(model)", "C(case)", "C(model):C(case)", "Residual"))
    found = components(rows)
    assert found.seed == pytest.approx(error)
    assert found.model_case == pytest.approx((mc - error) / 2)
    assert found.model == pytest.approx((m - mc) / 20)
    assert found.case == pytest.approx((c - mc) / 8)
    assert found.vote is None
    assert found.judge is None
    assert found.folded == {"seed": ["vote"]}


def test_balanced_data_agree_with_restricted_maximum_likelihood():
    rows = pilot(4, 10, 2, 1, 1)
    found, check = components(rows), reml(rows)
    for name in ("model", "case", "model_case", "seed"):
        assert check[name] == pytest.approx(getattr(found, name), rel=0.02)


def test_known_components_come_back_from_an_unbalanced_pilot():
    """The mean over 12 pilots with a third of the rows missing lies within 3 standard errors of the truth."""
    truth = {"model": 49, "case": 81, "model_case": 36, "seed": 64, "judge": 9, "vote": 16}
    found = []
    for seed in range(12):
        rows = pilot(8, 25, 3, 4, 2, seed=seed)
        keep = np.random.default_rng(seed).random(len(rows)) > 1 / 3
        found.append(components([row for row, kept in zip(rows, keep, strict=True) if kept]))
    for name, value in truth.items():
        estimates = np.array([getattr(one, name) for one in found])
        assert abs(estimates.mean() - value) < 3 * estimates.std(ddof=1) / 12**0.5


def test_standard_errors_are_of_the_size_of_the_scatter():
    found = [components(pilot(6, 20, 2, 1, 2, seed=seed)) for seed in range(30)]
    for name in ("case", "model_case", "seed", "vote"):
        scatter = np.std([getattr(one, name) for one in found], ddof=1)
        assert np.mean([one.errors[name] for one in found]) == pytest.approx(scatter, rel=0.45)


def test_shifting_all_scores_and_mixing_the_rows_change_nothing():
    rows = pilot(3, 8, 2, 2, 1)
    moved = [row._replace(score=row.score + 1000) for row in reversed(rows)]
    one, other = components(rows).model_dump(), components(moved).model_dump()
    for name in ("model", "case", "model_case", "seed", "judge"):
        assert other[name] == pytest.approx(one[name], abs=1e-6)


def test_one_run_a_case_leaves_the_seed_in_model_by_case():
    found = components(pilot(5, 30, 1, 1, 1))
    assert found.seed is None
    assert found.vote is None
    assert found.folded == {"model_case": ["seed", "vote"]}
    assert found.model_case == pytest.approx(36 + 64 + 16, rel=0.35)
    assert found.noise().seed == 0
    votes = components(pilot(5, 30, 1, 1, 3))
    assert votes.folded == {"model_case": ["seed"]}
    assert votes.vote == pytest.approx(16, rel=0.2)


def test_negative_estimates_are_cut_and_named():
    found = components(pilot(5, 20, 2, 1, 1, sd=(0, 0, 0, 8, 0, 0), seed=4))
    assert found.truncated
    assert all(getattr(found, name) == 0 for name in found.truncated)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "two models"),
        ([Observation("m", f"c{i}", 0, "j", 1.0) for i in range(5)], "two models"),
        ([Observation(f"m{i}", "c", 0, "j", 1.0) for i in range(5)], "two cases"),
        ([Observation(f"m{i}", f"c{i}", 0, "j", float(i)) for i in range(5)], "tell the components apart"),
    ],
)
def test_refuses_layouts_that_show_nothing(rows, message):
    with pytest.raises(ValueError, match=message):
        components(rows)


def test_scorecards_make_a_pilot():
    rows = pilot(3, 8, 2, 1, 1)
    cards = {
        model: scorecard(
            [
                DialogueResult(row.case, row.replicate, DialogueScore(row.score, row.score, {}, [], 0))
                for row in rows
                if row.model == model
            ],
            Shape({}, {}, {}),
        )
        for model in ("m0", "m1", "m2")
    }
    assert components(observations(cards)) == components(rows)


def test_restricted_maximum_likelihood_needs_two_runs():
    with pytest.raises(ValueError, match="one run"):
        reml(pilot(3, 4, 1, 1, 1))


def test_decision_study_follows_the_formulas():
    found = components(pilot())
    (design,) = decision_study(found, cases=[50], runs=[2], votes=[3], dialogue_cost=0.02, vote_cost=0.01)
    blur = found.model_case / 50 + found.seed / 100 + found.vote / 300
    assert design.e_rho2 == pytest.approx(found.model / (found.model + blur))
    shift = found.case / 50 + found.judge / 3
    assert design.phi == pytest.approx(found.model / (found.model + blur + shift))
    assert design.cost == pytest.approx(50 * 2 * (0.02 + 3 * 0.01))
    assert design.detectable == pytest.approx(2.8016 * (2 * blur) ** 0.5, rel=1e-4)


def test_more_of_anything_never_lowers_the_coefficients():
    designs = decision_study(components(pilot()), cases=[20, 100], runs=[1, 4], votes=[1, 2])
    assert [d.cost for d in designs] == sorted(d.cost for d in designs)
    for small in designs:
        for large in designs:
            if large.cases >= small.cases and large.runs >= small.runs and large.votes >= small.votes:
                assert large.e_rho2 >= small.e_rho2
                assert large.phi >= small.phi
                assert large.detectable <= small.detectable
        assert 0 <= small.phi <= small.e_rho2 <= 1
