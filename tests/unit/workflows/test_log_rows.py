"""Predictions and labels that come as tables."""

from dataclasses import replace

import polars as pl
import pytest

from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.predictions.ledger import Ledger
from keepfit.workflows.log_rows import log_label_rows, log_prediction_rows


def predicted(world, day=0):
    """The trips of a day, with what somebody predicted."""
    return world.town.trips(day, 20).with_columns(prediction=pl.col("miles") * 3)


def known(world, day=0):
    """What the trips of a day took."""
    return world.town.trips(day, 20).select(prediction_id="trip", label="minutes")


def log(world, rows, day=1):
    """Record predictions from a file at the end of a day."""
    version = world.registry.version("taxi", 1)
    return log_prediction_rows(world.ports, world.model, version, rows, log="a.csv", now=world.end_of(day))


def test_predictions_of_a_table_count_like_captured_ones(released):
    """They are the champion's, lie in the window of their event, and carry their features."""
    assert log(released, predicted(released)) == Ledger(received=20, stored=20)
    assert released.ports.ledger.ledger("taxi") == Ledger(received=20, stored=20)
    rows = released.predictions.predictions("taxi", Window(released.end_of(-1), released.end_of(0)))
    assert rows.height == 20
    assert set(rows["role"]) == {"champion"}
    assert rows.sort("prediction_id")["x_miles"].to_list() == (
        predicted(released).sort("trip")["miles"].to_list()
    )


def test_rows_that_are_known_already_count_once(released):
    """The same file again, with a few rows more."""
    log(released, predicted(released))
    both = pl.concat([predicted(released), predicted(released, day=1)])
    assert log(released, both, day=2) == Ledger(received=20, stored=20, duplicates=20)
    assert released.ports.ledger.ledger("taxi").balances


def test_labels_find_their_predictions(released):
    """The same label counts once; without a time of their own they became known now."""
    log(released, predicted(released))
    for day in (2, 3):
        rows = known(released).with_columns(label_time=released.end_of(1))
        counts = log_label_rows(released.ports, released.model, rows, log="b.csv", now=released.end_of(day))
        assert counts == Ledger(labels=20 if day == 2 else 0)
    rows = released.predictions.labelled("taxi")
    assert rows["label"].null_count() == 0
    other = known(released, day=1)
    log_label_rows(released.ports, released.model, other, log="c.csv", now=released.end_of(4))
    assert released.predictions.waiting_labels("taxi") == 20


def test_times_without_a_zone_are_utc(released):
    """As CSV files hold them."""
    rows = predicted(released).with_columns(pl.col("at").dt.replace_time_zone(None))
    assert log(released, rows).stored == 20
    assert released.predictions.last_event("taxi") == predicted(released)["at"].max()


def test_a_value_of_another_type_is_told_with_its_file(released):
    """Nothing is recorded then."""
    rows = predicted(released).with_columns(miles=pl.lit("far"))
    with pytest.raises(DataError, match="far"):
        log(released, rows)
    bad = known(released).with_columns(label=pl.lit("long"))
    with pytest.raises(DataError, match=r"b\.csv"):
        log_label_rows(released.ports, released.model, bad, log="b.csv", now=released.end_of(0))
    assert released.ports.ledger.ledger("taxi") == Ledger()


def test_a_missing_label_is_no_label(released):
    """The message counts them, and says what to do."""
    rows = known(released).with_columns(
        label=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise(pl.col("label"))
    )
    with pytest.raises(DataError, match="3 rows have no label") as error:
        log_label_rows(released.ports, released.model, rows, log="b.csv", now=released.end_of(0))
    assert error.value.hint == "leave out what is not labelled yet"


def test_a_process_that_dies_before_the_count_is_on_record_doubles_nothing(released):
    """The same command again, later, counts every row once."""

    class Dying:
        def __getattr__(self, name):
            return getattr(released.ports.ledger, name)

        def record(self, *_args, **_kwargs):
            raise KeyboardInterrupt

    version, rows = released.registry.version("taxi", 1), predicted(released)
    ports = replace(released.ports, ledger=Dying())
    with pytest.raises(KeyboardInterrupt):
        log_prediction_rows(ports, released.model, version, rows, log="a.csv", now=released.end_of(0))
    assert log(released, rows) == Ledger(received=20, stored=20)
    assert not released.ports.ledger.closed("taxi").open
