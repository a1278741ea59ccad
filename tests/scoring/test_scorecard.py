import json
import random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue_sim.scoring.rollup import DialogueScore
from dialogue_sim.scoring.scorecard import DialogueResult, scorecard
from dialogue_sim.scoring.shape import Shape

SHAPE = Shape(
    dimensions={"A": 60, "C": 40}, items={"A1": ("A", 1), "C1": ("C", 1)}, caps={"G1": 40, "G3": 60}
)


def result(case, replicate, score, *, caps=(), dimensions=None, broken=(), **strata):
    dimensions = {"A": score, "C": score} if dimensions is None else dimensions
    rolled = DialogueScore(score, score, dimensions, list(caps), 1)
    return DialogueResult(case, replicate, rolled, f"{case}-{replicate}", strata, broken)


def test_runs_are_averaged_within_their_case_before_cases_are():
    card = scorecard([result("a", 0, 100), result("b", 0, 10), result("b", 1, 20), result("b", 2, 30)], SHAPE)
    assert card.score == 60
    assert (card.n_cases, card.n_dialogues) == (2, 4)
    assert [run.score for run in card.cases[1].runs] == [10, 20, 30]
    assert card.ci95 == (20, 100)
    assert card.unsure == 4


def test_more_runs_of_the_same_cases_do_not_shorten_the_interval():
    one = scorecard([result(f"c{i}", 0, 10 * i) for i in range(10)], SHAPE)
    three = scorecard([result(f"c{i}", r, 10 * i) for i in range(10) for r in range(3)], SHAPE)
    assert one.ci95 == three.ci95


def test_dimension_figures_leave_out_the_cases_that_lack_it():
    card = scorecard([result("a", 0, 80), result("b", 0, 40, dimensions={"A": 40.0})], SHAPE)
    assert (card.dimensions["C"].score, card.dimensions["C"].n_cases, card.dimensions["C"].ci95) == (
        80,
        1,
        None,
    )
    assert card.dimensions["A"].score == 60


def test_rates_are_reported_with_wilson_intervals():
    results = [result(f"c{i}", 0, 40 if i < 3 else 90, caps=["G1"] if i < 3 else []) for i in range(30)]
    card = scorecard(results, SHAPE)
    assert card.caps["G1"].rate == pytest.approx(0.1)
    assert card.caps["G1"].ci95 == pytest.approx((0.0346, 0.2562), abs=1e-3)
    assert card.caps["G3"].ci95[0] == 0
    assert card.caps["G3"].ci95[1] > 0.1
    assert card.usable_at_60 == pytest.approx(0.9)
    assert card.protocol_failure_rate == 0


def test_usable_needs_sixty_points_and_no_cap():
    results = [result("a", 0, 60), result("b", 0, 59.9), result("c", 0, 60, caps=["G3"]), result("d", 0, 95)]
    assert scorecard(results, SHAPE).usable_at_60 == 0.5


def test_protocol_failures_are_scored_counted_and_named():
    card = scorecard([result("a", 0, 0, broken=["no_closing", "loop"]), result("b", 0, 50)], SHAPE)
    assert card.score == 25
    assert card.protocol_failure_rate == 0.5
    assert card.protocol_failures == {"loop": 1, "no_closing": 1}


def test_strata():
    results = [
        result("a", 0, 80, language="zh"),
        result("b", 0, 60, language="zh"),
        result("c", 0, 10, language="en"),
    ]
    strata = scorecard(results, SHAPE).strata["language"]
    assert list(strata) == ["en", "zh"]
    assert (strata["zh"].score, strata["zh"].n_cases) == (70, 2)
    assert strata["en"].ci95 is None


def test_nothing_scored_is_no_score():
    card = scorecard([], SHAPE)
    assert card.score is None
    assert card.ci95 is None
    assert card.caps == {}
    assert json.loads(card.model_dump_json())["n_dialogues"] == 0


def test_reads_back_from_a_file_with_more_in_it():
    card = scorecard(
        [result("a", 0, 80, language="zh", caps=["G1"]), result("b", 0, 60, language="zh")], SHAPE
    )
    written = {"schema": "x", "failures": {"simulate": 0}, **json.loads(card.model_dump_json())}
    assert type(card).model_validate(written) == card
    assert card.case_scores() == {"a": 80, "b": 60}


def test_refuses_two_results_for_one_run():
    with pytest.raises(ValueError, match="replicate 0"):
        scorecard([result("a", 0, 1), result("a", 0, 2)], SHAPE)
    with pytest.raises(ValueError, match="strata"):
        scorecard([result("a", 0, 1, language="zh"), result("a", 1, 2, language="en")], SHAPE)


scores = st.lists(st.floats(0, 100), min_size=2, max_size=25)


@settings(max_examples=25, deadline=None)
@given(scores, st.integers(0, 1000))
def test_order_of_dialogues_changes_no_bit(values, seed):
    results = [result(f"c{i // 2}", i % 2, v) for i, v in enumerate(values)]
    mixed = random.Random(seed).sample(results, len(results))
    assert scorecard(results, SHAPE).model_dump_json() == scorecard(mixed, SHAPE).model_dump_json()


@settings(max_examples=25, deadline=None)
@given(scores)
def test_interval_holds_the_score_and_stays_in_range(values):
    card = scorecard([result(f"c{i}", 0, v) for i, v in enumerate(values)], SHAPE)
    low, high = card.ci95
    assert min(values) - 1e-6 <= low <= card.score + 1e-6
    assert card.score - 1e-6 <= high <= max(values) + 1e-6
    assert card.score == pytest.approx(fmean(values))
