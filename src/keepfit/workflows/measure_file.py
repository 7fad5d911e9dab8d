"""Measure the predictions of a file: sums that every metric of the task is read off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.multiclass_sums import MulticlassSums
from keepfit.evaluation.regression_sums import RegressionSums
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.evaluation.task_sums import TaskSums, add_task_sums
from keepfit.monitoring.kinds import ColumnKind, family_of
from keepfit.stats.numeric_values import numeric_values
from keepfit.stats.profile import Cells

Floats = NDArray[np.float64]

#: A target of text with more values than this is no class.
MOST_CLASSES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How predictions are judged, the same way in both files.

    Attributes:
        task: `regression`, `binary` or `multiclass`.
        metric: whose loss is judged.
        target: the column with what happened.
        prediction: the column with what was predicted: a number, a probability, or a class.
        centre: of a regression: the mean of the reference's targets.
        scores: of a binary classification: the cells of its probabilities.
        classes: of a classification into text; empty otherwise.
    """

    task: Literal["regression", "binary", "multiclass"]
    metric: str
    target: str
    prediction: str
    centre: float = 0.0
    scores: ScoreCells | None = None
    classes: tuple[str, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether classes were predicted, and no probabilities: then there is nothing to rank or to calibrate."""
        return self.metric == "error_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the predictions of one file came to; it sums.

    Attributes:
        sums: of the task; None when there was no row to sum.
        loss: the losses of the judged metric.
        slices: the same by column and coarse cell.
        rows: with a target and a prediction.
    """

    sums: TaskSums | None = None
    loss: LossSums = field(default_factory=LossSums)
    slices: CellLosses = field(default_factory=CellLosses)
    rows: int = 0

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            sums=add_task_sums(self.sums, other.sums),
            loss=self.loss + other.loss,
            slices=self.slices + other.slices,
            rows=self.rows + other.rows,
        )


def judge_for(sample: pl.DataFrame, target: str, prediction: str, score: str = "") -> Judge | str:
    """How to judge, read off the reference; or why it cannot be done.

    A target of 0 and 1 (or of false and true) is a binary classification; the score is the probability of 1. Any other
    number is a regression, text a classification.

    Args:
        sample: rows of the reference.
        target, prediction, score: columns; no score is an empty text.
    """
    rows = sample.drop_nulls([target, prediction])
    if rows.is_empty():
        return "no row of the reference has both a target and a prediction"
    if _is_text(rows[target]) or _is_text(rows[prediction]):
        return _classes_judge(rows, target, prediction)
    labels = _finite(rows[target])
    if not np.isin(labels, (0.0, 1.0)).all():
        return Judge(
            task="regression", metric="mae", target=target, prediction=prediction, centre=float(labels.mean())
        )
    column = score or prediction
    scores = _finite(rows[column])
    if ((scores < 0) | (scores > 1)).any():
        return f"the target is 0 or 1, and '{column}' is no probability"
    return Judge(
        task="binary",
        metric="error_rate" if np.isin(scores, (0.0, 1.0)).all() else "log_loss",
        target=target,
        prediction=column,
        scores=ScoreCells.of(scores),
    )


def _classes_judge(rows: pl.DataFrame, target: str, prediction: str) -> Judge | str:
    if not (_is_text(rows[target]) and _is_text(rows[prediction])):
        return f"of '{target}' and '{prediction}' one is text and the other is not"
    classes = sorted({*_texts(rows[target]).unique(), *_texts(rows[prediction]).unique()})
    if len(classes) > MOST_CLASSES:
        return f"'{target}' has {len(classes):,} values: too many for classes"
    return Judge(
        task="multiclass", metric="error_rate", target=target, prediction=prediction, classes=tuple(classes)
    )


def measure_file(frames: Iterable[pl.DataFrame], judge: Judge, cells: Mapping[str, Cells]) -> Measured:
    """The sums of a file.

    Args:
        frames: rows with every column of `cells`, the target and the prediction.
        judge: how they are judged.
        cells: of the columns that slices are made of.
    """
    return sum((_measured(frame, judge, cells) for frame in frames), Measured())


def _measured(frame: pl.DataFrame, judge: Judge, cells: Mapping[str, Cells]) -> Measured:
    rows = frame.drop_nulls([judge.target, judge.prediction])
    if rows.is_empty():
        return Measured()
    sums, losses = _multiclass(rows, judge) if judge.task == "multiclass" else _numeric(rows, judge)
    # One infinite error would make a mean that says nothing of all others; the sums count such rows apart.
    known = np.isfinite(losses)
    kept = rows.filter(known)
    return Measured(
        sums=sums,
        loss=LossSums.of(losses[known]),
        slices=CellLosses.of(cells, {name: kept[name] for name in cells}, losses[known]),
        rows=rows.height,
    )


def _numeric(rows: pl.DataFrame, judge: Judge) -> tuple[TaskSums, Floats]:
    labels, predictions = (_numbers(rows[name]) for name in (judge.target, judge.prediction))
    losses = row_losses(judge.metric, labels, predictions)
    if judge.scores is None:
        return RegressionSums.of(judge.centre, labels, predictions), losses
    return BinarySums.of(judge.scores, labels, predictions), losses


def _multiclass(rows: pl.DataFrame, judge: Judge) -> tuple[TaskSums, Floats]:
    """Classes are judged as if each had been given the whole probability."""
    numbers = {name: number for number, name in enumerate(judge.classes)}
    actual, given = (
        _texts(rows[name]).replace_strict(numbers, default=-1, return_dtype=pl.Int64).to_numpy()
        for name in (judge.target, judge.prediction)
    )
    cells = [ScoreCells.of(np.array([0.0, 1.0]))] * len(numbers)
    sums = MulticlassSums.of(judge.classes, cells, actual, (given[:, None] == np.arange(len(numbers))) * 1.0)
    return sums, (actual != given).astype(np.float64)


def _is_text(values: pl.Series) -> bool:
    return family_of(values.dtype) is ColumnKind.CATEGORY


def _finite(values: pl.Series) -> Floats:
    found = _numbers(values)
    return found[np.isfinite(found)]


def _numbers(values: pl.Series) -> Floats:
    return np.asarray(numeric_values(values).array, np.float64)


def _texts(values: pl.Series) -> pl.Series:
    return values.cast(pl.String)
