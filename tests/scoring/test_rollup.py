import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue_sim.scoring.rollup import case_score
from dialogue_sim.scoring.shape import Shape

SHAPE = Shape(
    dimensions={"A": 30, "B": 30, "C": 40},
    items={"A1": ("A", 3), "A2": ("A", 1), "B1": ("B", 2), "B2": ("B", 2), "C1": ("C", 1)},
    caps={"G1": 40, "G3": 60},
)
EVERY = set(SHAPE.items)
ALL_MET = dict.fromkeys(EVERY, 1.0)

values = st.fixed_dictionaries(
    {item: st.one_of(st.none(), st.floats(0, 1, allow_nan=False)) for item in sorted(EVERY)}
)
subsets = st.sets(st.sampled_from(sorted(EVERY)), min_size=1)


def test_hand_calculation():
    score = case_score(SHAPE, {"A1": 1, "A2": 0, "B1": 0.5, "B2": 0, "C1": 0.25}, applicable=EVERY, caps=[])
    assert score.dimensions == {"A": 75, "B": 25, "C": 25}
    assert score.raw == score.score == pytest.approx(0.3 * 75 + 0.3 * 25 + 0.4 * 25)


def test_dimension_without_applicable_item_is_dropped_and_weights_renormalised():
    score = case_score(
        SHAPE, {"A1": 1, "A2": 1, "B1": 0, "B2": 0}, applicable={"A1", "A2", "B1", "B2"}, caps=[]
    )
    assert "C" not in score.dimensions
    assert score.score == 50


def test_item_that_does_not_apply_leaves_the_denominator():
    assert case_score(SHAPE, {**ALL_MET, "A2": 0.0}, applicable=EVERY - {"A2"}, caps=[]).score == 100


def test_cannot_tell_counts_as_not_shown_and_is_counted():
    unsure = case_score(SHAPE, {**ALL_MET, "A1": None}, applicable=EVERY, caps=[])
    absent = case_score(SHAPE, {**ALL_MET, "A1": 0.0}, applicable=EVERY, caps=[])
    assert unsure.unsure == 1
    assert absent.unsure == 0
    assert unsure.score == absent.score < 100


def test_lowest_cap_limits_the_score_and_raw_stays():
    score = case_score(SHAPE, ALL_MET, applicable=EVERY, caps=["G3", "G1"])
    assert (score.score, score.raw, score.caps) == (40, 100, ["G1", "G3"])


def test_cap_never_raises_a_score():
    assert case_score(SHAPE, dict.fromkeys(EVERY, 0.1), applicable=EVERY, caps=["G1"]).score == pytest.approx(
        10
    )


@pytest.mark.parametrize(
    ("given_values", "applicable", "caps", "message"),
    [
        ({"A1": 1.0}, {"A1", "A2"}, [], "A2"),
        ({**ALL_MET, "Z9": 1.0}, EVERY, [], "Z9"),
        (ALL_MET, EVERY, ["G9"], "G9"),
        ({**ALL_MET, "A1": 1.2}, EVERY, [], "A1"),
        ({**ALL_MET, "A1": float("nan")}, EVERY, [], "A1"),
        (ALL_MET, set(), [], "no item applies"),
    ],
)
def test_refuses_what_is_no_verdict(given_values, applicable, caps, message):
    with pytest.raises(ValueError, match=message):
        case_score(SHAPE, given_values, applicable=applicable, caps=caps)


@given(values, subsets, st.sets(st.sampled_from(sorted(SHAPE.caps))), st.randoms(use_true_random=False))
def test_order_of_items_changes_nothing_and_bounds_hold(given_values, applicable, caps, random):
    items = list(given_values.items())
    random.shuffle(items)
    one = case_score(SHAPE, given_values, applicable=sorted(applicable), caps=caps)
    other = case_score(SHAPE, dict(items), applicable=sorted(applicable, reverse=True), caps=sorted(caps))
    assert one == other
    assert 0 <= one.score <= one.raw <= 100 + 1e-9
    assert all(0 <= d <= 100 + 1e-9 for d in one.dimensions.values())


@given(values, st.sampled_from(sorted(EVERY)))
def test_meeting_one_more_item_never_lowers_the_score(given_values, item):
    before = case_score(SHAPE, given_values, applicable=EVERY, caps=[]).score
    after = case_score(SHAPE, {**given_values, item: 1.0}, applicable=EVERY, caps=[]).score
    assert after >= before - 1e-9
