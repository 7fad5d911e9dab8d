"""Pairs of numbers that go together, or no longer do."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.correlation import correlation_tests
from keepfit.monitoring.measured import judged
from keepfit.monitoring.norm_column import norms_of
from keepfit.monitoring.reference import build_reference
from keepfit.registry.signature import Feature, Kind
from keepfit.stats.profile import profile_frame

START = datetime(2024, 1, 1, tzinfo=UTC)


def _rows(rng, n, r=0.5, days=1):
    x = rng.standard_normal(n)
    y = r * x + np.sqrt(1 - r * r) * rng.standard_normal(n)
    columns = {"x": x, "y": y} | {f"z{i}": rng.standard_normal(n) for i in range(6)}
    at = [START + timedelta(days=i * days / n) for i in range(n)]
    return pl.DataFrame(columns).with_columns(at=pl.Series(at))


def _reference(frame):
    features = [Feature(name, Kind.NUMBER) for name in frame.columns if name != "at"]
    return build_reference(
        frame, features=features, time="at", every=timedelta(days=1), expected=Performance()
    )


@pytest.fixture(scope="module")
def reference():
    """A correlation of a half in ten days, and six numbers that go their own way."""
    return _reference(_rows(np.random.default_rng(1), 20_000, days=10))


def _alarms(reference, rows):
    tests = correlation_tests(norms_of(reference), profile_frame(rows, reference.cells))
    return [one.subject for one in judged(tests, 0.05) if one.alarms]


def test_a_tenth_less_shows_in_five_thousand_rows(reference):
    """From .5 to .4, nearly always, and no other pair."""
    rng = np.random.default_rng(2)
    found = [_alarms(reference, _rows(rng, 5000, r=0.4)) for _ in range(20)]
    assert sum(one == ["x ~ y"] for one in found) >= 19


def test_healthy_windows_seldom_alarm(reference):
    """Twenty-eight pairs in each of a hundred windows."""
    rng = np.random.default_rng(3)
    assert sum(bool(_alarms(reference, _rows(rng, 1000))) for _ in range(100)) <= 5


def test_a_correlation_that_changes_from_day_to_day_is_no_news():
    """As it did in the reference."""
    rng = np.random.default_rng(4)
    days = [_rows(rng, 2000, r=0.2 + 0.6 * rng.random()) for _ in range(12)]
    frame = pl.concat([day.with_columns(pl.col("at") + timedelta(days=i)) for i, day in enumerate(days)])
    assert _alarms(_reference(frame), _rows(rng, 2000, r=0.35)) == []


def test_one_outlier_makes_no_correlation(reference):
    """In both columns of a pair at once."""
    rows = _rows(np.random.default_rng(5), 5000)
    wild = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(1e6).otherwise(pl.col(name)).alias(name)
        for name in ("z0", "z1")
    )
    assert _alarms(reference, wild) == _alarms(reference, rows) == []


def test_the_sentence_has_the_interval_and_what_it_was(reference):
    """And every other pair is counted."""
    rows = _rows(np.random.default_rng(6), 5000, r=0.0)
    tests = correlation_tests(norms_of(reference), profile_frame(rows, reference.cells))
    found = judged(tests, 0.05)
    assert found[0].says.startswith("x and y go together differently: correlation ")
    assert "(95 % interval " in found[0].says
    assert "was 0.5" in found[0].says
    assert found[-1].says.endswith("pairs go together as before")
    assert len(tests) + sum(one.more for one in tests) == 28


def test_constant_columns_and_single_rows_have_no_correlation(reference):
    """Nothing to tell, and nothing breaks."""
    rows = _rows(np.random.default_rng(7), 500).with_columns(x=pl.lit(1.0))
    assert _alarms(reference, rows) == []
    assert _alarms(reference, rows.head(1)) == []
    assert _alarms(reference, rows.head(0)) == []
