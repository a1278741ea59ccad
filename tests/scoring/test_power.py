import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower

from dialogue_sim.scoring.power import (
    CENTRAL,
    OPTIMISTIC,
    PESSIMISTIC,
    cases_needed,
    detectable_difference,
    plans,
    power_of,
)

TABLE = [
    (OPTIMISTIC, 1, 1, 10.4, 5298, 847, 211),
    (OPTIMISTIC, 5, 3, 5.8, 1648, 263, 65),
    (OPTIMISTIC, 10, 3, 5.1, 1265, 202, 50),
    (CENTRAL, 1, 1, 15.2, 11381, 1820, 455),
    (CENTRAL, 3, 3, 10.9, 5799, 927, 231),
    (CENTRAL, 5, 3, 10.0, 4892, 782, 195),
    (CENTRAL, 10, 3, 9.3, 4212, 673, 168),
    (PESSIMISTIC, 1, 1, 19.4, 18543, 2966, 741),
    (PESSIMISTIC, 5, 3, 13.1, 8404, 1344, 336),
]
"""The published planning table; its counts are rounded, ours are rounded up."""


@pytest.mark.parametrize(("noise", "runs", "votes", "sd", "n04", "n1", "n2"), TABLE)
def test_planning_table(noise, runs, votes, sd, n04, n1, n2):
    paired = noise.paired_sd(runs, votes)
    assert paired == pytest.approx(sd, abs=0.051)
    for difference, n in ((0.4, n04), (1, n1), (2, n2)):
        assert 0 <= cases_needed(difference, paired) - n <= 1


def test_fixed_benchmark_needs_only_runs():
    """500 given cases, σ_seed 8, σ_judge 4, 3 votes: the standard error of a difference."""
    for runs, error in ((1, 0.53), (5, 0.24), (10, 0.17)):
        sd = CENTRAL.paired_sd(runs, 3, "benchmark")
        assert sd / 500**0.5 == pytest.approx(error, abs=0.006)
    assert detectable_difference(500, CENTRAL.paired_sd(13, 3, "benchmark")) == pytest.approx(0.4, abs=0.02)


def test_default_release_detects_about_two_points():
    assert detectable_difference(300, CENTRAL.paired_sd(3, 3)) == pytest.approx(1.8, abs=0.05)
    assert detectable_difference(300, PESSIMISTIC.paired_sd(3, 3)) == pytest.approx(2.3, abs=0.05)


def test_power_equals_statsmodels():
    reference = NormalIndPower(ddof=0).power(effect_size=2 / 15, nobs1=200, alpha=0.05, ratio=0)
    assert power_of(2, 200, 15) == pytest.approx(reference, abs=1e-6)


@given(st.floats(0.2, 20), st.floats(1, 40), st.floats(0.7, 0.99))
def test_the_planned_cases_have_the_power_and_one_fewer_has_not(difference, sd, power):
    n = cases_needed(difference, sd, power=power)
    assert power_of(difference, n, sd) >= power - 1e-6
    if n > 20:
        assert power_of(difference, n - 1, sd) < power + 1e-4


def test_plans_are_sorted_by_what_they_cost():
    found = plans(CENTRAL, 2)
    assert [p.dialogues for p in found] == sorted(p.dialogues for p in found)
    assert {(p.runs, p.votes) for p in found} == {(r, j) for r in (1, 3, 5, 10) for j in (1, 3)}
    assert all(p.votes_cast == p.cases * p.runs * p.votes for p in found)
    assert len(plans(CENTRAL, 2, runs=iter([1, 2]), votes=iter([1, 2]))) == 4


def test_no_number_of_cases_finds_nothing():
    with pytest.raises(ValueError, match="positive"):
        cases_needed(0, 10)
