"""The newest windows, as few as are enough."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keepfit.clock import Window
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.monitoring.trailing import MOST_WINDOWS, newest_with, performance_since, span, summed

DAY = timedelta(days=1)
START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def days(world, reference):
    """Nine days of 40 rows each, with losses, of one version."""
    found = []
    for number in range(9):
        evidence = world.evidence(reference, world.day(number, n=40))
        start = START + number * DAY
        labelled = LossSums(number, 2.0 * number, 4.0 * number)
        performance = Performance(predicted=40, labelled=labelled, slices={f"weekday={number % 7}": labelled})
        found.append(
            replace(
                evidence,
                window=Window(start, start + DAY),
                performance=performance,
                failed=number,
                batch=9 - number,
            )
        )
    return found


@pytest.mark.parametrize(
    ("min_rows", "taken"), [(1, 1), (40, 1), (41, 2), (100, 3), (280, 7), (10_000, MOST_WINDOWS)]
)
def test_as_many_windows_as_it_takes_and_at_most_seven(days, min_rows, taken):
    """The newest, oldest first; a model with little traffic is judged on a week."""
    assert newest_with(days, min_rows) == days[-taken:]


def test_without_windows_there_is_nothing_to_take():
    """An empty list, not an error."""
    assert newest_with([], 100) == []


def test_performance_is_summed_from_a_moment_on(days):
    """A window counts when it begins at that moment or later."""
    found = performance_since(days, START + 6 * DAY)
    assert found.predicted == 120
    assert found.labelled == LossSums(21, 42.0, 84.0)
    assert performance_since(days, START + 6 * DAY + timedelta(seconds=1)).predicted == 80
    assert performance_since(days, START + 90 * DAY) == Performance()


def test_a_week_is_the_sum_of_its_days(days):
    """Every part of the evidence adds up, over the whole stretch; the newest batch is kept."""
    week = days[:7]
    found = summed(week)
    assert found.window == span(week) == Window(START, START + 7 * DAY)
    assert found.traffic.rows == 280
    assert found.predictions.n == sum(one.predictions.n for one in week)
    assert found.performance == sum((one.performance for one in week), Performance())
    assert (found.failed, found.served, found.batch) == (21, 280, 9)
    assert (found.model, found.version) == (week[0].model, week[0].version)


def test_the_sum_of_one_window_is_that_window(days):
    """Nothing is added."""
    assert summed(days[3:4]) == days[3]
