"""The reference: evidence of the data that a version was validated on, by time block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from keepfit.clock import EPOCH, Window
from keepfit.errors import DataError
from keepfit.evaluation.evidence import Performance
from keepfit.ids import did_you_mean
from keepfit.registry.signature import Feature, Kind
from keepfit.stats.profile import (
    Cells,
    NumericCells,
    NumericProfile,
    Profile,
    cells_of,
    numeric_profile,
    profile_frame,
)

#: A block with fewer rows says nothing about how windows differ from each other.
LEAST_BLOCK_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a model version's inputs, predictions and losses looked like when it was validated.

    Attributes:
        cells: feature → the cells that its values are counted in.
        blocks: the profile of each time block that has rows, oldest first; a block is as long as a window of evidence.
        prediction_cells: the cells of its predictions; without an edge when there were none.
        prediction_blocks: the profile of its predictions on the rows held out from it, by time block.
        expected: its losses on those rows.
        importance: feature → how much its loss on those rows grows when the feature's values are shuffled; empty when
            that is not known.
    """

    cells: Mapping[str, Cells]
    blocks: tuple[tuple[Window, Profile], ...]
    prediction_cells: NumericCells
    prediction_blocks: tuple[tuple[Window, NumericProfile], ...]
    expected: Performance
    importance: Mapping[str, float] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Of what tells most references apart; the rest is left to equality."""
        return hash((tuple(self.cells), tuple((window, block.rows) for window, block in self.blocks)))

    @property
    def total(self) -> Profile:
        """The sum of the blocks."""
        return Profile.merge([Profile.empty(self.cells), *(block for _, block in self.blocks)])

    @property
    def prediction_total(self) -> NumericProfile:
        """The sum of the predictions' blocks."""
        empty = NumericProfile.empty(self.prediction_cells)
        return NumericProfile.merge([empty, *(block for _, block in self.prediction_blocks)])


def build_reference(
    frame: pl.DataFrame,
    *,
    features: Sequence[Feature],
    time: str,
    every: timedelta,
    expected: Performance,
    predictions: pl.Series | None = None,
    prediction_times: pl.Series | None = None,
    importance: Mapping[str, float] | None = None,
) -> Reference:
    """The reference of a version.

    Args:
        frame: the rows that it was trained and validated on; each feature under its own name.
        features: its inputs.
        time: the column with the event's time; naive datetimes are taken as UTC.
        every: the length of a block: the length of a window of evidence.
        expected: its losses on held-out rows.
        predictions: what it predicted on these, shape (n,).
        prediction_times: the event's time of each prediction; that of `frame`'s rows, in order, when None.
        importance: see `Reference`.

    Raises:
        DataError: a column is not there, or predictions and their times differ in number.
    """
    for name in (time, *(feature.name for feature in features)):
        if name not in frame.columns:
            raise DataError(
                f"the reference's rows have no column '{name}'", hint=did_you_mean(name, frame.columns)
            )
    cells = _cells(frame, features)
    values = pl.Series([], dtype=pl.Float64) if predictions is None else predictions
    times = frame[time] if prediction_times is None else prediction_times
    prediction_cells = _prediction_cells(values)
    return Reference(
        cells=cells,
        blocks=tuple(
            (window, profile_frame(rows, cells)) for window, rows in _by_window(frame, frame[time], every)
        ),
        prediction_cells=prediction_cells,
        prediction_blocks=_prediction_blocks(values, times, every, prediction_cells),
        expected=expected,
        importance=importance or {},
    )


def _cells(frame: pl.DataFrame, features: Sequence[Feature]) -> dict[str, Cells]:
    """The features' cells, in the features' order."""
    numeric = [feature.name for feature in features if feature.kind is Kind.NUMBER]
    categorical = [feature.name for feature in features if feature.kind is Kind.CATEGORY]
    cells = cells_of(frame, numeric, categorical)
    return {feature.name: cells[feature.name] for feature in features}


def _prediction_cells(values: pl.Series) -> NumericCells:
    found = cells_of(pl.DataFrame({"prediction": values}), ["prediction"], [])["prediction"]
    if not isinstance(found, NumericCells):
        raise TypeError("predictions are numbers")
    return found


def _prediction_blocks(
    values: pl.Series, times: pl.Series, every: timedelta, cells: NumericCells
) -> tuple[tuple[Window, NumericProfile], ...]:
    if not len(values):
        return ()
    if len(values) != len(times):
        raise DataError(
            f"{len(values):,} predictions came with {len(times):,} times",
            hint="give `prediction_times`, one for each prediction",
        )
    parts = _by_window(pl.DataFrame({"prediction": values}), times, every)
    return tuple((window, numeric_profile(rows["prediction"], cells)) for window, rows in parts)


def _by_window(frame: pl.DataFrame, times: pl.Series, every: timedelta) -> list[tuple[Window, pl.DataFrame]]:
    """The rows of each window of the grid counted from 1970 that has any, oldest first; rows without a time are left out."""
    number = times.cast(pl.Datetime("us")).cast(pl.Int64) // (every // timedelta(microseconds=1))
    parts = (
        frame.with_columns(number.alias("__window"))
        .drop_nulls("__window")
        .partition_by("__window", as_dict=True)
    )
    found = []
    for key, rows in sorted(parts.items(), key=lambda pair: int(pair[0][0])):
        start = EPOCH + int(key[0]) * every
        found.append((Window(start, start + every), rows))
    return found
