import numpy as np
import pytest

from dialogue_sim.scoring import selftest
from dialogue_sim.scoring.power import Noise
from dialogue_sim.scoring.selftest import dialogue_scores, self_test


def test_statistics_keep_their_word():
    checks = {check.name: check for check in self_test(sets=200)}
    assert len(checks) == 6
    for check in checks.values():
        assert check.passed, check
        assert check.found_ci95[0] <= check.found <= check.found_ci95[1]
    assert checks["power_as_planned"].found == pytest.approx(0.8, abs=0.06)


def test_the_check_catches_an_interval_that_takes_runs_for_independent(monkeypatch):
    """With each run as a case of its own the interval is too short, and the self-test must say so."""
    honest = selftest.mean_intervals

    def naive(columns, **options):
        return [
            (column.mean() + (low - column.mean()) / 3**0.5, column.mean() + (high - column.mean()) / 3**0.5)
            for column, (low, high) in zip(columns.T, honest(columns, **options), strict=True)
        ]

    monkeypatch.setattr(selftest, "mean_intervals", naive)
    failed = {check.name for check in self_test(sets=100) if not check.passed}
    assert failed == {"interval_coverage", "interval_coverage_with_caps"}


def test_same_number_of_sets_same_result():
    assert self_test(sets=10) == self_test(sets=10)


def test_simulated_scores_have_the_variances_asked_for():
    noise = Noise(6, 8, 4)
    scores = dialogue_scores(
        np.random.default_rng(1), noise, models=2, cases=20_000, runs=2, votes=4, case_sd=9, means=(70, 60)
    )
    assert scores.mean(axis=(1, 2)) == pytest.approx([70, 60], abs=0.3)
    means = scores.mean(axis=2)
    assert (means[0] - means[1]).std() == pytest.approx(noise.paired_sd(2, 4), rel=0.02)
    assert np.cov(means)[0, 1] == pytest.approx(81, rel=0.05)
