import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from dialogue_sim.scoring.compare import compare, differences, holm, rate_difference, sign_flip
from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard
from dialogue_sim.scoring.shape import Shape

SHAPE = Shape(dimensions={"A": 60, "C": 40}, items={"A1": ("A", 1), "C1": ("C", 1)}, caps={"G1": 40})


def card(scores, *, caps=(), broken=()):
    results = [
        DialogueResult(
            case,
            0,
            DialogueScore(score, score, {"A": score, "C": score}, ["G1"] if case in caps else [], 0),
            protocol_failures=["loop"] if case in broken else [],
        )
        for case, score in scores.items()
    ]
    return scorecard(results, SHAPE)


def columns(gaps):
    return {
        "x": {f"c{i}": 50 + g for i, g in enumerate(gaps)},
        "y": {f"c{i}": 50.0 for i in range(len(gaps))},
    }


@pytest.mark.parametrize("n", [6, 10, 13])
def test_sign_flip_is_exact_for_few_cases(n):
    gaps = np.random.default_rng(n).normal(0.6, 1, n)
    reference = stats.permutation_test(
        (gaps,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert sign_flip(gaps[:, None])[0] == pytest.approx(reference.pvalue)


def test_sign_flip_agrees_with_scipy_for_many_cases():
    gaps = np.random.default_rng(1).normal(1.5, 10, (200, 3))
    for column, p in zip(gaps.T, sign_flip(gaps), strict=True):
        reference = stats.permutation_test(
            (column,), np.mean, permutation_type="samples", n_resamples=9_999, vectorized=True, rng=1
        )
        assert p == pytest.approx(reference.pvalue, abs=0.015)


def test_sign_flip_of_yes_and_no_is_mcnemar():
    a = {f"c{i}": float(i < 9) for i in range(12)}
    b = {f"c{i}": float(i >= 9) for i in range(12)}
    assert rate_difference(a, b).p == pytest.approx(sign_flip(np.array([[a[c] - b[c]] for c in a]))[0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p):
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))


def test_paired_difference_cancels_the_case():
    rng = np.random.default_rng(2)
    difficulty = rng.normal(60, 20, 80)
    noise = rng.normal(0, 2, (2, 80))
    models = {
        name: {f"c{i}": difficulty[i] + shift + noise[k, i] for i in range(80)}
        for k, (name, shift) in enumerate({"good": 2.0, "poor": 0.0}.items())
    }
    (found,) = differences(models, [("good", "poor")])
    gaps = np.array([models["good"][c] - models["poor"][c] for c in models["good"]])
    assert found.mean == pytest.approx(gaps.mean())
    assert found.dz == pytest.approx(gaps.mean() / gaps.std(ddof=1))
    assert found.ci95 == pytest.approx(stats.t.interval(0.95, 79, gaps.mean(), stats.sem(gaps)), abs=0.1)
    assert found.p < 0.001
    assert found.not_worse
    (reverse,) = differences(models, [("poor", "good")])
    assert not reverse.not_worse
    assert reverse.p == found.p


def test_a_tie_is_not_worse_only_where_cases_suffice():
    gaps = np.tile([8.0, -8.0], 10)
    assert not differences(columns(gaps), [("x", "y")])[0].not_worse
    assert differences(columns(np.tile(gaps, 40)), [("x", "y")])[0].not_worse


def test_not_worse_is_a_one_sided_question():
    """Standard error 0.55: the one-sided 95 % limit is −0.91, the two-sided one −1.09."""
    gaps = np.tile([1.0, -1.0], 50)
    (found,) = differences(columns(gaps * 0.55 * 99**0.5), [("x", "y")])
    assert found.ci95[0] < -1
    assert found.not_worse


def test_p_is_never_zero():
    assert sign_flip(np.full((200, 1), 5.0)) == [pytest.approx(1 / 10_001)]


def test_identical_models_differ_by_nothing():
    (found,) = differences(columns([0.0] * 20), [("x", "y")])
    assert (found.mean, found.ci95, found.p, found.dz) == (0, (0, 0), 1, None)


def test_one_case_gives_no_interval():
    (found,) = differences(columns([5.0]), [("x", "y")])
    assert found.ci95 is None
    assert found.p == 1
    assert not found.not_worse


def test_refuses_models_on_different_cases():
    with pytest.raises(ValueError, match="same cases"):
        differences({"x": {"a": 1.0, "b": 2.0}, "y": {"a": 1.0}}, [("x", "y")])


def test_compare_keeps_to_common_cases_and_names_the_others():
    one = card({"a": 80, "b": 60, "c": 70}, caps=["a"])
    other = card({"b": 50, "c": 75, "d": 10}, broken=["c"])
    found = compare("one", one, "other", other)
    assert found.left_out == {"one": ["a"], "other": ["d"]}
    assert found.score.n_cases == 2
    assert found.score.mean == pytest.approx(2.5)
    assert found.caps["G1"].rate_a == 0
    assert found.protocol_failure.mean == -0.5
    assert found.usable_at_60.rate_b == 0.5
    assert set(found.dimensions) == {"A", "C"}
    with pytest.raises(ValueError, match="no case in common"):
        compare("one", card({"a": 1}), "other", card({"b": 1}))
    with pytest.raises(ValueError, match="called one"):
        compare("one", one, "one", other)


def test_dimensions_are_corrected_for_one_another():
    rng = np.random.default_rng(4)
    cases = [f"c{i}" for i in range(25)]
    one, other = (
        card(dict(zip(cases, rng.normal(62, 5, 25), strict=True))),
        card(dict(zip(cases, rng.normal(60, 5, 25), strict=True))),
    )
    for difference in compare("one", one, "other", other).dimensions.values():
        assert difference.p_holm == pytest.approx(min(1, 2 * difference.p))


def test_rate_difference_of_a_rare_event_is_skewed_away_from_zero():
    events = {f"c{i}": float(i < 4) for i in range(100)}
    found = rate_difference(events, dict.fromkeys(events, 0.0))
    low, high = found.ci95
    assert low >= 0
    assert high - found.mean > found.mean - low
    assert found.p == pytest.approx(0.125)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-40, 40), min_size=2, max_size=20))
def test_swapping_the_models_mirrors_the_figures(gaps):
    models = columns(gaps)
    (forth,), (back,) = differences(models, [("x", "y")]), differences(models, [("y", "x")])
    assert back.mean == pytest.approx(-forth.mean)
    assert back.p == forth.p
    assert back.ci95 == pytest.approx((-forth.ci95[1], -forth.ci95[0]), abs=1e-6)
    assert 0 < forth.p <= forth.p_holm <= 1
