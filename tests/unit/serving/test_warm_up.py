"""What is learned of a version by letting it predict."""

import numpy as np
import pytest

from keepfit.errors import ArtifactError
from keepfit.serving.loaded import LoadedModel
from keepfit.serving.warm_up import warmed


@pytest.fixture
def loaded(signature):
    """A version with this way of predicting."""

    def make(predict, probe=None):
        return LoadedModel(signature=signature, version=1, predict=predict, probe=probe)

    return make


def test_a_row_wise_model_is_batchable(loaded):
    """And the time of a row is known."""
    found = warmed(loaded(lambda rows: rows.sum(axis=1)))
    assert found.batchable
    assert 0 < found.row_us < 1e5


def test_a_model_that_looks_at_its_neighbours_is_not_batchable(loaded):
    """A caller's answer must not depend on who else is asking."""
    assert not warmed(loaded(lambda rows: rows[:, 0] - rows[:, 0].mean())).batchable


def test_a_difference_in_the_last_bit_counts(loaded):
    """Sums of blocks are rounded otherwise: the answers would not be the same."""
    assert not warmed(loaded(lambda rows: rows[:, 0] + (1e-12 if len(rows) > 6 else 0.0))).batchable


def test_a_model_that_takes_one_row_at_a_time_is_not_batchable(loaded):
    """It can take traffic all the same."""

    def predict(rows):
        if len(rows) > 1:
            raise ValueError("one at a time")
        return rows[:, 0]

    assert not warmed(loaded(predict)).batchable


def test_rows_that_it_refuses_are_no_reason_to_refuse_it(loaded):
    """Made-up rows may be such that no caller would send."""

    def predict(rows):
        if (rows[:, 0] < 0).any():
            raise ValueError("no negative miles")
        return np.sqrt(rows[:, 0])

    assert not warmed(loaded(predict)).batchable


@pytest.mark.parametrize(
    ("predict", "said"),
    [
        (lambda rows: [1 // 0 for _ in rows], "ZeroDivisionError: integer division"),
        (lambda rows: np.full(len(rows), np.nan), "no finite number"),
        (lambda rows: rows, r"an array of shape \(1, 3\) for one row"),
    ],
)
def test_a_model_that_cannot_predict_is_refused(loaded, predict, said):
    """It raises, knows no number, or gives other than one number a row."""
    with pytest.raises(ArtifactError, match=f"it cannot predict: .*{said}"):
        warmed(loaded(predict))


def test_its_own_rows_are_tried_where_it_has_any(loaded):
    """However few."""
    seen = []

    def predict(rows):
        seen.append(rows.copy())
        return rows[:, 0]

    warmed(loaded(predict, probe=np.array([[1.0, 0.0, 8.0]])))
    assert {tuple(row) for rows in seen for row in rows} == {(1.0, 0.0, 8.0)}
