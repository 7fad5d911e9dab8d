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
from keepfit.adapters.lake.lookup import Lookup
from keepfit.adapters.lake.table import LakeTable, overlaps
from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.ids import is_name
from keepfit.predictions.batches import Batches
from keepfit.predictions.news import Gain, gains_of, last_labels, news_of
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS, SERVED
from keepfit.predictions.store import Appended

#: A retried request may carry another event time than the first, when the caller leaves it to the server.
REPEATS_WITHIN: Final = timedelta(days=1)

#: Rows are the record here, not the log: old entries go once a checkpoint holds what they say.
_CONFIGURATION: Final = {"delta.logRetentionDuration": "interval 2 days"}

_ORDER: Final = ("event_time", "prediction_id", "version")
_LABEL_KEYS: Final = ("prediction_id", "label", "label_time")

#: What `gains_of` takes.
_BROUGHT: Final = ("event_time", "batch", "version", "role")

#: What a table holds that is not there.
_NONE: Final = {
    "predictions": pl.DataFrame(schema={**PREDICTION_COLUMNS, "batch": pl.Int64()}),
    "labels": pl.DataFrame(schema={**LABEL_COLUMNS, "batch": pl.Int64()}),
}

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
        self._lookups: dict[tuple[str, str], Lookup] = {}
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
            return _NONE["predictions"]
        rows = table.scan(overlaps("event_time", window.start, window.end) if window else None)
        if window is not None:
            rows = rows.filter(pl.col("event_time").is_between(window.start, window.end, closed="left"))
        if version is not None:
            rows = rows.filter(pl.col("version") == version)
        return with_serving_columns(rows.collect()).sort(_ORDER)

    def labelled(
        self,
        model: str,
        window: Window | None = None,
        *,
        version: int | None = None,
        batches: Batches | None = None,
    ) -> pl.DataFrame:
        """Like `predictions`, with `label` and `label_time` of each prediction's last label: null where none has come.

        With `batches`, only these: both of predictions and of labels.
        """
        rows = self.predictions(model, window, version=version)
        if batches is not None:
            rows = rows.filter(batches.hold(pl.col("batch")))
        labels = self._labels_of(model, rows["prediction_id"].unique())
        if batches is not None:
            labels = labels.filter(batches.hold(pl.col("batch")))
        last = last_labels(labels).drop("label_batch")
        return rows.join(last, on="prediction_id", how="left", maintain_order="left")

    def gained(self, model: str, *, since: Batches, until: Batches, every: timedelta) -> Sequence[Gain]:
        """Windows of the grid that gained predictions, or labels of predictions in them, oldest first."""
        came = _between(self._fresh(model, "predictions", since), since, until).select(*_BROUGHT)
        told = (
            _between(self._fresh(model, "labels", since), since, until)
            .select("prediction_id", "batch")
            .collect()
        )
        there = (
            self._rows_of(model, "predictions", told["prediction_id"].unique())
            .filter(until.hold(pl.col("batch")), pl.col("role").is_in(SERVED))
            .select("prediction_id", "event_time", "version", "role")
            .collect()
        )
        labelled = there.join(told, on="prediction_id").select(*_BROUGHT)
        return gains_of(pl.concat([came.collect(), labelled]), every)

    def news(self, model: str, window: Window, *, since: Batches, until: Batches) -> pl.DataFrame:
        """What is new of the predictions in a window, or several windows in a row."""
        within = pl.col("event_time").is_between(window.start, window.end, closed="left")
        near = overlaps("event_time", window.start, window.end)
        came = _between(self._fresh(model, "predictions", since), since, until).filter(within)
        told = _between(self._fresh(model, "labels", since), since, until).select("prediction_id").collect()
        there = self._rows_of(model, "predictions", told["prediction_id"].unique(), near).filter(
            within, since.hold(pl.col("batch"))
        )
        rows = with_serving_columns(pl.concat([came, there], how="diagonal_relaxed").collect()).sort(_ORDER)
        labels = self._labels_of(model, rows["prediction_id"].unique())
        return news_of(rows, labels, since=since, until=until)

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

    def _fresh(self, model: str, kind: str, after: Batches) -> pl.LazyFrame:
        """The rows, as of now, without files that hold nothing newer."""
        table = self._table(model, kind)
        with table.lock:
            if table.refresh() < 0:
                return _NONE[kind].lazy()
            return table.scan_between("batch", after.through + 1)

    def _rows_of(self, model: str, kind: str, ids: pl.Series, near: str | None = None) -> pl.LazyFrame:
        """The rows with these ids, as of now."""
        table = self._table(model, kind)
        with table.lock:
            if table.refresh() < 0:
                return _NONE[kind].lazy()
            if (model, kind) not in self._lookups:
                self._lookups[model, kind] = Lookup(table)
            return self._lookups[model, kind].rows(ids, near)

    def _labels_of(self, model: str, ids: pl.Series) -> pl.DataFrame:
        """Every label of some predictions."""
        return self._rows_of(model, "labels", ids).collect()


def _between(rows: pl.LazyFrame, since: Batches, until: Batches) -> pl.LazyFrame:
    """Those of batches that came after one look at the lake and before another."""
    return rows.filter(until.hold(pl.col("batch")), ~since.hold(pl.col("batch")))


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
