"""Ids that occur more than once."""

import pytest

from keepfit.monitoring.duplicates import check_duplicates


@pytest.mark.parametrize(
    ("duplicates", "reference_duplicates", "alarms"),
    [
        pytest.param(0, 0, False, id="none"),
        pytest.param(1, 0, False, id="one row sent twice"),
        pytest.param(20, 0, True, id="where there were none"),
        pytest.param(20, 200, False, id="as many as before"),
        pytest.param(200, 200, True, id="ten times as many"),
    ],
)
def test_duplicates_alarm_when_they_are_more_than_before(duplicates, reference_duplicates, alarms):
    """Of 1,000 rows against 10,000."""
    found = check_duplicates(
        "trip_id",
        rows=1000,
        duplicates=duplicates,
        reference_rows=10_000,
        reference_duplicates=reference_duplicates,
    )
    assert found.alarms is alarms
    assert (found.fault is not None) is alarms
    assert f"{duplicates:,} of 1,000 rows repeat" in found.says


def test_no_rows_are_no_duplicates():
    """Nothing to divide by."""
    found = check_duplicates("id", rows=0, duplicates=0, reference_rows=0, reference_duplicates=0)
    assert not found.alarms
