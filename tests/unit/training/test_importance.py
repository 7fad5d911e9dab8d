"""How much of a model's skill hangs on each feature."""

import numpy as np
import polars as pl

from keepfit.training.importance import MOST_ROWS, feature_importance


def _world(n=3000):
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({"miles": rng.random(n), "hour": rng.random(n), "colour": ["red", "blue"] * (n // 2)})
    return rows, 10 * rows["miles"].to_numpy() + rows["hour"].to_numpy()


def _predict(rows):
    return 10 * rows["miles"].to_numpy() + rows["hour"].to_numpy()


def test_what_the_model_uses_is_important_in_proportion():
    """Ten times the weight, ten times the loss without it; what it does not look at is worth nothing."""
    rows, labels = _world()
    found = feature_importance(_predict, rows, labels, features=rows.columns, metric="mae")
    assert found["colour"] == 0.0
    assert 9 < found["miles"] / found["hour"] < 11


def test_the_same_rows_give_the_same_numbers():
    """Shuffling is seeded, and the user's rows are left as they are."""
    rows, labels = _world()
    before = rows.clone()
    first, second = (
        feature_importance(_predict, rows, labels, features=["miles", "hour"], metric="mae") for _ in range(2)
    )
    assert first == second
    assert rows.equals(before)


def test_no_more_rows_are_predicted_than_tell_something():
    """A model that takes a second for a million rows is asked for a few thousand."""
    seen = []

    def predict(rows):
        seen.append(rows.height)
        return _predict(rows)

    rows, labels = _world(10_000)
    feature_importance(predict, rows, labels, features=["miles", "hour"], metric="mae")
    assert seen == [MOST_ROWS] * 3


def test_a_feature_that_misleads_is_not_important():
    """Shuffling it makes the model better: the importance is none, not negative."""
    rows, labels = _world()
    found = feature_importance(
        lambda r: labels[: r.height] * 0 + r["hour"].to_numpy() * 100,
        rows,
        labels,
        features=["hour"],
        metric="mae",
    )
    assert found["hour"] >= 0.0


def test_too_few_rows_tell_nothing():
    """Nothing to shuffle."""
    rows, labels = _world(2)
    assert feature_importance(_predict, rows.head(1), labels[:1], features=["miles"], metric="mae") == {}
