"""Windows as people read them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from keepfit.clock import Window
from keepfit.evaluation.delays import LabelDelays
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.metrics import METRICS
from keepfit.evaluation.task import Classification, Regression
from keepfit.evaluation.task_sums import reference_sums
from keepfit.fleet.window_report import window_reports
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.profile import NumericCells, NumericProfile, Profile

START, DAY = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=1)
NOTHING = NumericProfile.empty(NumericCells.of(np.array([])))
LABELS, GIVEN = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.1, 0.8, 0.4, 0.3])


def window(day, task, *, predicted=8, version=1, late=0, labelled=True, old=False):
    """A daily window of which half of the rows have a label, each of which took a day."""
    performance = Performance(predicted=predicted)
    if labelled:
        performance = Performance(
            predicted=predicted,
            labelled=LossSums.of(row_losses(task.metric, LABELS, GIVEN)),
            metrics=None if old else reference_sums(task.metric, LABELS, GIVEN),
            delays=None if old else LabelDelays.of(np.full(4, 86_400.0)),
            late=late,
        )
    return WindowEvidence(
        model="m",
        version=version,
        window=Window(START + day * DAY, START + (day + 1) * DAY),
        traffic=Profile(rows=predicted, features={}),
        predictions=NOTHING,
        performance=performance,
        failed=0,
        served=predicted,
        batch=1,
    )


@pytest.mark.parametrize(
    ("task", "table", "cost"),
    [
        (Regression(target="y", metric="rmse"), METRICS["regression"], None),
        (Regression(target="y", cost=(2, 1)), METRICS["regression"], (2 * 0.8 + 0.4) / 4),
        (Classification(target="y", cost=((0, 1), (10, 0))), METRICS["binary"], 2.5),
    ],
)
def test_a_window_has_every_metric_of_its_task(task, table, cost):
    """The model's own in the unit that it is read in, and a cost where one is declared."""
    (found,) = window_reports([window(0, task, late=3)], task, newest=5, now=START + 9 * DAY)
    assert (found.rows, found.labelled, found.maturity, found.late, found.restated) == (8, 4, 0.5, 3, True)
    assert found.metric == task.metric
    assert found.value.value == pytest.approx(found.metrics[task.metric].value)
    assert set(found.metrics) == set(table)
    assert (found.cost.value if found.cost else None) == (cost if cost is None else pytest.approx(cost))


def test_what_is_not_known_is_none():
    """Without labels there is no metric; evidence of an older keepfit has its loss alone."""
    task = Regression(target="y", cost=(1, 1))
    blank = window_reports([window(0, task, labelled=False)], task, newest=5, now=START + 9 * DAY)[0]
    assert (blank.value, blank.metrics, blank.cost, blank.restated) == (None, {}, None, False)
    older = window_reports([window(0, task, old=True)], task, newest=5, now=START + 9 * DAY)[0]
    assert (older.metrics, older.cost) == ({}, None)
    assert older.value.n == 4


def test_the_newest_windows_with_predictions_come_first():
    """Both versions of one; those without a prediction take no room."""
    task = Regression(target="y")
    evidence = [window(day, task, version=version) for day in range(4) for version in (1, 2)]
    evidence.append(window(7, task, predicted=0, labelled=False))
    found = window_reports(evidence, task, newest=2, now=START + 9 * DAY)
    assert [(one.window.start, one.version) for one in found] == [
        (START + day * DAY, version) for day in (3, 2) for version in (2, 1)
    ]
    assert window_reports([], task, newest=2, now=START) == []


def test_what_should_have_come_is_learned_from_earlier_windows():
    """The first has none before it; half of the labels come after a day, so that a window of that age should have half."""
    task = Regression(target="y")
    evidence = [window(day, task) for day in range(5)]
    found = window_reports(evidence, task, newest=5, now=START + 5 * DAY)
    assert [one.closed for one in found] == [True] * 5
    assert found[-1].expected_maturity is None
    assert found[0].expected_maturity == pytest.approx(0.0, abs=0.03)
    assert found[1].expected_maturity == pytest.approx(0.5, abs=0.03)


def test_a_window_that_is_not_over_is_open():
    """Its rows are no older than its start."""
    task = Regression(target="y")
    evidence = [window(0, task), window(1, task, labelled=False)]
    found = window_reports(evidence, task, newest=5, now=START + 1.5 * DAY)
    assert [one.closed for one in found] == [False, True]
    assert found[0].expected_maturity == pytest.approx(0.0, abs=0.01)
