"""The sums of a classification into several classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as judge

from keepfit.evaluation.metrics import measures
from keepfit.evaluation.multiclass_sums import MulticlassSums
from keepfit.evaluation.score_cells import ScoreCells

CLASSES = ("cat", "dog", "newt")
CELLS = [ScoreCells.of(np.linspace(0, 1, 33))] * 3
# Probabilities in sixteenths: sums of scores are exact, so that laws hold to the last bit; losses are rounded.
probabilities = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(
    lambda ab: (ab[0] / 16, ab[1] / 16, 1 - (ab[0] + ab[1]) / 16)
)
rows = st.lists(st.tuples(st.integers(0, 2), probabilities), max_size=6)


def sums_of(pairs):
    labels = np.array([label for label, _ in pairs], np.int64)
    given_to = np.array([row for _, row in pairs], np.float64).reshape(-1, 3)
    return MulticlassSums.of(CLASSES, CELLS, labels, given_to)


def exact(sums):
    each = [
        (one.positives.tolist(), one.negatives.tolist(), one.scores.tolist()) for one in sums.against_rest
    ]
    return [sums.confusion.tolist(), each, sums.n, sums.unsummed]


@settings(max_examples=30, deadline=None)
@given(rows, rows, rows, st.randoms())
def test_they_are_a_commutative_monoid_whatever_the_order_of_the_rows(a, b, c, random):
    """The sums of parts are those of the whole."""
    one, two, three = (sums_of(part) for part in (a, b, c))
    whole = [*a, *b, *c]
    random.shuffle(whole)
    assert exact((one + two) + three) == exact(one + (two + three)) == exact(sums_of(whole))
    assert one + two == two + one
    assert hash(one + two) == hash(two + one)
    assert one + MulticlassSums.empty(CLASSES, CELLS) == one


def draw(seed, n):
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    odds = rng.normal(0, 1, (n, 3)) + 1.5 * (labels[:, None] == np.arange(3))
    return labels, np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("parts", [1, 5])
def test_each_metric_is_scikit_learns(parts):
    """Whole or added up from parts; the AUC within a thousandth, all others to the last digits."""
    labels, p = draw(1, 4000)
    split = zip(np.array_split(labels, parts), np.array_split(p, parts), strict=True)
    cells = [ScoreCells.of(draw(2, 2000)[1][:, number]) for number in range(3)]
    sums = sum(
        (MulticlassSums.of(CLASSES, cells, *one) for one in split), MulticlassSums.empty(CLASSES, cells)
    )
    found = measures(sums)
    taken = p.argmax(axis=1)
    expected = {
        "log_loss": judge.log_loss(labels, p),
        "brier": ((p - (labels[:, None] == np.arange(3))) ** 2).sum(axis=1).mean(),
        "accuracy": judge.accuracy_score(labels, taken),
    }
    for average in ("micro", "macro", "weighted"):
        parts_of = judge.precision_recall_fscore_support(labels, taken, average=average)
        names = ("precision", "recall", "f1")
        expected |= {f"{average}_{name}": value for name, value in zip(names, parts_of[:3], strict=True)}
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    auc = judge.roc_auc_score(labels, p, multi_class="ovr", average="macro")
    assert found["macro_roc_auc"].value == pytest.approx(auc, abs=1e-3)
    assert set(found) == {*expected, "macro_roc_auc"}
    assert sums.confusion.tolist() == judge.confusion_matrix(labels, taken).tolist()


def test_rows_that_cannot_be_counted_are_counted_apart():
    """A label that is no class, a probability that is none."""
    labels = np.array([0, 5, -1, 1, 2])
    p = np.array([[0.8, 0.1, 0.1], [1, 0, 0], [1, 0, 0], [np.nan, 0, 1], [0.5, -0.5, 1.0]])
    sums = MulticlassSums.of(CLASSES, CELLS, labels, p)
    assert (sums.n, sums.unsummed, sums.confusion.sum()) == (1, 4, 1)


def test_sums_of_different_classes_are_not_added():
    """The message names both."""
    with pytest.raises(ValueError, match="cat, dog, newt and cat, dog, toad"):
        MulticlassSums.empty(CLASSES, CELLS) + MulticlassSums.empty(("cat", "dog", "toad"), CELLS)
    assert MulticlassSums.empty(CLASSES, CELLS) != MulticlassSums.empty(("cat", "dog", "toad"), CELLS)
