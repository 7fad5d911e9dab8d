"""The lake's ports in plain memory: for tests of what stands on them. Nothing outlives the process."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from keepfit.adapters.lake.checkout import write_parquet
from keepfit.clock import Window, utc
from keepfit.data.dataset import DatasetVersion
from keepfit.data.digest import frame_digest
from keepfit.data.schema import Schema
from keepfit.errors import DataError, NotFoundError
from keepfit.ids import did_you_mean, is_name
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.predictions.batches import Batches
from keepfit.predictions.news import Gain, gains_of, last_labels, news_of
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS, SERVED
from keepfit.predictions.store import Appended

_BATCH = {"batch": pl.Int64()}


class MemoryDatasets:
    """Implements `keepfit.data.dataset.DatasetStore`."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[DatasetVersion, pl.DataFrame]]] = {}

    def commit(self, name: str, frame: pl.DataFrame, *, source: str, at: datetime) -> DatasetVersion:
        """A new version holding `frame`; the latest one when its digest is the same already."""
        if not is_name(name):
            raise DataError(f"'{name}' cannot name a dataset")
        digest, kept = frame_digest(frame), self._kept.setdefault(name, [])
        if kept and kept[-1][0].digest == digest:
            return kept[-1][0]
        version = DatasetVersion(
            name=name,
            number=len(kept) + 1,
            digest=digest,
            rows=frame.height,
            schema=Schema.of(frame),
            parent=len(kept) or None,
            source=source,
            at=utc(at),
        )
        kept.append((version, frame))
        return version

    def names(self) -> Sequence[str]:
        """The datasets there are, sorted."""
        return sorted(self._kept)

    def versions(self, name: str) -> Sequence[DatasetVersion]:
        """All versions of a dataset, oldest first. Raises NotFoundError."""
        if name not in self._kept:
            raise NotFoundError(f"there is no dataset '{name}'", hint=did_you_mean(name, self._kept))
        return [version for version, _ in self._kept[name]]

    def version(self, name: str, number: int | None = None) -> DatasetVersion:
        """One version, the latest when `number` is None. Raises NotFoundError."""
        for version in reversed(self.versions(name)):
            if number in (None, version.number):
                return version
        raise NotFoundError(f"there is no version {number} of dataset '{name}'")

    def read(self, version: DatasetVersion) -> pl.DataFrame:
        """The rows, in the order committed. Raises DataError when `version` is not what was committed."""
        kept = self.version(version.name, version.number)
        if kept.digest != version.digest:
            raise DataError(f"{version.ref} has digest {kept.digest}, not {version.digest}")
        return self._kept[version.name][version.number - 1][1]

    def checkout(self, version: DatasetVersion, path: Path) -> Path:
        """Write the version to one Parquet file; the same version gives the same bytes."""
        return write_parquet(self.read(version), path)

    def vacuum(self, name: str) -> int:
        """There are no files: 0. Raises NotFoundError."""
        self.versions(name)
        return 0


@dataclass(slots=True)
class _Rows:
    """Rows, and for what makes each of them unique the batch that brought it."""

    batches: dict[tuple[object, ...], int] = field(default_factory=dict)
    frames: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self, rows: pl.DataFrame, keys: Sequence[tuple[object, ...]], counted: Sequence[bool], batch: int
    ) -> Appended:
        """Keep rows whose key is new; a row that this very batch brought before is stored, not a duplicate."""
        new, met, stored, duplicates = [], set[tuple[object, ...]](), 0, 0
        for key, counts in zip(keys, counted, strict=True):
            new.append(key not in self.batches)
            kept = self.batches.setdefault(key, batch) == batch and key not in met
            met.add(key)
            stored += kept and counts
            duplicates += counts and not kept
        self.frames.append(
            rows.filter(pl.Series(new, dtype=pl.Boolean)).with_columns(batch=pl.lit(batch, dtype=pl.Int64))
        )
        already = not any(new) and any(self.batches[key] == batch for key in met)
        return Appended(stored=stored, duplicates=duplicates, already=already)

    def frame(self, columns: dict[str, pl.DataType]) -> pl.DataFrame:
        """All rows."""
        empty = pl.DataFrame(schema={**columns, **_BATCH})
        return pl.concat([empty, *self.frames], how="diagonal_relaxed")


