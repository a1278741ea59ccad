import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dialogue_sim.scoring.bootstrap import bca_interval, bootstrap_means, case_counts, mean_intervals


def test_each_draw_takes_as_many_cases_as_there_are():
    counts = np.concatenate(list(case_counts(37, draws=20_000)))
    assert counts.shape == (20_000, 37)
    assert (counts.sum(axis=1) == 37).all()
    assert counts.var() == pytest.approx(36 / 37, rel=0.02)


def test_missing_values_leave_the_mean_of_their_column_only():
    columns = np.array([[1.0, 1.0], [2.0, np.nan], [6.0, 5.0]])
    counts = np.concatenate(list(case_counts(3, draws=500)))
    means = bootstrap_means(columns, draws=500)
    assert means[:, 0] == pytest.approx(counts @ columns[:, 0] / 3)
    known = counts[:, [0, 2]].sum(axis=1)
    expected = np.divide(counts[:, 0] + 5 * counts[:, 2], known, out=np.full(500, np.nan), where=known > 0)
    assert means[:, 1] == pytest.approx(expected, nan_ok=True)


def test_percentile_interval_agrees_with_scipy_and_with_t():
    values = np.random.default_rng(1).gamma(2, 10, 400)
    ((low, high),) = mean_intervals(values[:, None])
    reference = stats.bootstrap((values,), np.mean, method="percentile", rng=2).confidence_interval
    assert (low, high) == pytest.approx((reference.low, reference.high), abs=0.12)


@pytest.mark.parametrize("n", [8, 15, 40])
def test_few_cases_get_the_length_of_the_t_interval(n):
    values = stats.norm.ppf((np.arange(n) + 0.5) / n) * 10 + 50
    ((low, high),) = mean_intervals(values[:, None])
    reference = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert high - low == pytest.approx(reference[1] - reference[0], rel=0.06)


def test_bca_agrees_with_scipy():
    for seed, events in ((3, 6), (4, 40)):
        values = np.random.default_rng(seed).permutation(np.r_[np.ones(events), np.zeros(300 - events)])
        reference = stats.bootstrap(
            (values,), np.mean, method="BCa", n_resamples=20_000, rng=5
        ).confidence_interval
        assert bca_interval(values) == pytest.approx((reference.low, reference.high), abs=0.005)
    skewed = np.random.default_rng(6).exponential(10, 80)
    reference = stats.bootstrap(
        (skewed,), np.mean, method="BCa", n_resamples=20_000, rng=5
    ).confidence_interval
    assert bca_interval(skewed) == pytest.approx((reference.low, reference.high), abs=0.15)


def test_bca_of_few_skewed_cases_agrees_with_scipy():
    skewed = np.array([0.0, 0.1, 0.2, 0.4, 0.5, 0.9, 1.3, 2.0, 4.0, 30.0])
    reference = stats.bootstrap(
        (skewed,), np.mean, method="BCa", n_resamples=50_000, rng=5
    ).confidence_interval
    assert bca_interval(skewed, draws=50_000) == pytest.approx((reference.low, reference.high), rel=0.03)


def test_one_case_has_no_interval_and_equal_cases_a_point():
    assert mean_intervals(np.array([[3.0]])) == [None]
    assert bca_interval(np.array([3.0])) is None
    assert bca_interval(np.full(9, 0.1)) == pytest.approx((0.1, 0.1))
    assert mean_intervals(np.full((9, 1), 7.0)) == [pytest.approx((7.0, 7.0))]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30), st.floats(-100, 100))
def test_shifting_all_cases_shifts_the_interval(values, shift):
    column = np.array(values)[:, None]
    ((low, high),) = mean_intervals(column, draws=1000)
    ((moved_low, moved_high),) = mean_intervals(column + shift, draws=1000)
    assert (moved_low, moved_high) == pytest.approx((low + shift, high + shift), abs=1e-8)


def test_same_seed_same_draws_other_seed_other_draws():
    columns = np.random.default_rng(0).normal(size=(30, 2))
    assert (bootstrap_means(columns, draws=50) == bootstrap_means(columns, draws=50)).all()
    assert (bootstrap_means(columns, draws=50) != bootstrap_means(columns, draws=50, seed=1)).any()


def test_interval_covers_the_truth():
    """Coverage of the 95 % interval at 12 and at 60 cases: Monte Carlo error of 2,000 sets is 0.5 %."""
    rng = np.random.default_rng(11)
    for n in (12, 60):
        intervals = mean_intervals(rng.normal(70, 12, (n, 2000)), draws=1000)
        covered = np.mean([low <= 70 <= high for low, high in intervals])
        assert 0.93 <= covered <= 0.97
