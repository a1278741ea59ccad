import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from dialogue_sim.scoring.intervals import clustered_rate, mcnemar, wilson, zero_events_bound


@given(st.integers(1, 400), st.data())
def test_wilson_equals_scipy(n, data):
    events = data.draw(st.integers(0, n))
    reference = binomtest(events, n).proportion_ci(method="wilson")
    assert wilson(events / n, n) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_runs_that_are_alike_count_once_and_independent_runs_count_each():
    alike = [[i < 20] * 5 for i in range(100)]
    assert clustered_rate(alike)[1] == pytest.approx(wilson(0.2, 99), abs=2e-3)
    spread = [[i % 5 == r for r in range(5)] for i in range(100)]
    assert clustered_rate(spread)[1] == pytest.approx(wilson(0.2, 100))
    opposite = [[True, False] if i % 2 else [False, False] for i in range(100)]
    low, high = clustered_rate(opposite)[1]
    assert wilson(0.25, 100)[0] < low < high < wilson(0.25, 100)[1]


def test_effective_number_of_runs_by_hand():
    """Rates 1, ½, ½, 0 of two runs each: Var(p̂) = ½ / (4 · 3), so n = ¼ / (1/24) = 6 of the 8 runs."""
    rate, interval = clustered_rate([[True, True], [True, False], [False, True], [False, False]])
    assert rate == 0.5
    assert interval == pytest.approx(wilson(0.5, 6))


def test_no_event_in_any_run_is_bounded_by_cases_not_runs():
    assert clustered_rate([[False] * 10] * 50) == (0, wilson(0, 50))


def test_rule_of_three():
    assert zero_events_bound(300) == pytest.approx(0.01)
    assert zero_events_bound(1) == 1


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_statsmodels(a, b):
    reference = reference_mcnemar([[5, a], [b, 5]], exact=True).pvalue
    assert mcnemar(a, b) == pytest.approx(min(1.0, float(reference)), abs=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(0.5, 0),
        lambda: wilson(1.1, 5),
        lambda: clustered_rate([]),
        lambda: zero_events_bound(0),
        lambda: mcnemar(-1, 2),
    ],
)
def test_refuses_what_has_no_interval(call):
    with pytest.raises(ValueError, match=r"."):
        call()
