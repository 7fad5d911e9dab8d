"""Windows out of a model's table: what is read is what was asked for, and no more stays in memory for it."""

from datetime import UTC, datetime, timedelta

import numpy as np

from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.clock import Window
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile

START = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _hour(number, cells=1.0):
    """The evidence of an hour, in cells of one of several references."""
    profile = NumericProfile.of(NumericCells.of(np.arange(50) * cells), np.arange(10.0) + number)
    start = START + number * HOUR
    return WindowEvidence(
        model="taxi",
        version=1,
        window=Window(start, start + HOUR),
        traffic=Profile(rows=10, features={"miles": profile}),
        predictions=profile,
        performance=Performance(),
        failed=0,
        served=10,
        batch=number,
    )


def test_windows_of_several_groups_and_files_come_in_their_order(tmp_path):
    """Of thirty in three commits those that are asked for, counted in two kinds of cells; another handle reads."""
    hours = [_hour(number, cells=1.0 + number % 2) for number in range(30)]
    for some in (hours[10:20], hours[:10], hours[20:]):
        DeltaEvidence(tmp_path).put_all(some)
    store = DeltaEvidence(tmp_path)
    assert store.evidence("taxi", 1, START + 3 * HOUR, START + 25 * HOUR) == hours[3:25]
    assert store.of_windows("taxi", [START + 28 * HOUR, START]) == [hours[0], hours[28]]
    assert DeltaEvidence(tmp_path).evidence("taxi", 1) == hours
