"""The port of the lake's prediction and label tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import polars as pl

from keepfit.clock import Window
from keepfit.predictions.batches import Batches
from keepfit.predictions.news import Gain


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
        self,
        model: str,
        window: Window | None = None,
        *,
        version: int | None = None,
        batches: Batches | None = None,
    ) -> pl.DataFrame:
        """Like `predictions`, with the columns `label`, `label_time` joined: null where no label has come.

        With `batches`, only these: both of predictions and of labels.
        """
        ...

    def gained(self, model: str, *, since: Batches, until: Batches, every: timedelta) -> Sequence[Gain]:
        """Windows of the grid that gained predictions, or labels of predictions in them, oldest first.

        It reads what came, and looks up where; not the rows that were there.

        Args:
            model: whose.
            since: what was seen before.
            until: what is seen now, which must be closed: every row of it is in the lake.
            every: the length of a window.
        """
        ...

    def news(self, model: str, window: Window, *, since: Batches, until: Batches) -> pl.DataFrame:
        """What is new of the predictions in a window, or several windows in a row; see `keepfit.predictions.news`."""
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
