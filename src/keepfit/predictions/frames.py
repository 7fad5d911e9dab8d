"""From the frames of a capture log to the tables that the lake keeps."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import polars as pl

from keepfit.predictions.capture_codec import INTEGER, NUMBER, LabelsFrame, PredictionsFrame
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS, context_column, feature_column

_KIND_TYPES: Final[dict[str, pl.DataType]] = {NUMBER: pl.Float64(), INTEGER: pl.Int64()}


def predictions_table(frames: Iterable[PredictionsFrame]) -> pl.DataFrame:
    """The rows of frames of one model, with the columns of `keepfit.predictions.record`, `batch` aside.

    Features are Float64 (numbers), Int64 (whole-valued categories) or String; context is String always,
    so that a column has one type whatever the first batch held. A column that only some frames have is null in the others.

    >>> predictions_table([]).width
    7
    """
    alike: dict[tuple[Any, ...], list[PredictionsFrame]] = {}
    for frame in frames:
        columns = (*sorted(frame.kinds.items()), None, *sorted(frame.context))
        alike.setdefault(columns, []).append(frame)
    tables = [_table_of(group) for group in alike.values()]
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


def _table_of(frames: Sequence[PredictionsFrame]) -> pl.DataFrame:
    own = [_series(name, _joined(frames, name), dtype) for name, dtype in PREDICTION_COLUMNS.items()]
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
    return pl.DataFrame([*own, *features, *context])


def _joined(frames: Sequence[PredictionsFrame] | Sequence[LabelsFrame], column: str) -> list[Any]:
    return list(chain.from_iterable(getattr(frame, column) for frame in frames))


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    series = pl.Series(name, values, dtype=dtype)
    return series.fill_nan(None) if dtype == pl.Float64 else series
