"""The port of the lake's prediction and label tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import polars as pl

from keepfit.clock import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did: rows that were new, and repeats of rows that were there."""

    stored: int
    duplicates: int
    already: bool = False


class PredictionStore(Protocol):
    """Recorded predictions and labels of every model; see `keepfit.predictions.record` for the columns."""

    def append_predictions(self, model: str, rows: pl.DataFrame, *, batch: int) -> Appended:
        """Add rows that are not there yet, by (prediction_id, version, role); a batch that is in already is not added again.

        `stored` and `duplicates` count served rows only, not shadows.
        """
        ...

    def append_labels(self, model: str, rows: pl.DataFrame, *, batch: int) -> Appended:
        """Add label rows; the same (prediction_id, label, label_time) is added once."""
        ...

    def predictions(
        self, model: str, window: Window | None = None, *, version: int | None = None
    ) -> pl.DataFrame:
        """Rows whose event lies in the window, with all their columns; an empty frame when there are none."""
        ...

    def labelled(
        self, model: str, window: Window | None = None, *, version: int | None = None
    ) -> pl.DataFrame:
        """Like `predictions`, with the columns `label`, `label_time` joined: null where no label has come."""
        ...

    def touched(self, model: str, *, after_batch: int, every: timedelta) -> tuple[Sequence[Window], int]:
        """Windows of the grid that gained predictions or labels in batches after `after_batch`, and the newest batch."""
        ...

    def waiting_labels(self, model: str) -> int:
        """Labels whose prediction has not been seen."""
        ...

    def count(self, model: str) -> int:
        """Served predictions in the lake."""
        ...

    def last_event(self, model: str) -> datetime | None:
        """The newest event time; None when there is no prediction."""
        ...
