"""One worker's numbers: what is called is what is counted."""

import sys
import threading
from datetime import timedelta

import pytest

from keepfit.clock import EPOCH
from keepfit.serving import telemetry as module
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_cells import ROW_EDGES, TIME_EDGES_NS, distribution
from keepfit.serving.telemetry_snapshot import Count, Loaded

NOW = EPOCH + timedelta(days=1)
MS = 1_000_000


def test_requests_are_told_apart_by_who_answered_what_how():
    """And statuses by their class only."""
    telemetry = Telemetry("web-0")
    for status in (400, 404, 503):
        telemetry.request("taxi", 3, "v2", status, 2 * MS)
    telemetry.request("", 0, "v1", 404, 1)
    requests = telemetry.snapshot(NOW).requests
    assert set(requests) == {("taxi", 3, "v2", "4xx"), ("taxi", 3, "v2", "5xx"), ("", 0, "v1", "4xx")}
    read = distribution(requests["taxi", 3, "v2", "4xx"], TIME_EDGES_NS)
    assert (read.count, read.total) == (2, 4 * MS)
    assert dict(read.at_most)[2_500_000] == 2
    assert dict(read.at_most)[1_000_000] == 0


def test_stages_that_were_not_measured_are_left_out():
    """A canary's batch has no decoding of its own."""
    telemetry = Telemetry("web-0")
    telemetry.batch("taxi", 3, 8, 10, 20, 30, 40)
    telemetry.encoded("taxi", 3, 20)
    telemetry.encoded("taxi", 3, 30)
    telemetry.batch("taxi", 4, 2, predict_ns=7)
    taken = telemetry.snapshot(NOW)
    sums = {(version, stage): cells[-1] for (_, version, stage), cells in taken.stages.items()}
    assert sums == {
        (3, "decode"): 10,
        (3, "queue"): 20,
        (3, "predict"): 30,
        (3, "capture"): 40,
        (3, "encode"): 50,
        (4, "predict"): 7,
    }
    rows = distribution(taken.batches["taxi", 3], ROW_EDGES)
    assert (rows.count, rows.total, dict(rows.at_most)[4], dict(rows.at_most)[8]) == (1, 8, 0, 1)


def test_the_ledger_and_the_other_counts_are_kept_by_model():
    """Each in its own place."""
    telemetry = Telemetry("web-0")
    telemetry.recorded("taxi", 10, 7, 2, 1)
    telemetry.recorded("taxi", 1, 1)
    telemetry.count("bus", Count.REFUSED)
    telemetry.count("bus", Count.LABELS, 5)
    telemetry.swapped("taxi", 6)
    taken = telemetry.snapshot(NOW)
    places = (Count.RECEIVED, Count.LOGGED, Count.SAMPLED_OUT, Count.DROPPED, Count.SWAPS)
    assert [taken.counted("taxi", one) for one in places] == [11, 8, 2, 1, 1]
    assert [taken.counted("bus", one) for one in (Count.REFUSED, Count.LABELS)] == [1, 5]
    assert taken.gauges["web-0"].generations == (("taxi", 6),)


def test_gauges_say_what_is_now():
    """The queue, the log, and the versions in memory."""
    telemetry = Telemetry("web-0")
    version = Loaded(model="taxi", version=3, role="champion", runtime="lightgbm")
    telemetry.queue_rows, telemetry.spool_bytes = 12, 4096
    telemetry.hold([version])
    telemetry.loaded("taxi", 500 * MS)
    telemetry.fell_back("taxi", 3, 4)
    taken = telemetry.snapshot(NOW)
    gauges = taken.gauges["web-0"]
    assert (gauges.at, gauges.queue_rows, gauges.spool_bytes) == (86_400_000_000, 12, 4096)
    assert (gauges.loaded, taken.fallbacks, taken.loads["taxi"][-1]) == (
        (version,),
        {("taxi", 3): (4,)},
        500 * MS,
    )
    telemetry.hold([])
    assert telemetry.snapshot(NOW).gauges["web-0"].loaded == ()


def test_counters_go_on_from_where_a_former_process_was():
    """Its gauges do not, however late its clock was."""
    former = Telemetry("web-0")
    former.recorded("taxi", 5, 5)
    former.queue_rows = 99
    telemetry = Telemetry("web-0", former.snapshot(NOW + timedelta(hours=1)))
    telemetry.recorded("taxi", 1, 1)
    taken = telemetry.snapshot(NOW)
    assert taken.counted("taxi", Count.RECEIVED) == 6
    assert taken.gauges["web-0"].queue_rows == 0


def test_made_up_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch):
    """Known series go on counting."""
    monkeypatch.setattr(module, "MOST_SERIES", 3)
    telemetry = Telemetry("web-0")
    for number in range(10):
        telemetry.request(f"m{number}", 1, "v2", 200, 1)
    telemetry.request("m0", 1, "v2", 200, 1)
    requests = telemetry.snapshot(NOW).requests
    assert len(requests) == 3
    assert requests["m0", 1, "v2", "2xx"][-1] == 2


def test_no_count_is_lost_between_threads():
    """No increment spans a call, so that the interpreter cannot switch in the middle of one."""
    telemetry = Telemetry("web-0")

    def work():
        for number in range(5_000):
            telemetry.request("taxi", 3, "v2", 200, number)
            telemetry.batch("taxi", 3, 1, predict_ns=number)
            telemetry.encoded("taxi", 3, number)
            telemetry.recorded("taxi", 1, 1)
            telemetry.count("taxi", Count.LABELS)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    taken = telemetry.snapshot(NOW)
    assert distribution(taken.requests["taxi", 3, "v2", "2xx"], TIME_EDGES_NS).count == 20_000
    for stage in ("predict", "encode"):
        assert distribution(taken.stages["taxi", 3, stage], TIME_EDGES_NS).count == 20_000
    assert [taken.counted("taxi", one) for one in (Count.RECEIVED, Count.LOGGED, Count.LABELS)] == [
        20_000
    ] * 3
