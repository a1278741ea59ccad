import numpy as np
import pytest

from dialogue_sim.scoring.calibrate import HumanVerdict, Scored, calibrate, corrected_mean


def verdicts(item, n, *, agree=1.0, flip=False, raters=("r1",), seed=0, rate=0.5):
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(n):
        truth = float(rng.random() < rate)
        judge = truth if rng.random() < agree else 1 - truth
        for rater in raters:
            human = truth if rng.random() < (0.9 if len(raters) > 1 else 1) else 1 - truth
            rows.append(HumanVerdict(f"t{k}", item, rater, human, 1 - judge if flip else judge))
    return rows


def by_item(found):
    return {item.item: item for item in found.items}


def test_an_item_read_upside_down_is_named_and_others_are_not():
    rows = [
        *verdicts("good", 60, agree=0.9),
        *verdicts("inverted", 60, agree=0.86, flip=True),
        *verdicts("noise", 60, agree=0.5, seed=3),
    ]
    items = by_item(calibrate(rows))
    assert {name for name, item in items.items() if item.inverted} == {"inverted"}
    assert items["inverted"].kappa.ci95[1] < 0 < items["good"].kappa.ci95[0]
    assert items["inverted"].agreement < 0.25
    assert next(iter(calibrate(rows).items)).item == "inverted"


def test_a_few_contradictions_are_no_proof_of_inversion():
    assert not calibrate(verdicts("few", 3, flip=True)).items[0].inverted


def test_partly_on_both_sides_is_agreement_not_inversion():
    rows = [HumanVerdict(f"t{k}", "A", "r", 0.5, 0.5) for k in range(60)]
    assert not calibrate(rows).items[0].inverted


def test_many_raters_of_few_transcripts_are_no_proof_either():
    rows = verdicts("few", 3, flip=True, raters=tuple(f"r{k}" for k in range(12)))
    assert not calibrate(rows).items[0].inverted


def test_rates_and_what_cannot_be_told():
    rows = [
        HumanVerdict("t1", "A", "r", 1.0, None),
        HumanVerdict("t2", "A", "r", None, 1.0),
        HumanVerdict("t3", "A", "r", 0.0, 0.0),
        HumanVerdict("t4", "A", "r", 1.0, 0.8),
        HumanVerdict("t5", "A", "r", 0.4, 0.6),
    ]
    (item,) = calibrate(rows).items
    assert (item.n, item.unsure) == (4, 1)
    assert item.human_rate == pytest.approx(2.5 / 4)
    assert item.judge_rate == pytest.approx(1.5 / 4)
    assert item.agreement == 0.75


def test_judge_as_good_as_humans_passes_and_a_poor_one_does_not():
    raters = ("r1", "r2", "r3")
    good = calibrate(verdicts("A", 150, agree=0.95, raters=raters))
    poor = calibrate(verdicts("A", 150, agree=0.6, raters=raters))
    assert good.as_good_as_human is True
    assert poor.as_good_as_human is False
    alone = calibrate(verdicts("A", 50))
    assert alone.human_gap is None
    assert alone.as_good_as_human is None


def test_order_of_rows_changes_nothing():
    rows = [*verdicts("A", 20, agree=0.8), *verdicts("B", 20, agree=0.7, seed=1)]
    assert calibrate(rows) == calibrate(reversed(rows))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no human verdict"),
        ([HumanVerdict("t", "A", "r", None, 1.0)], "no human verdict"),
        ([HumanVerdict("t", "A", "r", 1.0, 1.0)] * 2, "two verdicts"),
        ([HumanVerdict("t", "A", "r", 1.0, 1.0), HumanVerdict("t", "A", "s", 1.0, 0.0)], "two values"),
    ],
)
def test_refuses_what_is_no_calibration(rows, message):
    with pytest.raises(ValueError, match=message):
        calibrate(rows)


def test_correction_equals_the_reference_implementation():
    """ppi_py 0.2.3, `ppi_mean_pointestimate` and `ppi_mean_ci`, on the same numbers.

    It divides the covariance in λ by n, we by n − 1; the rest is the same up to Student's t.
    """
    rng = np.random.default_rng(7)
    truth = rng.normal(60, 10, 400)
    judge = np.round(truth * 0.8 + 15 + rng.normal(0, 6, 400), 3)
    human = np.round(truth[:80], 3)
    rows = [Scored(i, judge[i], human[i] if i < 80 else None) for i in range(400)]
    found = corrected_mean(rows)
    assert found.value == pytest.approx(59.09165396, abs=0.02)
    assert found.standard_error * 2 * 1.959964 == pytest.approx(60.47270727 - 57.71060066, rel=0.01)
    assert (found.n_labelled, found.n_unlabelled) == (80, 320)


def simulate(rng, *, bias=6.0, noise=4.0, labelled=40, cases=200):
    strength = rng.normal(65, 10, cases)
    chosen = set(rng.choice(cases, labelled, replace=False).tolist())
    rows = []
    for case in range(cases):
        for human in strength[case] + rng.normal(0, 6, 2):
            judge = human + bias + rng.normal(0, noise)
            rows.append(Scored(case, float(judge), float(human) if case in chosen else None))
    return rows


def test_correction_removes_the_bias_and_its_interval_holds_the_truth():
    rng = np.random.default_rng(8)
    found = [corrected_mean(simulate(rng)) for _ in range(400)]
    assert np.mean([one.value for one in found]) == pytest.approx(65, abs=0.2)
    assert np.mean([one.judge_mean for one in found]) == pytest.approx(71, abs=0.2)
    covered = np.mean([one.ci95[0] <= 65 <= one.ci95[1] for one in found])
    assert 0.92 <= covered <= 0.98


def test_a_good_judge_shortens_the_interval_and_a_useless_one_is_left_aside():
    rng = np.random.default_rng(9)
    helped = corrected_mean(simulate(rng, noise=1.0))
    alone = corrected_mean([row for row in simulate(rng, noise=1.0) if row.human is not None])
    assert helped.standard_error < 0.7 * alone.standard_error
    assert alone.trust == 0
    assert alone.value == pytest.approx(alone.human_mean)
    assert corrected_mean(simulate(rng, noise=500.0)).trust < 0.1


def test_one_labelled_case_gives_no_interval():
    found = corrected_mean([Scored("a", 70.0, 60.0), Scored("b", 80.0)])
    assert found.ci95 is None
    assert found.bias == 10
    with pytest.raises(ValueError, match="no human value"):
        corrected_mean([Scored("a", 70.0)])
