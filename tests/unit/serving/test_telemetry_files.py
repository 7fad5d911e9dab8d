"""Workers that share a folder: any tells the sum, and what was told is never taken back."""

from datetime import timedelta

from keepfit.clock import EPOCH, ManualClock
from keepfit.serving.telemetry_files import MetricsFolder, SharedTelemetry
from keepfit.serving.telemetry_snapshot import Count, Snapshot


def received(snapshot):
    return snapshot.counted("taxi", Count.RECEIVED)


def test_any_worker_tells_the_sum(tmp_path):
    """Its own numbers as they are now, the others' as they were written last."""
    clock = ManualClock(EPOCH)
    one, other = SharedTelemetry(tmp_path, "web-0", clock), SharedTelemetry(tmp_path, "web-1", clock)
    other.live.recorded("taxi", 2, 2)
    assert received(one.total()) == 0
    other.total()
    one.live.recorded("taxi", 3, 3)
    assert received(one.total()) == received(other.total()) == 5
    assert sorted(one.total().gauges) == ["web-0", "web-1"]


def test_a_dead_worker_keeps_its_counters_only(tmp_path):
    """Its queue is gone, its answers are not."""
    clock = ManualClock(EPOCH)
    dead, alive = SharedTelemetry(tmp_path, "web-1", clock), SharedTelemetry(tmp_path, "web-0", clock)
    dead.live.recorded("taxi", 2, 2)
    dead.live.queue_rows = 9
    dead.total()
    clock.at += timedelta(minutes=1)
    total = alive.total()
    assert (received(total), list(total.gauges)) == (2, ["web-0"])


def test_what_was_told_outlives_a_kill(tmp_path):
    """A counter that fell would look to Prometheus as if everything had been counted once more."""
    clock = ManualClock(EPOCH)
    killed = SharedTelemetry(tmp_path, "web-0", clock)
    killed.live.recorded("taxi", 7, 7)
    told = received(killed.total())
    assert received(SharedTelemetry(tmp_path, "web-0", clock).total()) == told == 7


def test_a_file_that_cannot_be_read_is_left_out(tmp_path, caplog):
    """The others are told all the same, and the log says why."""
    (tmp_path / "web-1.msgpack").write_bytes(b"\xc1")
    assert received(SharedTelemetry(tmp_path, "web-0", ManualClock(EPOCH)).total()) == 0
    assert "web-1 are left out" in caplog.text


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path, caplog):
    """And the worker still tells its own."""
    (tmp_path / "metrics").write_text("a file is in the way")
    shared = SharedTelemetry(tmp_path / "metrics", "web-0", ManualClock(EPOCH))
    shared.live.recorded("taxi", 1, 1)
    assert [received(shared.total()) for _ in range(2)] == [1, 1]
    assert caplog.text.count("cannot be written") == 1


def test_the_thread_writes_what_was_counted_last_when_it_ends(tmp_path):
    """Closing twice is no harm."""
    shared = SharedTelemetry(tmp_path, "web-0", ManualClock(EPOCH))
    shared.start()
    shared.live.recorded("taxi", 4, 4)
    shared.close()
    shared.close()
    assert received(MetricsFolder(tmp_path).read("web-0") or Snapshot()) == 4


def test_gauges_are_measured_before_each_snapshot(tmp_path, caplog):
    """A measure that fails takes nothing else with it."""

    def measure(live):
        live.spool_bytes = 77
        raise OSError("no such folder")

    shared = SharedTelemetry(tmp_path, "web-0", ManualClock(EPOCH))
    shared.start(measure)
    assert shared.total().gauges["web-0"].spool_bytes == 77
    assert "could not be measured" in caplog.text
    shared.close()
