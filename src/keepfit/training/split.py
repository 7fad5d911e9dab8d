"""Train on the past, test on what came after: a random split would let the future leak in."""

from datetime import datetime
from typing import NamedTuple

import polars as pl

from keepfit.errors import TrainingFailedError


class Split(NamedTuple):
    """Rows to learn from, and the newer rows that are held out."""

    train: pl.DataFrame
    test: pl.DataFrame


def split_by_time(frame: pl.DataFrame, *, time: str, test_from: datetime) -> Split:
    """Rows before `test_from` to train on, the others to test on.

    Raises:
        TrainingFailedError: one side is empty.
    """
    split = Split(frame.filter(pl.col(time) < test_from), frame.filter(pl.col(time) >= test_from))
    for side, what in ((split.train, "train on"), (split.test, "test on")):
        if side.is_empty():
            raise TrainingFailedError(
                f"no rows to {what}: all {frame.height:,} lie {'from' if what == 'train on' else 'before'} "
                f"{test_from:%Y-%m-%d %H:%M} UTC",
                step="split",
                hint="train on a longer stretch, or hold out a shorter one: kf.last('21d', test='3d')",
            )
    return split
