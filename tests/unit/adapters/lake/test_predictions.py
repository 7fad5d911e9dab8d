"""What the Delta prediction store promises beyond its port: files on disk, shared by processes, read in a moment."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.lake.conform import prediction_rows
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.predictions import DeltaPredictions
from keepfit.adapters.lake.table import Commit, LakeTable
from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.predictions.record import PREDICTION_COLUMNS, SERVING_COLUMNS
from keepfit.predictions.store import Appended

DAY = timedelta(days=1)
START = datetime(2020, 1, 1, tzinfo=UTC)


def predicted(ids: list[str], start: datetime = START, **columns: object) -> pl.DataFrame:
    """Predictions spread evenly over a day."""
    times = pl.Series([start + i * DAY / len(ids) for i in range(len(ids))], dtype=pl.Datetime("us", "UTC"))
    known = {"version": 1, "role": "champion", "prediction": 10.0, "error": None}
    frame = pl.DataFrame({"prediction_id": ids, "event_time": times, "received_at": times})
    return frame.with_columns(**{name: pl.lit(value) for name, value in known.items()}).select(
        *[
            pl.col(name).cast(dtype)
            for name, dtype in PREDICTION_COLUMNS.items()
            if name in known or name in frame.columns
        ],
        *[pl.lit(value).alias(name) for name, value in columns.items()],
    )


def labels_of(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "prediction_id", label="prediction", label_time=pl.col("event_time") + DAY, received_at="received_at"
    )


DRAIN = """
import sys
import polars as pl
from keepfit.adapters.lake.predictions import DeltaPredictions
store, rows = DeltaPredictions(sys.argv[1]), pl.read_parquet(sys.argv[2])
for batch in range(int(sys.argv[3]), 9, 2):
    store.append_predictions("taxi", rows[batch : batch + 2], batch=batch)
"""


@pytest.fixture
def store(tmp_path) -> DeltaPredictions:
    return DeltaPredictions(tmp_path)


def test_two_processes_lose_and_double_nothing(store, tmp_path):
    """Two drains at once, whose batches overlap: every prediction is there once."""
    rows = tmp_path / "rows.parquet"
    predicted([str(number) for number in range(10)]).write_parquet(rows)
    workers = [subprocess.Popen([sys.executable, "-c", DRAIN, tmp_path, rows, first]) for first in "12"]
    assert [worker.wait() for worker in workers] == [0, 0]
    assert sorted(store.predictions("taxi")["prediction_id"]) == [str(number) for number in range(1, 10)]


def test_a_drain_that_crashed_after_its_append_is_done_again(store, tmp_path):
    """A new process, which knows nothing of the first, appends the same batch: once only, with the first counts."""
    rows = predicted(["a", "b"])
    first = store.append_predictions("taxi", rows, batch=1)
    first_labels = store.append_labels("taxi", labels_of(rows), batch=1)
    restarted = DeltaPredictions(tmp_path)
    again = restarted.append_predictions("taxi", rows, batch=1)
    assert (again.stored, again.duplicates, again.already) == (first.stored, first.duplicates, True)
    again = restarted.append_labels("taxi", labels_of(rows), batch=1)
    assert (again.stored, again.duplicates, again.already) == (
        first_labels.stored,
        first_labels.duplicates,
        True,
    )
    assert restarted.labelled("taxi").height == 2


def test_a_file_that_a_crash_left_is_not_read(store, tmp_path):
    """A data file that no commit names is no part of the table."""
    store.append_predictions("taxi", predicted(["a"]), batch=1)
    [file] = (tmp_path / "taxi" / "predictions").glob("*.parquet")
    file.with_name("part-00000-orphan.parquet").write_bytes(file.read_bytes())
    assert DeltaPredictions(tmp_path).count("taxi") == 1


def test_repeats_are_looked_for_a_day_around(store):
    """An id that comes again days later is another prediction: the lake is not searched from end to end."""
    store.append_predictions("taxi", predicted(["a"]), batch=1)
    assert store.append_predictions("taxi", predicted(["a"], START + DAY), batch=2).duplicates == 1
    assert store.append_predictions("taxi", predicted(["a"], START + 3 * DAY), batch=3).stored == 1


def test_a_feature_may_change_its_type(store):
    """The next version of a model sends text where the last one sent numbers; both are kept."""
    store.append_predictions("taxi", predicted(["a"], x_zone=132), batch=1)
    store.append_predictions("taxi", predicted(["b"], x_zone="Queens"), batch=2)
    assert store.predictions("taxi")["x_zone"].to_list() == ["132", "Queens"]


def test_names_of_features_may_be_anything(store):
    """Spaces, brackets and signs in a feature's name are kept as they are."""
    store.append_predictions(
        "taxi", predicted(["a"], **{"x_petal length (cm)": 1.5, "x_a=b;c,d": "é"}), batch=1
    )
    assert store.predictions("taxi").select("x_petal length (cm)", "x_a=b;c,d").row(0) == (1.5, "é")


def test_a_model_whose_name_is_a_path_is_refused(store, tmp_path):
    """Nothing is read or written outside the lake."""
    with pytest.raises(DataError, match="cannot name a model"):
        store.append_predictions("../taxi", predicted(["a"]), batch=1)
    with pytest.raises(DataError, match="cannot name a model"):
        store.count("../taxi")
    assert list(tmp_path.iterdir()) == []


def test_a_week_of_many_is_read_in_a_moment(store):
    """Two thousand labelled rows out of two hundred days of them: far below a second of processor time."""
    random = np.random.default_rng(0)
    for batch in range(20):
        days = [
            predicted([f"{batch}-{day}-{i}" for i in range(285)], START + (10 * batch + day) * DAY)
            for day in range(10)
        ]
        rows = pl.concat(days).with_columns(x_miles=pl.Series(random.normal(size=10 * 285)))
        store.append_predictions("taxi", rows, batch=batch + 1)
        store.append_labels("taxi", labels_of(rows), batch=batch + 1)
    week = Window(START + 100 * DAY, START + 107 * DAY)
    store.labelled("taxi", week)
    started = time.process_time()
    rows = store.labelled("taxi", week)
    took = time.process_time() - started
    assert (rows.height, rows["label"].null_count()) == (7 * 285, 0)
    assert took < 0.5


def test_rows_of_a_time_before_a_column_have_null_in_it(tmp_path):
    """A table that was made without them takes rows that say how they were served, and keeps its own."""
    old = LakeTable(Location.of(tmp_path / "lake").under("taxi", "predictions"))
    before = prediction_rows(predicted(["a"]), model="taxi", batch=1).drop(SERVING_COLUMNS)
    old.create(before)
    old.write(before, "append", Commit(metadata={}, serial=("keepfit-drain", 1)))
    store = DeltaPredictions(tmp_path / "lake")
    assert store.predictions("taxi")["share"].to_list() == [None]
    served = predicted(["b"], latency_us=700, batch_rows=8, share=0.5, source="kserve")
    assert store.append_predictions("taxi", served, batch=2) == Appended(stored=1, duplicates=0)
    assert store.append_predictions("taxi", predicted(["a"]), batch=3).duplicates == 1
    rows = store.predictions("taxi").sort("prediction_id").select("prediction_id", *SERVING_COLUMNS)
    assert rows.rows() == [("a", None, None, None, None), ("b", 700, 8, 0.5, "kserve")]
    assert rows.schema == pl.Schema({"prediction_id": pl.String(), **SERVING_COLUMNS})
