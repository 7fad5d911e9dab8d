"""Predictions and labels: two Delta tables a model, appended to once, joined when they are read."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, cast

import polars as pl

from keepfit.adapters.lake.append import append_once
from keepfit.adapters.lake.conform import label_rows, prediction_rows, with_serving_columns
from keepfit.adapters.lake.dedupe import NEW, REPEAT, SLOT, STORED
from keepfit.adapters.lake.known_keys import KnownKeys
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import ATTEMPTS, LakeTable, overlaps
from keepfit.clock import EPOCH, Window, window_of
from keepfit.errors import DataError
from keepfit.ids import is_name
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS, SERVED, UTC_TIME
from keepfit.predictions.store import Appended

#: A retried request may carry another event time than the first, when the caller leaves it to the server.
REPEATS_WITHIN: Final = timedelta(days=1)

#: Rows are the record here, not the log: old entries go once a checkpoint holds what they say.
_CONFIGURATION: Final = {"delta.logRetentionDuration": "interval 2 days"}

_ORDER: Final = ("event_time", "prediction_id", "version")
_LABEL_KEYS: Final = ("prediction_id", "label", "label_time")

#: What finds the files that rows of a batch may be in already.
_SLOT_KEY: Final = pl.col("prediction_id").hash(1).xor(SLOT.hash(2))
_LABEL_KEY: Final = pl.col("prediction_id").hash(1)


class DeltaPredictions:
    """Implements `keepfit.predictions.store.PredictionStore` on a folder of Delta tables.

    An append returns when its rows are on disk. Any number of processes may append and read.

    Args:
        root: a local folder, or the URI of one on an object store.
        options: credentials and endpoints of the object store.
    """

    def __init__(self, root: str | Path, *, options: Mapping[str, str] | None = None) -> None:
        self._root = Location.of(root, options)
        self._tables: dict[tuple[str, str], LakeTable] = {}
        self._known: dict[tuple[str, str], KnownKeys] = {}
        self._lock = threading.Lock()

    def append_predictions(self, model: str, rows: pl.DataFrame, *, batch: int) -> Appended:
        """Add rows that are not there yet; a batch that is in already is not added again, and gives its counts.

        Served rows are one by prediction_id, shadow rows by (prediction_id, version), among rows whose event times lie
        within a day of the batch's. Only served rows are counted.

        Raises:
            DataError: the rows are not predictions, or the table cannot hold them.
        """
        given = prediction_rows(rows, model=model, batch=batch)
        table, keyed = self._table(model, "predictions"), given.with_columns(SLOT)
        known = self._known.setdefault((model, "predictions"), KnownKeys(_SLOT_KEY))
        there = partial(_slots_there, table, known, given)
        fate = append_once(table, given, keyed, ("prediction_id", "slot"), there)
        return _counts(fate, given["role"].is_in(SERVED))

    def append_labels(self, model: str, rows: pl.DataFrame, *, batch: int) -> Appended:
        """Add label rows; the same (prediction_id, label, label_time) is added once. Raises DataError."""
        given = label_rows(rows, model=model, batch=batch)
        table = self._table(model, "labels")
        known = self._known.setdefault((model, "labels"), KnownKeys(_LABEL_KEY))
        fate = append_once(table, given, given, _LABEL_KEYS, partial(_labels_there, table, known, given))
        return _counts(fate, fate.is_not_null())

    def predictions(
        self, model: str, window: Window | None = None, *, version: int | None = None
    ) -> pl.DataFrame:
        """Rows whose event lies in the window, in the order of their events; an empty frame when there are none."""
        table = self._table(model, "predictions")
        if table.refresh() < 0:
            return pl.DataFrame(schema={**PREDICTION_COLUMNS, "batch": pl.Int64()})
        rows = table.scan(overlaps("event_time", window.start, window.end) if window else None)
        if window is not None:
            rows = rows.filter(pl.col("event_time").is_between(window.start, window.end, closed="left"))
        if version is not None:
            rows = rows.filter(pl.col("version") == version)
        return with_serving_columns(rows.collect()).sort(_ORDER)

    def labelled(
        self, model: str, window: Window | None = None, *, version: int | None = None
    ) -> pl.DataFrame:
        """Like `predictions`, with `label` and `label_time` of each prediction's last label: null where none has come."""
        rows = self.predictions(model, window, version=version)
        labels = self._table(model, "labels")
        if labels.refresh() < 0 or rows.is_empty():
            return rows.with_columns(
                pl.lit(None, dtype=LABEL_COLUMNS[name]).alias(name) for name in _LABEL_KEYS[1:]
            )
        last = (
            labels.scan()
            .join(rows.lazy().select("prediction_id").unique(), on="prediction_id", how="semi")
            .collect()
            .sort("label_time", "received_at", "batch", "label")
            .unique("prediction_id", keep="last", maintain_order=True)
        )
        return rows.join(last.select(_LABEL_KEYS), on="prediction_id", how="left", maintain_order="left")

    def touched(self, model: str, *, after_batch: int, every: timedelta) -> tuple[Sequence[Window], int]:
        """Windows of the grid that gained predictions, or labels of predictions in them, and the newest batch.

        The newest batch is `after_batch` when nothing came after it. While a drain stands between its two appends, its
        predictions show and its labels do not: go on from a batch only when its drain was recorded.
        """
        gained, labels = self._since(model, after_batch)
        times = pl.concat([gained["event_time"], self._times_of(model, labels["prediction_id"])])
        cells = (times.to_physical() // (every // timedelta(microseconds=1))).unique().sort()
        batches = pl.concat([gained["batch"], labels["batch"]]).to_list()
        return [window_of(EPOCH + cell * every, every) for cell in cells], max(batches, default=after_batch)

    def waiting_labels(self, model: str) -> int:
        """Predictions that have a label but have not been seen."""
        labels, predictions = self._table(model, "labels"), self._table(model, "predictions")
        if labels.refresh() < 0:
            return 0
        ids = labels.scan().select("prediction_id").unique()
        if predictions.refresh() >= 0:
            ids = ids.join(predictions.scan().select("prediction_id"), on="prediction_id", how="anti")
        return int(ids.select(pl.len()).collect().item())

    def count(self, model: str) -> int:
        """Served predictions in the lake."""
        table = self._table(model, "predictions")
        if table.refresh() < 0:
            return 0
        return int(table.scan().filter(pl.col("role").is_in(SERVED)).select(pl.len()).collect().item())

    def last_event(self, model: str) -> datetime | None:
        """The newest event time; None when there is no prediction."""
        table = self._table(model, "predictions")
        if table.refresh() < 0:
            return None
        newest: datetime | None = table.scan().select(pl.col("event_time").max()).collect().item()
        return newest

    def _table(self, model: str, kind: str) -> LakeTable:
        if not is_name(model):
            raise DataError(
                f"'{model}' cannot name a model", hint="use lower-case letters, digits, '-', '_' and '.'"
            )
        with self._lock:
            if (model, kind) not in self._tables:
                self._tables[model, kind] = LakeTable(
                    self._root.under(model, kind), configuration=_CONFIGURATION
                )
            return self._tables[model, kind]

    def _since(self, model: str, batch: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(event_time, batch) of newer predictions and (prediction_id, batch) of newer labels, as of one moment."""
        predictions, labels = self._table(model, "predictions"), self._table(model, "labels")
        with predictions.lock, labels.lock:
            seen = predictions.refresh()
            for _ in range(ATTEMPTS):
                labels.refresh()
                # Nothing came into one table while we looked at the other, so both show the same moment.
                if (again := predictions.refresh()) == seen:
                    break
                seen = again
            return (
                _newer(predictions, batch, "event_time", PREDICTION_COLUMNS),
                _newer(labels, batch, "prediction_id", LABEL_COLUMNS),
            )

    def _times_of(self, model: str, ids: pl.Series) -> pl.Series:
        """The event times of some predictions, as of the last refresh."""
        predictions = self._table(model, "predictions")
        if ids.is_empty() or not predictions.exists:
            return pl.Series("event_time", [], dtype=UTC_TIME)
        wanted = ids.unique().to_frame().lazy()
        found = (
            predictions.scan()
            .select("prediction_id", "event_time")
            .join(wanted, on="prediction_id", how="semi")
        )
        return found.collect()["event_time"]


def _newer(table: LakeTable, batch: int, column: str, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """`column` and `batch` of the rows of later batches, as of the last refresh."""
    if not table.exists:
        return pl.DataFrame(schema={column: columns[column], "batch": pl.Int64()})
    return table.scan(f"batch > {batch}").filter(pl.col("batch") > batch).select(column, "batch").collect()


def _slots_there(table: LakeTable, known: KnownKeys, rows: pl.DataFrame) -> pl.DataFrame:
    """Keys and batches of predictions in the lake with the ids of `rows`, and events near theirs."""
    start, end = _span(rows["event_time"], REPEATS_WITHIN)
    files = known.holding(table, table.files(overlaps("event_time", start, end)), rows)
    return (
        table.scan_of(files)
        .filter(pl.col("event_time").is_between(start, end))
        .join(rows.lazy().select("prediction_id").unique(), on="prediction_id", how="semi")
        .select("prediction_id", SLOT, "batch")
        .collect()
    )


def _labels_there(table: LakeTable, known: KnownKeys, rows: pl.DataFrame) -> pl.DataFrame:
    """Keys and batches of labels in the lake with the ids of `rows`, and the times of one of them."""
    files = table.files(overlaps("label_time", *_span(rows["label_time"], timedelta(0))))
    return (
        table.scan_of(known.holding(table, files, rows))
        .join(rows.lazy().select("prediction_id").unique(), on="prediction_id", how="semi")
        .select(*_LABEL_KEYS, "batch")
        .collect()
    )


def _span(times: pl.Series, margin: timedelta) -> tuple[datetime, datetime]:
    """From the first to the last of some times, and a margin on both sides."""
    return cast("datetime", times.min()) - margin, cast("datetime", times.max()) + margin


def _counts(fate: pl.Series, counted: pl.Series) -> Appended:
    """What the port reports; a batch without a new row, but with rows of its own in the lake, is in already."""
    kept = fate.filter(counted)
    return Appended(
        stored=int((kept != REPEAT).sum()),
        duplicates=int((kept == REPEAT).sum()),
        already=not (fate == NEW).any() and bool((fate == STORED).any()),
    )
