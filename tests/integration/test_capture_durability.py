"""A capture log under kill -9, under another process's eyes, and under damage."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter
from keepfit.adapters.capture_source import CaptureFolder
from keepfit.adapters.lake.predictions import DeltaPredictions
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.ledger import SqlLedger
from keepfit.adapters.sql.migrate import migrate
from keepfit.predictions.capture_codec import LabelsFrame
from keepfit.workflows.drain_capture import drain_capture

WRITER = """
import sys
from pathlib import Path
from keepfit.adapters.capture_log import CaptureWriter
from keepfit.predictions.capture_codec import LabelsFrame

writer = CaptureWriter(Path(sys.argv[1]), log_id="web", segment_bytes=200_000)
for number in range(1_000_000):
    writer.append(
        LabelsFrame(
            model="taxi", prediction_id=[str(number), "x" * (number % 700)],
            label=[1.0, 2.0], label_time=[0, 0], received_at=[0, 0],
        )
    )
    print(number, flush=True)
"""


def numbers(directory):
    reader, found, damage = CaptureReader(directory), [], []
    batch = reader.read("web")
    while True:
        found.extend(int(frame.prediction_id[0]) for frame in batch.frames)
        damage.extend(batch.damage)
        if not batch.more:
            return found, damage, batch.position
        batch = reader.read("web", batch.position)


def labels(number):
    return LabelsFrame(
        model="taxi", prediction_id=[str(number)], label=[1.0], label_time=[0], received_at=[0]
    )


@pytest.mark.parametrize("acknowledged", [1, 400, 2_000])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path, acknowledged):
    """Killed with SIGKILL at full speed: every number that it printed is in the log, once and in order, and the log goes on."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        printed = [int(process.stdout.readline()) for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        printed += [int(line) for line in process.stdout if line.endswith("\n")]
    found, _, _ = numbers(tmp_path)
    assert found[: len(printed)] == printed
    assert found == list(range(len(found)))
    assert len(found) <= len(printed) + 1

    after = CaptureWriter(tmp_path, log_id="web")
    after.append(labels(-1))
    after.close()
    again, _, _ = numbers(tmp_path)
    assert again == [*found, -1]


def test_a_reader_follows_a_writer_of_another_process(tmp_path):
    """It never sees half a frame, never takes one that is being written for damage, and misses none."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        reader, seen, position = CaptureReader(tmp_path), [], None
        while len(seen) < 1_500:
            batch = reader.read("web", position, max_bytes=5_000)
            assert batch.damage == ()
            seen.extend(int(frame.prediction_id[0]) for frame in batch.frames)
            position = batch.position
            reader.delete_drained(position)
            process.stdout.readline()
        process.kill()
    assert seen == list(range(len(seen)))
    assert position.segment > "web-000001.cap"
    assert not (tmp_path / "web-000001.cap").exists()


def test_damage_in_the_middle_of_a_log_costs_only_what_it_hit(tmp_path):
    """A block of zeros over some frames: all others are read, and the bytes are set aside to be looked at."""
    writer = CaptureWriter(tmp_path, log_id="web")
    for number in range(500):
        writer.append(labels(number))
    writer.close()
    size = writer.segment.stat().st_size
    with writer.segment.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\0" * 512)
    found, damage, position = numbers(tmp_path)
    lost = sorted(set(range(500)) - set(found))
    assert lost == list(range(lost[0], lost[-1] + 1))
    assert 512 * 500 // size - 1 <= len(lost) <= 512 * 500 // size + 3
    assert position.offset == size
    set_aside = sum(one.set_aside.stat().st_size for one in damage)
    assert set_aside == sum(one.damage.stop - one.damage.start for one in damage) >= 512


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="the names of open files are known on Linux only"
)
def test_nothing_is_cut_from_the_log_before_the_lake_is_on_disk(tmp_path, monkeypatch):
    """Data files, log entries and folders of both tables are synced when the log is first trimmed."""
    synced, real = set(), os.fsync

    def noting(descriptor):
        synced.add(Path(f"/proc/self/fd/{descriptor}").resolve())
        real(descriptor)

    class Trimmed(CaptureFolder):
        def discard(self, position):
            written = {path for path in lake.rglob("*") if not path.name.startswith(".")}
            assert {path for path in written if path.suffix in {".parquet", ".json"}} <= synced
            assert {path for path in written if path.is_dir()} <= synced
            checked.append(position.segment)
            super().discard(position)

    lake, checked = tmp_path / "lake", []
    writer = CaptureWriter(tmp_path / "spool", log_id="web", segment_bytes=200)
    for number in range(3):
        writer.append(labels(number))
    writer.close()
    engine = open_engine(f"sqlite:///{tmp_path / 'keepfit.db'}")
    migrate(engine)
    monkeypatch.setattr(os, "fsync", noting)
    ports = SimpleNamespace(
        capture=Trimmed(tmp_path / "spool"),
        ledger=SqlLedger(engine),
        predictions=DeltaPredictions(lake),
        tell=lambda _message, _at: None,
    )
    assert drain_capture(ports, now=datetime(2020, 1, 31, tzinfo=UTC)).labels == 3
    assert len(set(checked)) > 1
    engine.dispose()
