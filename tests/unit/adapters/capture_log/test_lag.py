"""What waits in the spool says how far the drain is behind."""

import os
from datetime import UTC, datetime, timedelta

from keepfit.adapters.capture_log.lag import drain_lag

NOW = datetime(2020, 1, 31, 12, tzinfo=UTC)


def wrote(directory, name, minutes_ago):
    """A segment that was written last so long ago."""
    path = directory / name
    path.write_bytes(b"x")
    at = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    os.utime(path, (at, at))


def test_nothing_waits_where_nothing_is_closed(tmp_path):
    """No folder, no log, or only the segment that still grows."""
    assert drain_lag(tmp_path / "none", NOW) is None
    assert drain_lag(tmp_path, NOW) is None
    wrote(tmp_path, "web-0-000007.cap", 90)
    assert drain_lag(tmp_path, NOW) is None


def test_the_oldest_closed_segment_of_any_log_counts(tmp_path):
    """By when it was written last."""
    wrote(tmp_path, "web-0-000001.cap", 5)
    wrote(tmp_path, "web-0-000002.cap", 1)
    wrote(tmp_path, "web-1-000004.cap", 20)
    wrote(tmp_path, "web-1-000005.cap", 2)
    assert drain_lag(tmp_path, NOW) == timedelta(minutes=20)
