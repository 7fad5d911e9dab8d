"""Made-up rows to try a model on."""

import numpy as np

from keepfit.registry.probe import probe_rows
from keepfit.registry.signature import Feature, Kind, Signature

SIGNATURE = Signature(
    features=(
        Feature("miles", Kind.NUMBER),
        Feature("hour", Kind.NUMBER, integral=True),
        Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "kings", "queens")),
        Feature("empty", Kind.CATEGORY, text=True),
    ),
    id="id",
    time="at",
    context=(),
    output="minutes",
)


def test_every_kind_of_feature_has_its_own_values():
    """Numbers of many magnitudes, whole ones where they were whole, and every category; the same each time."""
    rows = probe_rows(SIGNATURE)
    assert rows.shape == (64, 4)
    assert np.abs(rows[:, 0]).min() < 0.01
    assert np.abs(rows[:, 0]).max() > 100
    np.testing.assert_array_equal(rows[:, 1], np.round(rows[:, 1]))
    assert set(rows[:, 2]) == {0.0, 1.0, 2.0}
    assert np.isnan(rows[:, 3]).all()
    np.testing.assert_array_equal(rows, probe_rows(SIGNATURE))


def test_values_that_are_given_are_drawn_from():
    """Such as the edges of a reference's cells."""
    assert set(probe_rows(SIGNATURE, {"miles": (2.0, 7.0)}, rows=30)[:, 0]) == {2.0, 7.0}
