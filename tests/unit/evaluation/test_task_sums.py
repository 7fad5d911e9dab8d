"""Sums of whichever task."""

import numpy as np
import pytest

from keepfit.adapters.codec import from_json, pack, to_json, unpack
from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.delays import LabelDelays
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.multiclass_sums import MulticlassSums
from keepfit.evaluation.regression_sums import RegressionSums
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.evaluation.task_sums import add_task_sums, reference_sums, window_sums
from keepfit.stats.numeric_cells import NumericCells

Y = np.array([0.0, 1.0, 1.0, 0.0])
P = np.array([0.2, 0.7, 0.6, 0.3])
CELLS = ScoreCells.of(P)
EACH = [
    RegressionSums.of(0.5, Y, P),
    BinarySums.of(CELLS, Y, P),
    MulticlassSums.of(("no", "yes"), [CELLS] * 2, Y.astype(np.int64), np.column_stack([1 - P, P])),
]


@pytest.mark.parametrize("sums", EACH, ids=lambda one: type(one).__name__)
def test_none_is_no_rows(sums):
    """It adds nothing to the sums of any task; two sums of one task add up."""
    assert add_task_sums(None, sums) is sums
    assert add_task_sums(sums, None) is sums
    assert add_task_sums(None, None) is None
    assert add_task_sums(sums, sums) == sums + sums


@pytest.mark.parametrize("sums", EACH, ids=lambda one: type(one).__name__)
def test_they_are_stored_and_come_back_equal(sums):
    """With the delays beside them; a record that was written before there were any reads as none."""
    performance = Performance(
        predicted=9, labelled=LossSums.of(P), metrics=sums, delays=LabelDelays.of(P * 86_400), late=2
    )
    assert unpack(pack(performance), Performance) == performance
    assert from_json(to_json(performance), Performance) == performance
    assert from_json(
        b'{"predicted":3,"labelled":{"n":1,"total":2.0,"squares":4.0},"slices":{}}', Performance
    ) == (Performance(predicted=3, labelled=LossSums(1, 2.0, 4.0)))


def test_sums_of_two_tasks_are_not_added():
    """The message names both."""
    with pytest.raises(ValueError, match="RegressionSums and a BinarySums cannot be added"):
        add_task_sums(EACH[0], EACH[1])


@pytest.mark.parametrize("metric", ["mae", "pinball@0.9", "log_loss"])
def test_a_windows_sums_add_to_those_of_its_reference(metric):
    """They are counted in its cells, or about its centre; the metric tells which task it is."""
    reference = reference_sums(metric, Y, P)
    window = window_sums(metric, reference, NumericCells.of(P), Y[:2], P[:2])
    assert type(window) is type(reference)
    assert (reference + window).n == 6


@pytest.mark.parametrize(("metric", "kind"), [("rmse", RegressionSums), ("brier", BinarySums)])
def test_an_older_reference_gives_the_cells_of_its_predictions(metric, kind):
    """The same ones every time, so that windows add up."""
    one, two = (window_sums(metric, None, NumericCells.of(P), Y, P) for _ in range(2))
    assert isinstance(one, kind)
    assert (one + two).n == 8
