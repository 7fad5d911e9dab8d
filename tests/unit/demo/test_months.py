"""The month table's sums."""

import pytest

from keepfit.demo.months import Month, overall


def test_months_are_weighted_by_their_predictions():
    """A month with three times the trips counts three times."""
    found = [
        Month(month="2020-04", n=100, frozen_mae=4.0, managed_mae=2.0, monthly_retrain_mae=3.0),
        Month(month="2020-05", n=300, frozen_mae=2.0, managed_mae=2.0, monthly_retrain_mae=2.0),
        Month(month="2020-06", n=999, frozen_mae=9.0, managed_mae=9.0, monthly_retrain_mae=9.0),
    ]
    both = overall(found, "2020-04", "2020-05")
    assert both["frozen_mae"] == pytest.approx(2.5)
    assert both["managed_to_frozen"] == pytest.approx(0.8)
    assert both["managed_to_monthly_retrain"] == pytest.approx(2.0 / 2.25)