class MemoryPredictions:
    """Implements `keepfit.predictions.store.PredictionStore`; it takes the columns that it is given on trust."""

    def __init__(self) -> None:
        self._predictions: dict[str, _Rows] = {}
        self._labels: dict[str, _Rows] = {}

    def append_predictions(self, model: str, rows: pl.DataFrame, *, batch: int) -> Appended:
        """Add rows that are not there yet: served rows by prediction_id, shadows by (prediction_id, version)."""
        shadows = [role not in SERVED for role in rows["role"]]
        ids = zip(rows["prediction_id"], rows["version"], shadows, strict=True)
        keys = [(one, version if shadow else None) for one, version, shadow in ids]
        return self._of(self._predictions, model).add(rows, keys, [not shadow for shadow in shadows], batch)

    def append_labels(self, model: str, rows: pl.DataFrame, *, batch: int) -> Appended:
        """Add label rows; the same (prediction_id, label, label_time) is added once."""
        keys: list[tuple[object, ...]] = rows.select("prediction_id", "label", "label_time").rows()
        return self._of(self._labels, model).add(rows, keys, [True] * len(keys), batch)

    def predictions(
        self, model: str, window: Window | None = None, *, version: int | None = None
    ) -> pl.DataFrame:
        """Rows whose event lies in the window, in the order of their events; an empty frame when there are none."""
        rows = self._of(self._predictions, model).frame(PREDICTION_COLUMNS)
        if window is not None:
            rows = rows.filter(pl.col("event_time") >= window.start, pl.col("event_time") < window.end)
        if version is not None:
            rows = rows.filter(pl.col("version") == version)
        return rows.sort("event_time", "prediction_id", "version")

    def labelled(
        self,
        model: str,
        window: Window | None = None,
        *,
        version: int | None = None,
        batches: Batches | None = None,
    ) -> pl.DataFrame:
        """Like `predictions`, with `label` and `label_time` of each prediction's last label; of these batches, or of all."""
        labels = self._of(self._labels, model).frame(LABEL_COLUMNS)
        rows = self.predictions(model, window, version=version)
        if batches is not None:
            labels, rows = (one.filter(batches.hold(pl.col("batch"))) for one in (labels, rows))
        last = last_labels(labels).drop("label_batch")
        return rows.join(last, on="prediction_id", how="left", maintain_order="left")

    def gained(self, model: str, *, since: Batches, until: Batches, every: timedelta) -> Sequence[Gain]:
        """Windows that gained predictions, or labels of predictions in them, oldest first."""
        rows, labels = self.predictions(model), self._of(self._labels, model).frame(LABEL_COLUMNS)
        told = labels.select("prediction_id", "batch").filter(_between(since, until))
        there = rows.filter(until.hold(pl.col("batch")), pl.col("role").is_in(SERVED))
        labelled = there.drop("batch").join(told, on="prediction_id")
        brought = ("event_time", "batch", "version", "role")
        came = rows.filter(_between(since, until))
        return gains_of(pl.concat([came.select(brought), labelled.select(brought)]), every)

    def news(self, model: str, window: Window, *, since: Batches, until: Batches) -> pl.DataFrame:
        """What is new of the predictions in a window, or several windows in a row."""
        labels = self._of(self._labels, model).frame(LABEL_COLUMNS)
        return news_of(self.predictions(model, window), labels, since=since, until=until)

    def waiting_labels(self, model: str) -> int:
        """Predictions that have a label but have not been seen."""
        labels = self._of(self._labels, model).frame(LABEL_COLUMNS)
        return len({*labels["prediction_id"]} - {*self.predictions(model)["prediction_id"]})

    def count(self, model: str) -> int:
        """Served predictions."""
        return int(self.predictions(model)["role"].is_in(SERVED).sum())

    def last_event(self, model: str) -> datetime | None:
        """The newest event time; None when there is no prediction."""
        return max(self.predictions(model)["event_time"], default=None)

    @staticmethod
    def _of(tables: dict[str, _Rows], model: str) -> _Rows:
        return tables.setdefault(model, _Rows())


def _between(since: Batches, until: Batches) -> pl.Expr:
    """Rows of batches that came after one look at the lake and before another."""
    return until.hold(pl.col("batch")) & ~since.hold(pl.col("batch"))


class MemoryEvidence:
    """Implements `keepfit.monitoring.evidence.EvidenceStore`.

    Attributes:
        kept: the windows, by model, version and start.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int, datetime], WindowEvidence] = {}

    def put(self, evidence: WindowEvidence) -> None:
        """Insert, or replace the evidence of the same model, version and window."""
        key = evidence.model, evidence.version, utc(evidence.window.start)
        if key not in self.kept or evidence.batch >= self.kept[key].batch:
            self.kept[key] = evidence

    def put_all(self, evidence: Iterable[WindowEvidence]) -> None:
        """Put many, in order."""
        for one in evidence:
            self.put(one)

    def evidence(
        self, model: str, version: int, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[WindowEvidence]:
        """The windows of a version that begin in [since, until), oldest first; None leaves an end open."""
        return [
            one
            for (name, number, start), one in sorted(self.kept.items(), key=lambda pair: pair[0])
            if (name, number) == (model, version)
            and (since is None or start >= since)
            and (until is None or start < until)
        ]

    def of_windows(self, model: str, starts: Collection[datetime]) -> Sequence[WindowEvidence]:
        """The evidence of every version in the windows that begin then."""
        wanted = {utc(start) for start in starts}
        return [one for (name, _, start), one in self.kept.items() if name == model and start in wanted]
