import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from dialogue_sim.scoring.agreement import ac1, alpha, bland_altman, icc, kappa, kappa_gap

NAN = np.nan

GWET = np.array(
    [
        [1, 1, NAN, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
        [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [NAN, 5, 5, 5], [NAN, NAN, 1, 1], [NAN, NAN, 3, NAN],
    ]
)  # fmt: skip
"""Twelve units, four raters, with gaps: the standard example, for which irrCAC 0.4.4 gives the figures below."""

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
"""Shrout and Fleiss 1979, table 2."""

marks = st.sampled_from([0.0, 0.5, 1.0])
pairs = st.lists(st.tuples(marks, marks), min_size=3, max_size=40)


def judged(n=150, agree=0.8, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.choice([0.0, 0.5, 1.0], n)
    return a, np.where(rng.random(n) < agree, a, rng.choice([0.0, 0.5, 1.0], n))


@settings(max_examples=40, deadline=None)
@given(pairs, st.sampled_from(["none", "quadratic"]))
def test_kappa_equals_statsmodels(values, weights):
    a, b = np.array(values).T
    table = np.array([[((a == x) & (b == y)).sum() for y in (0, 0.5, 1)] for x in (0, 0.5, 1)])
    with np.errstate(all="ignore"):
        reference = cohens_kappa(table, wt=None if weights == "none" else "quadratic", return_results=False)
    found = kappa(a, b, range(len(a)), weights=weights).value
    assert (NAN if found is None else found) == pytest.approx(float(reference), abs=1e-9, nan_ok=True)


def test_kappa_interval_agrees_with_the_asymptotic_one():
    a, b = judged(400)
    table = np.array([[((a == x) & (b == y)).sum() for y in (0, 0.5, 1)] for x in (0, 0.5, 1)])
    reference = cohens_kappa(table)
    found = kappa(a, b, range(len(a)))
    assert found.ci95 == pytest.approx((reference.kappa_low, reference.kappa_upp), abs=0.01)


def test_items_of_one_transcript_are_not_independent():
    a, b = judged(60)
    once = kappa(a, b, range(60))
    copied = kappa(np.repeat(a, 5), np.repeat(b, 5), np.repeat(np.arange(60), 5).tolist())
    assert copied.value == pytest.approx(once.value)
    assert copied.ci95 == pytest.approx(once.ci95)
    assert (copied.n, copied.n_clusters) == (300, 60)


@pytest.mark.parametrize("metric", ["nominal", "interval"])
def test_alpha_equals_krippendorff(metric):
    found = alpha(GWET, range(12), metric=metric)
    assert found.value == pytest.approx(krippendorff.alpha(GWET.T, level_of_measurement=metric))
    assert found.n == 11
    rng = np.random.default_rng(3)
    for _ in range(10):
        ratings = rng.choice([0, 0.5, 1, NAN], (30, 4), p=[0.3, 0.2, 0.4, 0.1])
        reference = krippendorff.alpha(ratings.T, level_of_measurement=metric)
        assert alpha(ratings, range(30), metric=metric).value == pytest.approx(reference)


def test_gwet_ac1_and_alpha_of_the_standard_example():
    assert ac1(GWET, range(12)).value == pytest.approx(0.77544, abs=1e-5)
    assert alpha(GWET, range(12)).value == pytest.approx(0.74342, abs=1e-5)


def test_ac1_stays_up_where_kappa_breaks_down():
    a = np.r_[np.ones(95), 0, 0, 1, 1, 1]
    b = np.r_[np.ones(95), 1, 1, 0, 0, 0]
    assert kappa(a, b, range(100)).value < 0
    assert ac1(np.column_stack([a, b]), range(100)).value > 0.9


def test_icc_of_shrout_and_fleiss():
    single, average = icc(SHROUT_FLEISS)
    assert single.value == pytest.approx(0.289764, abs=1e-6)
    assert average.value == pytest.approx(0.620051, abs=1e-6)
    shifted = icc(SHROUT_FLEISS + 1000)[0]
    assert shifted.value == pytest.approx(single.value)
    assert shifted.ci95 == pytest.approx(single.ci95, abs=1e-6)


def test_icc_interval_covers_the_truth():
    """True ICC(2,1) = 100 / (100 + 60); 40 transcripts, 3 raters, few enough sets to be quick."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        ratings = rng.normal(70, 10, (40, 1)) + rng.normal(0, 60**0.5, (40, 3))
        low, high = icc(ratings)[0].ci95
        covered += low <= 100 / 160 <= high
    assert covered >= 52


def test_bland_altman():
    rng = np.random.default_rng(6)
    a = rng.normal(70, 10, 300)
    found = bland_altman(a, a + rng.normal(2, 4, 300))
    assert found.bias.value == pytest.approx(-2, abs=0.7)
    assert found.bias.ci95[0] < -2 < found.bias.ci95[1]
    assert found.upper_limit.value - found.lower_limit.value == pytest.approx(2 * 1.96 * 4, rel=0.1)
    assert found.lower_limit.ci95[0] < found.lower_limit.value < found.lower_limit.ci95[1]
    exact = bland_altman(a, a - 3)
    assert exact.bias.value == pytest.approx(3)
    assert exact.upper_limit.value == pytest.approx(3)


def test_gap_between_judge_and_humans():
    truth, _ = judged(400, seed=7)
    rng = np.random.default_rng(8)

    def rater(agree):
        return np.where(rng.random(400) < agree, truth, rng.choice([0.0, 0.5, 1.0], 400))

    humans = np.column_stack([rater(0.8), rater(0.8)])
    good, poor = (kappa_gap(rater(agree), humans, range(400)) for agree in (0.9, 0.4))
    assert good.ci95[0] > -0.10
    assert poor.ci95[1] < -0.10
    one, two = humans.T
    judge = rater(0.9)
    by_hand = (kappa(judge, one, range(400)).value + kappa(judge, two, range(400)).value) / 2
    assert kappa_gap(judge, humans, range(400)).value == pytest.approx(
        by_hand - kappa(one, two, range(400)).value
    )
    with pytest.raises(ValueError, match="two human raters"):
        kappa_gap(judge, humans[:, :1], range(400))


def test_all_alike_has_agreement_but_no_kappa():
    same = np.ones(20)
    assert kappa(same, same, range(20)).value is None
    assert alpha(np.ones((20, 2)), range(20)).value is None
    assert ac1(np.ones((20, 2)), range(20)).value == 1
    rare = np.r_[np.ones(39), 0]
    assert kappa(rare, rare, range(40)).value == 1
    assert kappa(rare, rare, range(40)).ci95 is None


def test_gaps_and_nothing_at_all():
    a, b = judged(40)
    holes = np.where(np.arange(40) < 10, NAN, a)
    assert kappa(holes, b, range(40)).value == pytest.approx(kappa(a[10:], b[10:], range(30)).value)
    nothing = np.full(4, NAN)
    assert kappa(nothing, nothing, range(4)).model_dump() == {
        "value": None,
        "ci95": None,
        "n": 0,
        "n_clusters": 4,
    }
    assert ac1(np.full((4, 2), NAN), range(4)).value is None
    assert icc(np.full((4, 2), NAN))[0].value is None
    assert bland_altman(nothing, nothing).bias.value is None
    assert bland_altman(np.array([1.0]), np.array([2.0])).upper_limit.value is None


@settings(max_examples=30, deadline=None)
@given(pairs, st.integers(0, 99))
def test_order_and_side_change_nothing_and_bounds_hold(values, seed):
    a, b = np.array(values).T
    order = np.random.default_rng(seed).permutation(len(a))
    for coefficient in (
        lambda x, y: kappa(x, y, range(len(x)), weights="quadratic").value,
        lambda x, y: ac1(np.column_stack([x, y]), range(len(x))).value,
        lambda x, y: alpha(np.column_stack([x, y]), range(len(x)), metric="interval").value,
        lambda x, y: icc(np.column_stack([x, y]))[0].value,
    ):
        first = coefficient(a, b)
        assert first is None or first <= 1 + 1e-9
        for other in (coefficient(b, a), coefficient(a[order], b[order])):
            assert (first is None and other is None) or other == pytest.approx(first, abs=1e-7)
