"""What is new of predictions between two looks; the stores' conformance suite tells the whole story."""

from datetime import UTC, datetime, timedelta

import polars as pl

from keepfit.clock import Window
from keepfit.predictions.batches import Batches
from keepfit.predictions.news import Gain, gains_of, last_labels, news_of

START = datetime(2020, 1, 31, tzinfo=UTC)
HOUR = timedelta(hours=1)
SINCE, UNTIL = Batches(newest=1), Batches(newest=3)


def rows(*about):
    """Predictions of (id, batch, role)."""
    return pl.DataFrame(about, schema=["prediction_id", "batch", "role"], orient="row")


def labels(*about):
    """Labels of (id, label, hours until it was known, batch)."""
    table = pl.DataFrame(about, schema=["prediction_id", "label", "hours", "batch"], orient="row")
    known = START + pl.duration(hours=pl.col("hours"))
    return table.with_columns(label_time=known, received_at=known)


def test_the_last_label_counts():
    """By the time at which it became known, whatever batch brought it."""
    found = last_labels(labels(("a", 1.0, 5, 1), ("a", 2.0, 4, 2), ("b", 3.0, 1, 2)))
    assert found.select("prediction_id", "label", "label_batch").sort("prediction_id").rows() == [
        ("a", 1.0, 1),
        ("b", 3.0, 2),
    ]


def test_a_label_that_changes_nothing_is_no_news():
    """It says what was known before the one that counts."""
    said = labels(("a", 1.0, 5, 1), ("a", 2.0, 4, 2))
    assert news_of(rows(("a", 1, "champion")), said, since=SINCE, until=UNTIL).is_empty()


def test_the_same_number_of_another_time_is_a_correction():
    """How long it took is evidence too."""
    said = labels(("a", 1.0, 4, 1), ("a", 1.0, 5, 2))
    found = news_of(rows(("a", 1, "champion")), said, since=SINCE, until=UNTIL)
    assert found.select("news", "label_time").rows() == [("corrected", START + 5 * HOUR)]


def test_labels_of_shadows_and_failures_are_no_news():
    """Nobody was given these answers; as predictions that came they are told."""
    said = labels(("a", 1.0, 4, 2), ("b", 1.0, 4, 2), ("c", 1.0, 4, 2))
    given = rows(("a", 1, "shadow"), ("b", 1, "failed"), ("c", 2, "shadow"))
    found = news_of(given, said, since=SINCE, until=UNTIL)
    assert found.select("prediction_id", "news").rows() == [("c", "came")]


def test_gains_are_told_by_window():
    """With the batches and the versions that answered callers."""
    at = [START, START + HOUR / 2, START + 3 * HOUR]
    brought = pl.DataFrame(
        {
            "event_time": pl.Series(at, dtype=pl.Datetime("us", "UTC")),
            "batch": [3, 2, 2],
            "version": [1, 2, 7],
            "role": ["champion", "canary", "shadow"],
        }
    )
    assert gains_of(brought, HOUR) == [
        Gain(window=Window(START, START + HOUR), batches=(2, 3), versions=(1, 2), rows=2),
        Gain(window=Window(START + 3 * HOUR, START + 4 * HOUR), batches=(2,), versions=(), rows=1),
    ]
