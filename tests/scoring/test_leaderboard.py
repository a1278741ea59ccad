import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue_sim.scoring.leaderboard import leaderboard, max_t, tie_groups


def board(means, *, n=120, sd=6.0, seed=0, **options):
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 10, n)
    models = {}
    for name, mean in means.items():
        noise = rng.normal(0, sd, n)
        values = mean + difficulty + noise - noise.mean()
        models[name] = {f"c{i:03}": float(v) for i, v in enumerate(values)}
    return leaderboard(models, **options)


def test_far_models_are_ranked_and_near_ones_tied():
    found = board({"a": 80, "b": 79.8, "c": 60, "d": 40})
    assert [row.model for row in found.rows] == ["a", "b", "c", "d"]
    assert [row.rank for row in found.rows] == [1, 2, 3, 4]
    assert [row.rank_range for row in found.rows] == [(1, 2), (1, 2), (3, 3), (4, 4)]
    assert found.groups == [["a", "b"], ["c"], ["d"]]
    assert 0.5 < found.rows[0].first_share < 0.9
    assert sum(row.first_share for row in found.rows) == pytest.approx(1)


def test_a_model_between_two_separated_ones_belongs_to_both_groups():
    found = board({"a": 72, "b": 70.9, "c": 69.8}, n=100)
    assert found.groups == [["a", "b"], ["b", "c"]]
    assert [row.groups for row in found.rows] == [[1], [1, 2], [2]]
    assert [row.rank_range for row in found.rows] == [(1, 2), (1, 3), (2, 3)]


def test_groups_pairs_and_simultaneous_intervals_tell_one_story():
    found = board({f"m{k}": 60 + 0.8 * k for k in range(8)}, n=90)
    groups_of = {row.model: set(row.groups) for row in found.rows}
    for pair in found.pairs:
        assert pair.mean >= 0
        assert pair.separated == (pair.ci95[0] > 0) == (pair.p <= 0.05)
        assert pair.separated != bool(groups_of[pair.a] & groups_of[pair.b])


def test_unstable_order_is_a_tie_whatever_the_cases_say():
    found = board({"a": 80, "b": 60}, unstable={frozenset("ab")})
    assert found.groups == [["a", "b"]]
    assert found.rows[0].rank_range == (1, 2)
    assert found.pairs[0].p < 0.01


def test_smallest_detectable_difference_uses_the_paired_spread():
    found = board({"a": 70, "b": 70}, n=200, sd=8.0, seed=3)
    assert found.smallest_detectable == pytest.approx(2.8016 * 8 * 2**0.5 / 200**0.5, rel=0.1)


def test_only_common_cases_are_ranked_and_the_others_named():
    found = leaderboard({"a": {"x": 50.0, "y": 60.0, "z": 0.0}, "b": {"x": 40.0, "y": 20.0}})
    assert found.n_cases == 2
    assert found.left_out == {"a": ["z"]}
    assert found.rows[0].score == 55
    with pytest.raises(ValueError, match="no case in common"):
        leaderboard({"a": {"x": 1.0}, "b": {"y": 1.0}})


def test_one_model_and_one_case():
    alone = leaderboard({"a": {"x": 50.0, "y": 60.0}})
    assert (alone.pairs, alone.groups, alone.smallest_detectable) == ([], [["a"]], None)
    single = leaderboard({"a": {"x": 90.0}, "b": {"x": 10.0}})
    assert single.pairs[0].ci95 is None
    assert single.groups == [["a", "b"]]
    with pytest.raises(ValueError, match="no model"):
        leaderboard({})


def test_identical_models_share_rank_and_group():
    scores = {f"c{i}": float(i) for i in range(20)}
    found = leaderboard({"a": scores, "b": dict(scores)})
    assert [row.rank for row in found.rows] == [1, 1]
    assert [row.first_share for row in found.rows] == [0.5, 0.5]
    assert found.pairs[0].p == 1
    assert not found.pairs[0].separated


def test_constant_difference_is_separated():
    found = max_t(np.full((20, 1), 3.0), draws=999)
    assert found.p[0] == pytest.approx(0.001)
    assert found.reach[0] == 0


def test_correction_costs_power_but_not_for_a_single_pair():
    gaps = np.random.default_rng(1).normal(0, 1, (60, 1))
    gaps += 2.2 / 60**0.5 - gaps.mean()
    gaps[:, 0] *= 1 / gaps.std(ddof=1)
    many = np.concatenate([gaps, np.random.default_rng(2).normal(0, 1, (60, 20))], axis=1)
    assert max_t(gaps).p[0] < 0.06
    assert max_t(many).p[0] > 0.2


@settings(max_examples=60)
@given(st.integers(1, 7), st.data())
def test_sharing_a_group_means_exactly_being_tied(n, data):
    names = [f"m{k}" for k in range(n)]
    every = [frozenset(pair) for pair in combinations(names, 2)]
    apart = data.draw(st.sets(st.sampled_from(every))) if every else set()
    groups = tie_groups(names, apart)
    for pair in every:
        assert (pair in apart) != any(pair <= set(group) for group in groups)
    assert set().union(*map(set, groups)) == set(names)
    assert not any(set(a) < set(b) for a in groups for b in groups)


def test_order_of_models_and_cases_changes_nothing():
    rng = np.random.default_rng(9)
    models = {f"m{k}": {f"c{i}": float(rng.normal(60 + k, 9)) for i in range(30)} for k in range(5)}
    mixer = random.Random(1)
    mixed = {m: dict(mixer.sample(list(models[m].items()), 30)) for m in mixer.sample(list(models), 5)}
    assert leaderboard(models) == leaderboard(mixed)
