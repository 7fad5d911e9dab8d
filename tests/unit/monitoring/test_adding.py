"""Adding what is new to the evidence of a window; that any split gives the whole is shown where evidence is updated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from keepfit.clock import Window
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.adding import WHOLE_PART, add_news, made_of, unsettled
from keepfit.monitoring.evidence import Yardstick
from keepfit.monitoring.reference import build_reference
from keepfit.predictions.batches import Batches
from keepfit.registry.signature import Feature, Kind

FEATURES = (Feature("miles", Kind.NUMBER),)
START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))
REFERENCE = build_reference(
    pl.DataFrame({"at": [START] * 3, "miles": [1.0, 2.0, 3.0]}),
    features=FEATURES,
    time="at",
    every=DAY.length,
    expected=Performance(),
    predictions=pl.Series([1.0, 2.0, 3.0]),
)
BY = Yardstick(reference=REFERENCE, features=FEATURES, slices=(), metric="mae")


def rows(*about, news=None):
    """Served rows of version 1: (miles, label)."""
    table = pl.DataFrame(about, schema={"x_miles": pl.Float64, "label": pl.Float64}, orient="row")
    table = table.with_columns(
        version=pl.lit(1),
        role=pl.lit("champion"),
        prediction=pl.col("x_miles"),
        event_time=pl.lit(START),
        label_time=pl.lit(START) + timedelta(hours=1),
    )
    return table if news is None else table.with_columns(news=pl.lit(news))


def made(*about, seen=1):
    """The evidence of a day."""
    return made_of(rows(*about), BY, model="m", version=1, window=DAY, seen=Batches(newest=seen))


def added(known, news, *, by=BY, window=DAY):
    """What it is with the news."""
    return add_news(known, news, by, window=window, seen=Batches(newest=2))


def test_what_came_is_traffic_and_what_matured_is_not():
    """A late label adds a loss, and no row."""
    known = made((1.0, None), (2.0, 5.0))
    found = added(known, pl.concat([rows((1.0, 4.0), news="matured"), rows((3.0, None), news="came")]))
    assert (found.traffic.rows, found.served, found.performance.predicted) == (3, 3, 3)
    assert (found.performance.labelled.n, found.performance.labelled.total) == (2, 6.0)
    assert found.seen == Batches(newest=2)


def test_a_correction_cannot_be_added():
    """The loss that was counted is in the sum."""
    assert added(made((1.0, 4.0)), rows((1.0, 5.0), news="corrected")) is None
    other = rows((1.0, 5.0), news="corrected").with_columns(version=pl.lit(2))
    assert added(made((1.0, 4.0)), other) is not None


@pytest.mark.parametrize("lost", ["metrics", "delays"])
def test_evidence_that_lacks_a_part_is_not_added_to(lost):
    """An older keepfit did not count it: the sum would be of some of the rows."""
    known = made((1.0, 4.0))
    older = replace(known, performance=replace(known.performance, **{lost: None}))
    assert added(older, rows((3.0, None), news="came")) is None


def test_another_window_is_not_added_to():
    """The model's windows have another length now."""
    hour = Window(START, START + timedelta(hours=1))
    assert added(made((1.0, 4.0)), rows((3.0, None), news="came"), window=hour) is None


def test_rows_that_come_a_few_at_a_time_are_loose():
    """Not those that come in thousands, and not labels."""
    known = made(*[(1.0, None)] * 300)
    assert not unsettled(known)
    few = added(known, rows((3.0, None), news="came"))
    assert (few.loose, unsettled(few)) == (1, False)
    more = added(few, rows((3.0, None), (3.0, None), news="came"))
    assert (more.loose, unsettled(more)) == (3, True)
    assert added(known, rows((1.0, 2.0), news="matured")).loose == 0
    assert added(known, rows(*[(3.0, None)] * WHOLE_PART, news="came")).loose == 0


def test_what_was_open_is_said():
    """Of the evidence of a window, as of the lake."""
    seen = Batches(newest=7, open=(3,))
    found = made_of(rows((1.0, None)), BY, model="m", version=1, window=DAY, seen=seen)
    assert (found.batch, found.seen) == (2, seen)
