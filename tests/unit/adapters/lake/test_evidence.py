"""What the Delta evidence store promises beyond its port: open columns, durable, shared by processes, quick to read."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from deltalake import DeltaTable

from keepfit.adapters.evidence_format import FORMAT
from keepfit.adapters.lake import evidence as module
from keepfit.adapters.lake import evidence_shelf
from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.adapters.lake.evidence_shelf import Shelf
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import Commit, LakeTable
from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile

DAY = timedelta(days=1)
START = datetime(2020, 1, 1, tzinfo=UTC)
CELLS = NumericCells.of(np.arange(100.0))


def evidence_of(
    day: int, rows: int = 5, *, version: int = 1, batch: int = 1, model: str = "taxi"
) -> WindowEvidence:
    """A day of so many rows, of which all but one are labelled."""
    profile = NumericProfile.of(CELLS, np.arange(float(rows)))
    return WindowEvidence(
        model=model,
        version=version,
        window=Window(START + day * DAY, START + (day + 1) * DAY),
        traffic=Profile(rows=rows, features={"miles": profile}),
        predictions=profile,
        performance=Performance(predicted=rows, labelled=LossSums(rows - 1, 1.0, 1.0)),
        failed=0,
        served=rows,
        batch=batch,
    )


@pytest.fixture
def store(tmp_path) -> DeltaEvidence:
    return DeltaEvidence(tmp_path)


def table_of(store: DeltaEvidence) -> LakeTable:
    return store._shelf("taxi").table


def rows_of(evidence) -> list[int]:
    return [one.traffic.rows for one in evidence]


def test_the_table_tells_without_keepfit(store, tmp_path):
    """Anybody who reads Delta sees the windows, their rows and labels, and what is newest; the rest is bytes."""
    store.put_all([evidence_of(0, 5, batch=3), evidence_of(1, 7, version=2, batch=4)])
    store.put(evidence_of(0, 6, batch=5))
    table = DeltaTable(tmp_path / "taxi" / "windows")
    rows = pl.DataFrame(table.to_pyarrow_dataset().to_table()).sort("sequence")
    assert rows.select("model", "version", "rows", "predicted", "labelled", "batch", "sequence").rows() == [
        ("taxi", 1, 5, 5, 4, 3, 1),
        ("taxi", 2, 7, 7, 6, 4, 2),
        ("taxi", 1, 6, 6, 5, 5, 3),
    ]
    assert rows["window_start"].to_list() == [START, START + DAY, START]
    assert rows["window_end"].to_list() == [START + DAY, START + 2 * DAY, START + DAY]
    assert set(rows["format"]) == {FORMAT}
    assert rows["evidence"].dtype == pl.Binary


def test_cells_are_stored_once(store, tmp_path):
    """However many windows were counted in them; the windows name them."""
    for day in range(3):
        store.put(evidence_of(day))
    cells = pl.DataFrame(DeltaTable(tmp_path / "taxi" / "cells").to_pyarrow_dataset().to_table())
    assert cells.height == 1
    assert set(table_of(store).scan().collect()["cells"]) == set(cells["digest"])


def test_another_process_sees_what_was_put(store, tmp_path):
    """Two stores on one folder meet in its log, whoever looked first."""
    other = DeltaEvidence(tmp_path)
    assert other.evidence("taxi", 1) == []
    store.put(evidence_of(0))
    assert rows_of(other.evidence("taxi", 1)) == [5]
    other.put(evidence_of(0, 6))
    other.put(evidence_of(1, 7))
    assert rows_of(store.evidence("taxi", 1)) == [6, 7]
    store.put(evidence_of(1, 8))
    assert rows_of(other.evidence("taxi", 1)) == [6, 8]


def test_a_writer_that_looked_too_early_is_late(store, tmp_path):
    """Between the look and the commit another process stores newer evidence: the second look finds it, and it stands."""
    other = DeltaEvidence(tmp_path)
    store.put(evidence_of(0, 5, batch=1))
    shelf = store._shelf("taxi")
    with shelf.table.lock:
        shelf.look()
        other.put_all([evidence_of(0, 9, batch=3), evidence_of(1, 2, batch=3)])
        rows = module._rows(shelf.cells, [evidence_of(0, 7, batch=2), evidence_of(2, 3, batch=2)])
        assert not module._written(shelf, rows)
        assert shelf.look()
        assert module._written(shelf, rows)
    for one in (store, other):
        assert rows_of(one.evidence("taxi", 1)) == [9, 2, 3]


def test_many_writers_lose_no_window(tmp_path):
    """Four stores put at once, the creation of the tables among it: all windows are there, the newest of each."""

    def work(writer: int) -> None:
        store = DeltaEvidence(tmp_path)
        for number in range(5):
            own, shared = evidence_of(10 + writer * 5 + number), evidence_of(number, batch=writer + 1)
            store.put_all([own, shared])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    found = DeltaEvidence(tmp_path).evidence("taxi", 1)
    assert [(one.window.start - START) // DAY for one in found] == [*range(5), *range(10, 30)]
    assert [one.batch for one in found[:5]] == [4] * 5


PUT_UNTIL_KILLED = """
import sys
sys.path.append(sys.argv[2])
from test_evidence import DeltaEvidence, evidence_of
store = DeltaEvidence(sys.argv[1])
print("ready", flush=True)
for batch in range(1, 500):
    store.put_all(evidence_of(day, 5 + batch, batch=batch) for day in range(3))
    print(batch, flush=True)
