"""`keepfit drain` builds the evidence of each hour as it drains; what is wrong with a model's file is told, and waits."""

import signal
import subprocess
import sys
from datetime import timedelta
from threading import Event

import pytest

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.app.workspace import open_workspace
from keepfit.clock import EPOCH, SystemClock, window_of
from keepfit.predictions.capture_codec import NUMBER, TEXT, LabelsFrame, PredictionsFrame
from keepfit.workflows.drain_capture import drain_capture

HOUR = timedelta(hours=1)
MICRO = timedelta(microseconds=1)


@pytest.fixture
def hourly(trained):
    """A trained workspace whose windows are hours."""
    trained.edit('window="1d"', 'window="1h"')
    return trained


@pytest.fixture
def start():
    """Of this hour; what happens here lies before it."""
    return window_of(SystemClock().now(), HOUR).start


@pytest.fixture
def capture(hourly, start):
    """Writes to the capture log, as a server does: predictions of the hours before this one, and labels."""
    now = SystemClock().now()
    writer = CaptureWriter(hourly.root / ".keepfit" / "spool", log_id="web-0")

    def write(*ids, hours_ago=1, labels=(), rides=20.0):
        at = (start - hours_ago * HOUR - EPOCH) // MICRO
        n = len(ids)
        if ids:
            writer.append(
                PredictionsFrame(
                    model="bikes",
                    prediction_id=list(ids),
                    version=[1] * n,
                    role=["champion"] * n,
                    event_time=[at] * n,
                    received_at=[at] * n,
                    prediction=[rides] * n,
                    error=[None] * n,
                    features={
                        "station": ["park"] * n,
                        "hour": [8.0] * n,
                        "weekday": [1.0] * n,
                        "degrees": [9.5] * n,
                    },
                    kinds={"station": TEXT, "hour": NUMBER, "weekday": NUMBER, "degrees": NUMBER},
                    received=n,
                )
            )
        if labels:
            known = [(now - EPOCH) // MICRO] * len(labels)
            writer.append(
                LabelsFrame(
                    model="bikes",
                    prediction_id=list(labels),
                    label=[21.0] * len(labels),
                    label_time=known,
                    received_at=known,
                )
            )

    yield write
    writer.close()


def hours(keepfit, start):
    """Rows and labels by hours ago, as the lake has them."""
    space = open_workspace(keepfit.root)
    found = {
        (start - one.window.start) // HOUR: (one.traffic.rows, one.performance.labelled.n)
        for one in space.ports.evidence.evidence("bikes", 1)
    }
    space.engine.dispose()
    return found


def test_each_hour_has_evidence_when_it_was_drained(hourly, capture, start):
    """Nobody ticks. Late labels are added to their own hours, and a drain of nothing adds nothing."""
    capture("a", "b", hours_ago=5)
    capture("c", hours_ago=3, labels=["c"])
    done = hourly("drain", "--once")
    assert done.out == "drained 3 predictions and 1 label; added to the evidence of 2 windows\n"
    assert hours(hourly, start) == {5: (2, 0), 3: (1, 1)}
    capture("d", hours_ago=3, labels=["a"])
    counts = hourly("drain", "--once", "--json").json
    assert (counts["stored"], counts["labels"], counts["windows"]) == (1, 1, 2)
    assert hours(hourly, start) == {5: (2, 1), 3: (2, 1)}
    assert hourly("drain", "--once", "--json").json["windows"] == 0


def test_a_model_file_that_cannot_be_run_keeps_nobody_from_draining(hourly, capture, start):
    """It is told; once it is mended, the evidence of what was drained meanwhile is made."""
    capture("a", hours_ago=2)
    hourly.edit("import numpy as np", "import numpie as np")
    done = hourly.process("drain", "--once")
    assert (done.code, done.out) == (0, "drained 1 prediction and 0 labels\n")
    assert "evidence cannot be updated, and waits: bikes.py" in done.err
    assert hours(hourly, start) == {}
    hourly.edit("import numpie as np", "import numpy as np")
    assert hourly("drain", "--once").out.endswith("added to the evidence of 1 window\n")
    assert hours(hourly, start) == {2: (1, 0)}


def test_the_process_goes_on_after_a_kill(hourly, capture, start):
    """What was drained and not added before the kill is added by the next process, once."""
    capture("a", "b", hours_ago=2, labels=["b"])
    space = open_workspace(hourly.root)
    drain_capture(space.ports, now=SystemClock().now())  # and no more
    space.engine.dispose()
    capture("c", hours_ago=2, labels=["a"])
    log = hourly.root / "drain.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "keepfit", "drain", "--every", "1s"],
            cwd=hourly.root,
            stdout=said,
            stderr=said,
        )
    try:
        for _ in range(600):
            if hours(hourly, start) == {2: (3, 2)}:
                break
            assert process.poll() is None, log.read_text(encoding="utf-8")
            Event().wait(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert hours(hourly, start) == {2: (3, 2)}
    assert "added to the evidence of 1 window" in log.read_text(encoding="utf-8")
