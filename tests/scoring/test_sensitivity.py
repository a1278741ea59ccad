import pytest

from dialogue_sim.scoring.leaderboard import leaderboard
from dialogue_sim.scoring.rollup import DialogueScore, weighted
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard
from dialogue_sim.scoring.sensitivity import MEDSP1000_PRIOR, weight_sensitivity
from dialogue_sim.scoring.shape import Shape

SHAPE = Shape(
    dimensions={"process": 30, "communication": 30, "safety": 15, "outcome": 20, "efficiency": 5},
    items={},
    caps={"G1": 40},
)


def card(*runs, shape=SHAPE):
    """Runs are (case, replicate, dimensions, caps)."""
    results = []
    for case, replicate, dimensions, caps in runs:
        raw = weighted(shape.dimensions, dimensions)
        score = min([raw, *(shape.caps[cap] for cap in caps)])
        results.append(DialogueResult(case, replicate, DialogueScore(score, raw, dimensions, list(caps), 0)))
    return scorecard(results, shape)


def flat(value, **other):
    return {**dict.fromkeys(SHAPE.dimensions, float(value)), **other}


def share(found, a, b):
    (pair,) = [pair for pair in found.reversals if {pair.a, pair.b} == {a, b}]
    return pair


def test_better_everywhere_is_better_under_any_weights():
    found = weight_sensitivity(
        {"hi": card(("c", 0, flat(80), [])), "lo": card(("c", 0, flat(60), []))}, SHAPE
    )
    assert share(found, "hi", "lo").share == 0
    assert found.tied_pairs() == set()


def test_order_that_hangs_on_one_weight_is_a_tie():
    talker = card(("c", 0, flat(60, communication=80.0), []))
    asker = card(("c", 0, flat(60, process=79.0), []))
    found = weight_sensitivity({"talker": talker, "asker": asker}, SHAPE)
    pair = share(found, "talker", "asker")
    assert (pair.a, pair.tied) == ("talker", True)
    assert 0.3 < pair.share < 0.6
    assert found.tied_pairs() == {frozenset(("talker", "asker"))}
    assert found.alternatives["equal"]["talker"] > found.alternatives["equal"]["asker"]
    assert found.alternatives["medsp1000"]["talker"] == pytest.approx(67.6)
    assert found.alternatives["medsp1000"]["asker"] == pytest.approx(67.41)


def test_scores_follow_the_roll_up_with_dropped_dimensions_caps_and_runs():
    runs = [
        ("a", 0, {"process": 90.0, "safety": 30.0}, []),
        ("a", 1, flat(100), ["G1"]),
        ("b", 0, flat(50, outcome=0.0), []),
    ]
    equal = Shape(dimensions=dict.fromkeys(SHAPE.dimensions, 20), items={}, caps=SHAPE.caps)
    other = card(("a", 0, flat(1), []), ("b", 0, flat(1), []))
    found = weight_sensitivity({"m": card(*runs), "other": other}, SHAPE)
    assert found.alternatives["equal"]["m"] == pytest.approx(((60 + 40) / 2 + 40) / 2)
    medsp = Shape(dimensions=MEDSP1000_PRIOR, items={}, caps=SHAPE.caps)
    assert found.alternatives["medsp1000"]["m"] == pytest.approx(card(*runs, shape=medsp).score)
    assert found.alternatives["equal"]["other"] == pytest.approx(
        card(("a", 0, flat(1), []), shape=equal).score
    )


def test_equal_scores_have_no_order_to_lose():
    one = card(("c", 0, flat(70), []))
    assert share(weight_sensitivity({"a": one, "b": one}, SHAPE), "a", "b").tied


def test_other_rubrics_get_equal_weights_only():
    shape = Shape(dimensions={"x": 70, "y": 30}, items={}, caps={})
    cards = {
        name: card(("c", 0, {"x": v, "y": 50.0}, []), shape=shape) for name, v in (("a", 9.0), ("b", 8.0))
    }
    assert set(weight_sensitivity(cards, shape).alternatives) == {"equal"}


def test_only_common_cases_count():
    one = card(("c", 0, flat(70), []), ("only", 0, flat(0), []))
    found = weight_sensitivity({"a": one, "b": card(("c", 0, flat(60), []))}, SHAPE)
    assert found.alternatives["equal"]["a"] == pytest.approx(70)


def test_ties_by_weights_reach_the_board():
    talker = card(*[(f"c{i}", 0, flat(60, communication=80.0 + i % 3), []) for i in range(30)])
    asker = card(*[(f"c{i}", 0, flat(60, process=78.0 + i % 3), []) for i in range(30)])
    cards = {"talker": talker, "asker": asker}
    scores = {name: one.case_scores() for name, one in cards.items()}
    assert leaderboard(scores).pairs[0].separated
    tied = weight_sensitivity(cards, SHAPE).tied_pairs()
    assert leaderboard(scores, unstable=tied).groups == [["talker", "asker"]]