"""


@pytest.mark.parametrize("die_after", [1, 11, 22])
def test_a_process_that_is_killed_loses_nothing(tmp_path, die_after):
    """Killed in the middle of a put: what was put before is there, and the put itself whole or not at all.

    After the 11th and the 22nd put the next one ends with a deletion of rows that count no more.
    """
    command = [sys.executable, "-c", PUT_UNTIL_KILLED, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == str(die_after):
                process.send_signal(signal.SIGKILL)
                break
        said = [int(line) for line in process.stdout if line.strip().isdigit()]
    told = max([die_after, *said])
    store = DeltaEvidence(tmp_path)
    found = store.evidence("taxi", 1)
    assert len(found) == 3
    assert {one.batch for one in found} <= {told, told + 1}
    assert len({one.batch for one in found}) == 1
    store.put(evidence_of(0, 3, batch=told + 2))
    assert DeltaEvidence(tmp_path).evidence("taxi", 1) == [evidence_of(0, 3, batch=told + 2), *found[1:]]


def test_rows_that_count_no_more_are_deleted(store, tmp_path):
    """A window that is restated day after day leaves few rows and files, and is never lost; nor are its neighbours."""
    watching = DeltaEvidence(tmp_path)
    store.put_all(evidence_of(day, 3) for day in range(1, 11))
    for batch in range(1, 90):
        store.put_all([evidence_of(0, batch, batch=batch), evidence_of(20 + batch % 3, batch, batch=batch)])
        assert rows_of(watching.evidence("taxi", 1, START, START + DAY)) == [batch]
    table = table_of(store)
    assert table.scan().collect().height < 14 + 2 * module._SUPERSEDED
    assert len(table.handle.file_uris()) <= module._SMALL_FILES + 1
    for one in (store, watching, DeltaEvidence(tmp_path)):
        assert rows_of(one.evidence("taxi", 1)) == [89, *[3] * 10, 87, 88, 89]


def test_numbers_are_never_given_out_again(store, tmp_path):
    """Not after deletions, nor by a store that opens the table then: a reader from before sees what is new."""
    reader = DeltaEvidence(tmp_path)
    for batch in range(1, 50):
        store.put(evidence_of(0, batch, batch=batch))
    assert rows_of(reader.evidence("taxi", 1)) == [49]
    DeltaEvidence(tmp_path).put(evidence_of(0, 77, batch=50))
    assert rows_of(reader.evidence("taxi", 1)) == [77]


def test_only_the_files_that_are_asked_for_are_opened(store):
    """A file that holds other windows, or other versions, may even be gone."""
    store.put(evidence_of(0))
    store.put(evidence_of(1, version=2))
    shelf = store._shelf("taxi")
    shelf.look()
    for file in shelf.table.location.path.glob("*.parquet"):
        file.unlink()
    store.put(evidence_of(1))
    assert rows_of(store.evidence("taxi", 1, START + DAY)) == [5]
    with pytest.raises(OSError, match="parquet"):
        store.evidence("taxi", 2)


def test_windows_that_were_read_are_not_read_again(store):
    """They are held in memory until they are restated."""
    store.put_all([evidence_of(0), evidence_of(1)])
    first = store.evidence("taxi", 1)
    for file in table_of(store).location.path.glob("*.parquet"):
        file.unlink()
    again = store.evidence("taxi", 1)
    assert all(one is two for one, two in zip(first, again, strict=True))
    store.put(evidence_of(1, 9))
    assert rows_of(store.evidence("taxi", 1)) == [5, 9]


def test_memory_is_bounded(store, monkeypatch):
    """When there is room for two windows the last two that were asked for are held; all come back all the same."""
    store.put_all(evidence_of(day) for day in range(5))
    (size,) = {len(one) for one in table_of(store).scan().collect()["evidence"]}
    monkeypatch.setattr(evidence_shelf, "HELD_BYTES", 2 * size)
    assert rows_of(store.evidence("taxi", 1)) == [5] * 5
    assert len(store._shelf("taxi").held) == 2
    before = store.evidence("taxi", 1, START, START + 2 * DAY)
    store.evidence("taxi", 1, START, START + DAY)
    store.evidence("taxi", 1, START + 4 * DAY)
    (again,) = store.evidence("taxi", 1, START, START + DAY)
    assert again is before[0]


def test_evidence_of_a_newer_keepfit_is_told_by_its_window(store):
    """The error says which window it is of, and what to do; other windows are read."""
    store.put_all([evidence_of(0), evidence_of(1)])
    table = table_of(store)
    table.refresh()
    rows = table.scan().collect().filter(pl.col("window_start") > START)
    (packed,) = rows["evidence"]
    newer = packed[:3] + bytes([FORMAT + 1]) + packed[4:]
    changed = rows.with_columns(
        sequence=pl.lit(9, dtype=pl.Int64), evidence=pl.Series([newer], dtype=pl.Binary)
    )
    table.write(changed, "append", Commit(metadata={}, serial=("a test", 1)))
    with pytest.raises(
        DataError, match=rf"evidence of taxi@1, window of 2020-01-02.* format {FORMAT + 1}"
    ) as caught:
        store.evidence("taxi", 1)
    assert "upgrade keepfit" in str(caught.value.hint)
    assert rows_of(store.evidence("taxi", 1, START, START + DAY)) == [5]


def test_evidence_that_somebody_deleted_is_missed(store):
    """What was there and is no longer there is an error, not a shorter answer."""
    store.put_all([evidence_of(0), evidence_of(1)])
    other = LakeTable(table_of(store).location)
    other.refresh()
    other.delete("sequence = 2")
    with pytest.raises(DataError, match=r"taxi@1, window of 2020-01-02.* is no longer there"):
        store.evidence("taxi", 1)


def test_a_model_whose_name_is_a_path_is_refused(store, tmp_path):
    """Nothing is read or written outside the lake."""
    with pytest.raises(DataError, match="cannot name a model"):
        store.put(evidence_of(0, model="../taxi"))
    with pytest.raises(DataError, match="cannot name a model"):
        store.evidence("../taxi", 1)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_is_always_slower_is_told(store, tmp_path, monkeypatch):
    """It ends with an error that says so; what the others put stays."""
    other = DeltaEvidence(tmp_path)
    store.put(evidence_of(0))
    looks = iter(range(1, 100))
    look = Shelf.look

    def overtaken(shelf) -> bool:
        seen = look(shelf)
        if shelf is store._shelf("taxi"):
            other.put(evidence_of(next(looks)))
        return seen

    monkeypatch.setattr(Shelf, "look", overtaken)
    with pytest.raises(DataError, match=r"evidence of 'taxi' could not be stored: other writers were faster"):
        store.put(evidence_of(50))
    monkeypatch.undo()
    days = [(one.window.start - START) // DAY for one in store.evidence("taxi", 1)]
    assert days == list(range(module.ATTEMPTS + 1))


def test_each_model_has_a_folder(tmp_path):
    """Its windows and their cells, two tables, lie in it."""
    store = DeltaEvidence(str(tmp_path / "lake"))
    store.put(evidence_of(0))
    assert Location.of(tmp_path / "lake").folders() == ["taxi"]
    assert sorted(one.name for one in (tmp_path / "lake" / "taxi").iterdir()) == ["cells", "windows"]
