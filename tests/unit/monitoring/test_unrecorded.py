"""Columns that are not recorded raise no alarm, and are not called well."""

import polars as pl

from keepfit.monitoring.finding import Verdict
from keepfit.monitoring.unrecorded import unrecorded, without
from keepfit.stats.profile import cells_of, profile_frame

REFERENCE = pl.DataFrame({"miles": [1.0, 2.0, 3.0], "zone": ["a", "b", "b"]})
WINDOW = profile_frame(
    pl.DataFrame({"miles": [None, None], "zone": ["b", "b"]}, schema_overrides={"miles": pl.Float64}),
    cells_of(REFERENCE, ["miles"], ["zone"]),
)


def test_masked_columns_are_left_out_of_the_checks():
    """The rows stay counted."""
    seen = without(WINDOW, {"miles", "name"})
    assert (list(seen.features), seen.rows) == (["zone"], 2)
    assert without(WINDOW, ()) is WINDOW


def test_each_is_said_not_to_be_checked():
    """With the reason; columns that are no features are nobody's concern."""
    (one, other) = unrecorded(WINDOW, redacted=["miles", "name"], hashed=["zone"])
    assert one.says == "miles is not checked: it is redacted before it is recorded"
    assert other.says == "zone is not checked: it is hashed before it is recorded"
    assert {one.verdict, other.verdict} == {Verdict.INSUFFICIENT_DATA}
