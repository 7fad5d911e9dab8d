"""The expected calibration error and its interval."""

import math

import numpy as np
import pytest

from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.metrics import measure
from keepfit.evaluation.score_cells import ScoreCells


def binned(y, scores):
    """The definition, on raw rows: ten bins of equal width."""
    bins = np.minimum((scores * 10).astype(int), 9)
    gaps = np.bincount(bins, weights=scores - y, minlength=10)
    return np.abs(gaps).sum() / y.size


def draw(rng, n, power):
    """Scores that promise more than they keep when the power is above 1."""
    scores = rng.random(n)
    return (rng.random(n) < scores**power).astype(float), scores


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_it_is_the_definition_on_the_raw_rows(power):
    """Every edge of a bin is an edge of a cell, and scores are summed by cell."""
    rng = np.random.default_rng(1)
    y, scores = draw(rng, 3000, power)
    sums = BinarySums.of(ScoreCells.of(rng.beta(2, 5, 500)), y, scores)
    assert measure(sums, "calibration_error").value == pytest.approx(binned(y, scores))


@pytest.mark.parametrize(("power", "truth"), [(1.0, 0.0), (2.0, 1 / 6), (1.2, 1 / 2 - 1 / 2.2)])
def test_the_interval_holds_the_truth_at_least_as_often_as_it_says(power, truth):
    """In 300 windows of 400 rows, for a calibrated model too, whose error chance makes look larger than it is."""
    rng = np.random.default_rng(2)
    cells = ScoreCells.of(np.array([]))
    found = [measure(BinarySums.of(cells, *draw(rng, 400, power)), "calibration_error") for _ in range(300)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.94
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in found)


def test_without_rows_it_is_not_defined():
    """Nothing is known of it."""
    found = measure(BinarySums.empty(ScoreCells.of(np.array([]))), "calibration_error")
    assert math.isnan(found.value)
