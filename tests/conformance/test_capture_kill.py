"""A server that is killed at full speed: what it acknowledged is in the lake, once, and the ledger balances."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

from keepfit.adapters.capture_source import CaptureFolder
from keepfit.adapters.lake.predictions import DeltaPredictions
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.ledger import SqlLedger
from keepfit.adapters.sql.migrate import migrate
from keepfit.workflows.drain_capture import drain_capture

NOW = datetime(2020, 1, 31, tzinfo=UTC)
TIMES = 3

SERVER = """
import sys
from itertools import count
from pathlib import Path
from keepfit.adapters.capture_log import CaptureWriter
from keepfit.predictions.capture_codec import PredictionsFrame

writer = CaptureWriter(Path(sys.argv[1]), log_id="web-0", segment_bytes=100_000, durability=sys.argv[3])
for number in count():
    rows = 1 + number % 5
    ids = [f"{sys.argv[2]}-{number}-{row}" for row in range(rows)]
    writer.append(
        PredictionsFrame(
            model="taxi", prediction_id=ids, version=[1] * rows, role=["champion"] * rows,
            event_time=[0] * rows, received_at=[0] * rows, prediction=[1.0] * rows, error=[None] * rows,
            features={}, kinds={}, number_names=["miles"], numbers=bytes(8 * rows), received=rows,
        )
    )
    print(" ".join(ids), flush=True)
"""


def acknowledged_until_killed(spool, life, frames, durability):
    """The ids that a server acknowledged before SIGKILL hit it, some time after it had `frames` of them."""
    command = [sys.executable, "-c", SERVER, str(spool), str(life), durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(frames)]
        process.send_signal(signal.SIGKILL)
        lines += [line for line in process.stdout if line.endswith("\n")]
    return [name for line in lines for name in line.split()]


def test_nothing_acknowledged_is_lost_or_doubled_over_three_kills(tmp_path):
    """The same log, a new life after each kill, drained in between: every id once, and the sums agree."""
    engine = open_engine(f"sqlite:///{tmp_path / 'keepfit.db'}")
    migrate(engine)
    ports = SimpleNamespace(
        capture=CaptureFolder(tmp_path / "spool"),
        ledger=SqlLedger(engine),
        predictions=DeltaPredictions(tmp_path / "lake"),
        tell=lambda _message, _at: None,
    )
    acknowledged = []
    for life in range(TIMES):
        durability = "fsync" if life == 1 else "interval"
        acknowledged += acknowledged_until_killed(tmp_path / "spool", life, 50 * 3**life, durability)
        drain_capture(ports, now=NOW)
    stored = ports.predictions.predictions("taxi")["prediction_id"].to_list()
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    assert len(stored) <= len(acknowledged) + 5 * TIMES
    ledger = ports.ledger.ledger("taxi")
    assert ledger.balances
    assert (ledger.stored, ledger.duplicates) == (len(stored), 0)
    assert list((tmp_path / "spool").glob("*.cap")) == []
    engine.dispose()
