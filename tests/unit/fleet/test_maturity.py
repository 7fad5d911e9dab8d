"""How far labels have come, in numbers and in words."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from keepfit.clock import Window
from keepfit.evaluation.delays import LabelDelays
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.fleet.maturity import delay_curve, maturity_of
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.profile import NumericCells, NumericProfile, Profile

START, DAY, HOUR = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=1), timedelta(hours=1)
NOTHING = NumericProfile.empty(NumericCells.of(np.array([])))


def window(day, predicted, took, version=1, *, recorded=True):
    """A daily window whose labels took so many seconds each."""
    return WindowEvidence(
        model="m",
        version=version,
        window=Window(START + day * DAY, START + (day + 1) * DAY),
        traffic=Profile(rows=predicted, features={}),
        predictions=NOTHING,
        performance=Performance(
            predicted=predicted,
            labelled=LossSums.of(np.ones(len(took))),
            delays=LabelDelays.of(np.array(took, np.float64)) if recorded and took else None,
        ),
        failed=0,
        served=predicted,
        batch=1,
    )


def seconds(*spans):
    return [one.total_seconds() for one in spans]


def says(evidence, days=30):
    return maturity_of(evidence, now=START + days * DAY).says


def test_windows_without_a_prediction_have_no_maturity():
    """Nor have those that are not over yet."""
    assert maturity_of([], now=START) is None
    assert maturity_of([window(0, 0, [])], now=START + 9 * DAY) is None
    assert maturity_of([window(0, 5, [])], now=START + DAY / 2) is None


def test_the_newest_seven_windows_are_counted_whoever_answered():
    """Two versions share one; older windows only say how long labels take."""
    half = [window(day, 10, seconds(*[HOUR] * 5)) for day in range(9)]
    found = maturity_of([*half, window(8, 10, [], version=2)], now=START + 9 * DAY)
    assert (found.windows, found.predicted, found.labelled) == (7, 80, 35)
    assert found.share == 35 / 80


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ([window(0, 4, seconds(HOUR, HOUR, 3 * DAY, 3 * DAY))], "half come within 1 hour, 95% within 3 days"),
        ([window(0, 4, seconds(*[DAY] * 4))], "95% come within 1 day"),
        ([window(0, 4, seconds(*[5 * HOUR] * 3))], "half come within 5 hours, 75% in all so far"),
        ([window(0, 4, seconds(HOUR))], "fewer than half of all labels have come so far (25%)"),
        ([window(0, 4, [])], "fewer than half of all labels have come so far (0%)"),
        ([window(0, 4, seconds(HOUR), recorded=False)], "how long labels take is not known yet"),
    ],
)
def test_how_long_labels_take_is_said_in_words(evidence, said):
    """Where a share was not reached, how far it went instead; evidence that kept no delays tells nothing."""
    assert says(evidence).split("; ")[1] == said


def test_one_window_is_no_several():
    """And several are counted."""
    assert says([window(0, 4, seconds(DAY))]).startswith("25% have come in the newest window; ")
    assert says([window(0, 4, []), window(1, 4, [])]).startswith("0% have come in the newest 2 windows; ")


def test_a_young_window_says_nothing_of_long_delays():
    """Its labels that have not come do not make labels look slow."""
    old = [window(day, 100, seconds(*[2 * DAY] * 100)) for day in range(5)]
    young = window(9, 100, [])
    curve = delay_curve([*old, young], now=START + 10 * DAY + HOUR)
    assert curve.expected_maturity(3 * DAY) == pytest.approx(1.0)
    assert curve.at_risk[0] == 600
