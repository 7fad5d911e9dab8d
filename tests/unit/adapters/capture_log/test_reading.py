"""A segment that is being drained is not given up."""

import threading

from keepfit.adapters.capture_log.reading import draining, mark_reading, not_being_read


def allowed(folder, segment):
    with not_being_read(folder, "web-0", segment) as free:
        return free


def test_only_the_marked_segment_is_held(tmp_path):
    """And it stays so, whatever became of who marked it, until another is marked; a shorter name leaves no rest."""
    assert allowed(tmp_path, "web-0-000001.cap")
    mark_reading(tmp_path, "web-0", "web-0-1000001.cap")
    assert not allowed(tmp_path, "web-0-1000001.cap")
    mark_reading(tmp_path, "web-0", "web-0-000002.cap")
    assert allowed(tmp_path, "web-0-1000001.cap")
    assert not allowed(tmp_path, "web-0-000002.cap")
    mark_reading(tmp_path, "web-1", "web-1-000001.cap")
    assert not allowed(tmp_path, "web-0-000002.cap")


def test_one_drains_at_a_time(tmp_path):
    """The second waits until the first has done."""
    order, inside = [], threading.Event()

    def second():
        inside.wait()
        with draining(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with draining(tmp_path):
        inside.set()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
