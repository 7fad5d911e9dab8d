"""From the frames of a capture log to the tables that the lake keeps."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import numpy as np
import polars as pl

from keepfit.predictions.capture_codec import INTEGER, NUMBER, LabelsFrame, PredictionsFrame
from keepfit.predictions.record import (
    LABEL_COLUMNS,
    PREDICTION_COLUMNS,
    SERVING_COLUMNS,
    context_column,
    feature_column,
)

_KIND_TYPES: Final[dict[str, pl.DataType]] = {NUMBER: pl.Float64(), INTEGER: pl.Int64()}
_LISTED: Final = {name: dtype for name, dtype in PREDICTION_COLUMNS.items() if name not in SERVING_COLUMNS}


def predictions_table(frames: Iterable[PredictionsFrame]) -> pl.DataFrame:
    """The rows of frames of one model, with the columns of `keepfit.predictions.record`, `batch` aside.

    Features are Float64 (numbers), Int64 (whole-valued categories) or String; context is String always,
    so that a column has one type whatever the first batch held. A column that only some frames have is null in the others.

    >>> predictions_table([]).columns == list(PREDICTION_COLUMNS)
    True
    """
    alike: dict[Hashable, list[PredictionsFrame]] = {}
    for frame in frames:
        alike.setdefault(_layout(frame), []).append(frame)
    tables = [_table_of(group) for group in alike.values()]
    if len(tables) == 1:
        return tables[0]
    return pl.concat([pl.DataFrame(schema=PREDICTION_COLUMNS), *tables], how="diagonal_relaxed")


def labels_table(frames: Iterable[LabelsFrame]) -> pl.DataFrame:
    """The rows of label frames of one model, with the columns of `keepfit.predictions.record`, `batch` aside.

    >>> frame = LabelsFrame(model="taxi", prediction_id=["a"], label=[12], label_time=[0], received_at=[0])
    >>> labels_table([frame])["label"].to_list()
    [12.0]
    """
    listed = list(frames)
    return pl.DataFrame(
        [_series(name, _joined(listed, name), dtype) for name, dtype in LABEL_COLUMNS.items()]
    )


def _layout(frame: PredictionsFrame) -> Hashable:
    return (*frame.kinds.items(), None, *frame.number_names, None, *frame.context)


def _table_of(frames: Sequence[PredictionsFrame]) -> pl.DataFrame:
    own = [_series(name, _joined(frames, name), dtype) for name, dtype in _LISTED.items()]
    features = [
        _series(
            feature_column(name),
            list(chain.from_iterable(frame.features[name] for frame in frames)),
            _KIND_TYPES.get(kind, pl.String()),
        )
        for name, kind in frames[0].kinds.items()
    ]
    context = [
        _series(
            context_column(name),
            list(chain.from_iterable(frame.context[name] for frame in frames)),
            pl.String(),
        )
        for name in frames[0].context
    ]
    return pl.DataFrame([*own, *_served(frames), *features, *_numbers(frames), *context])


def _served(frames: Sequence[PredictionsFrame]) -> list[pl.Series]:
    """The columns of `SERVING_COLUMNS`; share and source are the same in all rows of a frame."""
    rows = np.fromiter((len(frame.prediction_id) for frame in frames), dtype=np.int64, count=len(frames))
    shares = np.fromiter((frame.share for frame in frames), dtype=np.float64, count=len(frames))
    sources = pl.Series([frame.source for frame in frames], dtype=pl.String)
    measured = [
        pl.Series(name, _measured(frames, name), dtype=SERVING_COLUMNS[name])
        for name in ("latency_us", "batch_rows")
    ]
    each = pl.Series(np.repeat(np.arange(len(frames)), rows))
    return [*measured, pl.Series("share", np.repeat(shares, rows)), sources.gather(each).alias("source")]


def _measured(frames: Sequence[PredictionsFrame], column: str) -> list[int | None]:
    """A column that a frame has for all of its rows, or for none."""
    values = _joined(frames, column)
    if len(values) == sum(len(frame.prediction_id) for frame in frames):
        return values
    parts = (getattr(frame, column) or [None] * len(frame.prediction_id) for frame in frames)
    return list(chain.from_iterable(parts))


def _numbers(frames: Sequence[PredictionsFrame]) -> list[pl.Series]:
    """The block of numbers of all frames, by column."""
    names = frames[0].number_names
    if not names:
        return []
    rows = np.frombuffer(b"".join(frame.numbers for frame in frames), dtype="<f8").reshape(-1, len(names))
    columns = np.ascontiguousarray(rows.T)
    return [
        pl.Series(feature_column(name), values, nan_to_null=True)
        for name, values in zip(names, columns, strict=True)
    ]


def _joined(frames: Sequence[PredictionsFrame] | Sequence[LabelsFrame], column: str) -> list[Any]:
    return list(chain.from_iterable(map(attrgetter(column), frames)))


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    series = pl.Series(name, values, dtype=dtype)
    return series.fill_nan(None) if dtype == pl.Float64 else series
