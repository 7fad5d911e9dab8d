"""Binary metrics read off sums, against scikit-learn's on the raw rows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as judge

from keepfit.evaluation.binary_sums import BinarySums, cost
from keepfit.evaluation.metrics import measure, measures
from keepfit.evaluation.score_cells import ScoreCells

CELLS = ScoreCells.of(np.random.default_rng(0).beta(2, 3, 2000))
# Sixteenths: sums of scores are exact, so that laws hold to the last bit; losses are rounded.
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 16).map(lambda n: n / 16)), max_size=8)


def sums_of(pairs):
    table = np.array(pairs, np.float64).reshape(-1, 2)
    return BinarySums.of(CELLS, table[:, 0], table[:, 1])


def exact(sums):
    return [sums.positives.tolist(), sums.negatives.tolist(), sums.scores.tolist(), sums.brier, sums.n]


@settings(max_examples=40, deadline=None)
@given(rows, rows, rows, st.randoms())
def test_they_are_a_commutative_monoid_whatever_the_order_of_the_rows(a, b, c, random):
    """The sums of parts are those of the whole."""
    one, two, three = (sums_of(part) for part in (a, b, c))
    whole = [*a, *b, *c]
    random.shuffle(whole)
    assert exact((one + two) + three) == exact(one + (two + three)) == exact(sums_of(whole))
    assert one + two == two + one
    assert one + BinarySums.empty(CELLS) == one
    assert hash(one + two) == hash(two + one)
    assert (one + two).log_loss.total == pytest.approx(sums_of([*a, *b]).log_loss.total)


def draw(seed, n):
    rng = np.random.default_rng(seed)
    scores = rng.beta(2, 3, n)
    return (rng.random(n) < scores**1.3).astype(float), scores


@pytest.mark.parametrize("parts", [1, 9])
def test_each_metric_is_scikit_learns(parts):
    """Whole or added up from parts; rankings within a thousandth, all others to the last digits."""
    y, p = draw(1, 6000)
    split = zip(np.array_split(y, parts), np.array_split(p, parts), strict=True)
    found = measures(sum((BinarySums.of(CELLS, *one) for one in split), BinarySums.empty(CELLS)))
    decided = p >= 0.5
    expected = {
        "log_loss": judge.log_loss(y, p),
        "brier": judge.brier_score_loss(y, p),
        "precision": judge.precision_score(y, decided),
        "recall": judge.recall_score(y, decided),
        "specificity": judge.recall_score(1 - y, ~decided),
        "f1": judge.f1_score(y, decided),
        "accuracy": judge.accuracy_score(y, decided),
        "error_rate": 1 - judge.accuracy_score(y, decided),
        "bias": np.mean(p - y),
        "prevalence": y.mean(),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert found["roc_auc"].value == pytest.approx(judge.roc_auc_score(y, p), abs=1e-3)
    assert found["average_precision"].value == pytest.approx(judge.average_precision_score(y, p), abs=1e-3)
    assert all(one.low <= one.value <= one.high for one in found.values())


@pytest.mark.parametrize("threshold", [0.01, 0.29, 0.5, 0.7, 0.99])
def test_decisions_at_whole_hundredths_are_exact(threshold):
    """A score that is the threshold counts as yes; any other threshold is refused rather than guessed."""
    y, p = draw(2, 2000)
    p[:50] = threshold
    sums = BinarySums.of(CELLS, y, p)
    expected = judge.confusion_matrix(y, p >= threshold)
    assert sums.confusion(threshold).matrix.tolist() == expected.tolist()
    assert measure(sums, f"recall@{threshold}").value == pytest.approx(judge.recall_score(y, p >= threshold))
    with pytest.raises(ValueError, match="were not counted"):
        measure(sums, "recall@0.12345")


def test_a_decision_costs_what_the_matrix_says():
    """The mean over rows, with the interval of a mean."""
    y, p = draw(3, 1000)
    each = np.array([[0.0, 1.0], [10.0, -2.0]])[y.astype(int), (p >= 0.5).astype(int)]
    found = cost(BinarySums.of(CELLS, y, p), ((0, 1), (10, -2)))
    assert found.value == pytest.approx(each.mean())
    reach = 1.959964 * each.std(ddof=1) / math.sqrt(1000)
    assert (found.low, found.high) == pytest.approx((each.mean() - reach, each.mean() + reach))


def test_what_is_no_probability_is_counted_apart():
    """A score outside of 0 to 1, NaN, or a label beyond them; 0 and 1 themselves are fine."""
    y = np.array([1.0, 0.0, 1.0, 0.0, 7.0, 1.0])
    p = np.array([1.0, 0.0, 1.5, np.nan, 0.5, -0.1])
    sums = BinarySums.of(CELLS, y, p)
    assert (sums.n, sums.unsummed) == (2, 4)
    assert measure(sums, "log_loss").value == pytest.approx(0.0, abs=1e-9)


def test_no_rows_define_no_metric():
    """Each is unknown; none raises."""
    assert all(math.isnan(one.value) for one in measures(BinarySums.empty(CELLS)).values())


def test_sums_in_different_cells_are_not_added():
    """Nor are they equal."""
    other = BinarySums.empty(ScoreCells.of(np.array([0.123])))
    with pytest.raises(ValueError, match="different score cells"):
        BinarySums.empty(CELLS) + other
    assert other != BinarySums.empty(CELLS)


def test_intervals_hold_the_true_value_as_often_as_they_say():
    """In 400 windows of 400 rows: 95 % within three points."""
    y, p = draw(4, 160_000)
    whole = BinarySums.of(CELLS, y, p)
    windows = [BinarySums.of(CELLS, y[i : i + 400], p[i : i + 400]) for i in range(0, 160_000, 400)]
    for name in ("log_loss", "brier", "bias", "prevalence", "recall", "precision"):
        truth = measure(whole, name).value
        held = [found.low <= truth <= found.high for found in (measure(one, name) for one in windows)]
        assert np.mean(held) == pytest.approx(0.95, abs=0.03), name
