"""Events that wait for each other, whichever process took them."""

import threading
from datetime import timedelta

import pytest

from keepfit.adapters.event_halves import EventHalves
from keepfit.errors import CaptureError

SECOND = 1_000_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spool" / "kserve.db"


def test_the_second_half_meets_the_first_in_either_order(path):
    """Through another connection too, as another worker has it."""
    one, other = EventHalves(path), EventHalves(path)
    assert one.meet("a", "request", b"asked", now_us=0) is None
    assert other.meet("a", "response", b"answered", now_us=1) == b"asked"
    assert other.meet("b", "response", b"answered", now_us=1) is None
    assert one.meet("b", "request", b"asked", now_us=2) == b"answered"


def test_a_repeat_changes_nothing(path):
    """The first of two that say different things is kept, and a half does not meet itself."""
    halves = EventHalves(path)
    halves.meet("a", "request", b"first", now_us=0)
    assert halves.meet("a", "request", b"second", now_us=1) is None
    assert halves.meet("a", "response", b"answered", now_us=2) == b"first"
    assert halves.waiting == 2


def test_a_pair_is_given_until_it_is_settled(path):
    """A crash before it was recorded loses nothing; afterwards repeats are ignored."""
    halves = EventHalves(path)
    halves.meet("a", "request", b"asked", now_us=0)
    for _ in range(2):
        assert halves.meet("a", "response", b"answered", now_us=1) == b"asked"
    halves.settle("a")
    halves.settle("a")
    for kind in ("request", "response"):
        assert halves.meet("a", kind, b"again", now_us=2) is None
    assert halves.waiting == halves.expired == 0


def test_what_waits_outlives_the_process(path):
    """It is in the file."""
    halves = EventHalves(path)
    halves.meet("a", "request", b"asked", now_us=0)
    halves.close()
    assert EventHalves(path).meet("a", "response", b"answered", now_us=1) == b"asked"


def test_who_waits_too_long_is_let_go_of_and_counted(path):
    """For all who use the file."""
    told = []
    halves = EventHalves(path, wait=timedelta(seconds=10), expired=told.append)
    halves.meet("a", "request", b"asked", now_us=0)
    halves.meet("b", "request", b"asked", now_us=9 * SECOND)
    assert halves.meet("c", "request", b"asked", now_us=12 * SECOND) is None
    assert (halves.waiting, halves.expired, EventHalves(path).expired, told) == (2, 1, 1, [1])
    assert halves.meet("a", "response", b"late", now_us=12 * SECOND) is None


def test_when_too_many_wait_the_oldest_goes(path):
    """And is counted."""
    halves = EventHalves(path, most=2)
    for second in range(4):
        halves.meet(f"k{second}", "request", b"asked", now_us=(second + 1) * SECOND)
    halves.meet("k9", "request", b"asked", now_us=9 * SECOND)
    assert halves.expired == 2
    assert halves.meet("k3", "response", b"answered", now_us=9 * SECOND) == b"asked"


def test_threads_meet(path):
    """Each pair exactly once, when each half comes in a thread of its own."""
    halves = EventHalves(path)
    met = []

    def send(kind):
        met.extend(
            number
            for number in range(50)
            if halves.meet(str(number), kind, kind.encode(), now_us=number) is not None
        )

    threads = [threading.Thread(target=send, args=(kind,)) for kind in ("request", "response")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(met) == list(range(50))


def test_a_file_that_cannot_be_had_is_said(tmp_path):
    """With its path."""
    (tmp_path / "spool").write_text("a file is in the way")
    with pytest.raises(CaptureError, match=r"kserve\.db"):
        EventHalves(tmp_path / "spool" / "kserve.db")


def test_a_file_that_fails_later_is_said(path):
    """Whoever sent the event sends it again."""
    halves = EventHalves(path)
    halves.close()
    with pytest.raises(CaptureError, match="cannot be kept"):
        halves.meet("a", "request", b"asked", now_us=0)
