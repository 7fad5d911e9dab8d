"""Names of segments, and failures in words."""

import errno

import pytest

from keepfit.adapters.capture_log.segments import (
    explained,
    logs_in,
    newest_number,
    segment_number,
    segments_of,
)
from keepfit.errors import CaptureError


def test_segments_are_in_the_order_of_their_numbers(tmp_path):
    """Beyond a million too, where names no longer sort by themselves."""
    for name in (
        "web-1000000.cap",
        "web-999999.cap",
        "web-000002.cap",
        "web-2-000001.cap",
        "web.lock",
        "other.txt",
    ):
        (tmp_path / name).touch()
    assert segments_of(tmp_path, "web") == ["web-000002.cap", "web-999999.cap", "web-1000000.cap"]
    assert logs_in(tmp_path) == ["web", "web-2"]
    assert newest_number(tmp_path, "web") == 1_000_000
    assert newest_number(tmp_path, "mail") == 0


def test_a_folder_that_does_not_exist_has_no_logs(tmp_path):
    """A server that has never run is no error to a drainer."""
    assert logs_in(tmp_path / "none") == []


def test_a_foreign_name_is_no_segment():
    """It is not guessed at."""
    with pytest.raises(CaptureError, match="is not the name of a capture segment"):
        segment_number("notes.txt")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "there is no room to write"),
        (errno.EACCES, "no permission for"),
        (errno.EIO, "failed: "),
    ],
)
def test_a_failure_says_what_it_is(tmp_path, number, said):
    """A full disk and a wrong owner want different hands."""
    assert said in str(explained(OSError(number, "what the system says"), tmp_path))
