"""Shadow work: soon, in order, never in anybody's way."""

import threading

from keepfit.serving.shadows import ShadowRunner


def test_work_is_done_by_the_time_of_the_flush():
    """In the order in which it came."""
    done = []
    runner = ShadowRunner()
    for number in range(20):
        runner.submit(lambda number=number: done.append(number))
    runner.flush()
    assert done == list(range(20))
    runner.close()


def test_what_cannot_be_kept_up_with_is_left_out_and_counted():
    """A slow shadow never makes a queue without end."""
    gate = threading.Event()
    done = []
    runner = ShadowRunner(waiting=2)
    runner.submit(gate.wait)
    runner.submit(lambda: done.append("second"))
    runner.submit(lambda: done.append("third"))
    gate.set()
    runner.close()
    assert (done, runner.skipped) == (["second"], 1)


def test_work_that_raises_hurts_nobody():
    """What comes after it is done."""
    done = []
    runner = ShadowRunner()
    runner.submit(lambda: 1 / 0)
    runner.submit(lambda: done.append(1))
    runner.close()
    assert done == [1]


def test_inline_work_is_done_at_once():
    """For replays, where each request must be whole before the next."""
    done = []
    runner = ShadowRunner(waiting=0)
    runner.submit(lambda: done.append(threading.current_thread()))
    assert done == [threading.current_thread()]
