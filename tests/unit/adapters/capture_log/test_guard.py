"""Who writes a log, and how far it has come."""

import threading

import pytest

from keepfit.adapters.capture_log.guard import Guard, has_writer
from keepfit.errors import CaptureError


def test_a_log_has_a_writer_until_it_lets_go(tmp_path):
    """A second one is refused meanwhile."""
    guard = Guard(tmp_path, "web")
    assert has_writer(tmp_path, "web")
    with pytest.raises(CaptureError, match="another writer holds the capture log 'web'"):
        Guard(tmp_path, "web")
    guard.release()
    assert not has_writer(tmp_path, "web")


def test_a_log_without_a_lock_is_taken_for_live(tmp_path):
    """What cannot be known is not taken for gone."""
    assert has_writer(tmp_path, "web")


def test_the_last_number_is_remembered(tmp_path):
    """By the next writer; a lock file that holds none says 0."""
    first = Guard(tmp_path, "web")
    assert first.last_number == 0
    first.last_number = 12
    first.release()
    second = Guard(tmp_path, "web")
    assert second.last_number == 12
    second.release()


def test_a_writer_is_not_refused_because_a_reader_looks(tmp_path):
    """Readers ask all the time whether a log is written; a new writer is let in all the same."""
    Guard(tmp_path, "web").release()
    done = threading.Event()

    def look():
        while not done.is_set():
            has_writer(tmp_path, "web")

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(20):
            Guard(tmp_path, "web").release()
    finally:
        done.set()
        for reader in readers:
            reader.join()
