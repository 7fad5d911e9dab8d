"""Performance of a classification from its scores alone: confidence-based performance estimation.

When scores are calibrated, a row of chance p is of the class p of the time: its expected loss, its part of the
confusion matrix and of the ROC curve follow without a label (Kivimäki, Białek, Kuberski and Nurminen 2025, "Performance
estimation in binary classification using calibrated confidence", arXiv:2505.05295; NannyML's CBPE). It knows of changes
of the inputs. It cannot know of concept drift: that rows like these are of the class more or less often than they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.estimation.calibration import Calibrator, fit_calibrator
from keepfit.evaluation.estimation.score_sums import ScoreSums
from keepfit.evaluation.estimation.sums import EstimateSums, ExpectedLoss, MaturedSums
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.losses import clipped_log_loss, row_losses
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.stats.numeric_profile import Counts

#: The classes of a yes-or-no target.
BINARY: Final = ("0", "1")
_BINARY_LOSSES: Final = ("log_loss", "brier", "error_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationSpec:
    """What an estimator of a classification keeps: everything in it can be stored.

    Attributes:
        metric: that the model is judged by.
        classes: the classes' names, in the order of their codes; `("0", "1")` of a yes-or-no target.
        calibrators: one for each class that has scores: of two classes, for the second alone.
        cells: where the scores of each are counted.
        held_out: what was expected and realised on the rows that it was fitted on.
    """

    metric: str
    classes: tuple[str, ...]
    calibrators: tuple[Calibrator, ...]
    cells: tuple[ScoreCells, ...]
    held_out: MaturedSums = field(default_factory=MaturedSums)

    @property
    def binary(self) -> bool:
        """Whether there is one score a row, that of the second of two classes."""
        return len(self.calibrators) == 1

    @property
    def scored(self) -> tuple[int, ...]:
        """The codes of the classes that have scores."""
        return (1,) if self.binary else tuple(range(len(self.classes)))


def fit_cbpe(
    scores: Floats, labels: NDArray[Any], *, metric: str, classes: Sequence[str] = BINARY
) -> ClassificationSpec:
    """Learn from labelled rows that the model was not trained on what its scores are worth.

    Args:
        scores: of the positive class, shape (n,); or one column a class, shape (n, classes).
        labels: the code of each row's class, shape (n,): its place in `classes`.
        metric: that the model is judged by: `log_loss`, `brier` or `error_rate`.
        classes: the classes' names.
    """
    columns, codes = _columns(scores), labels.astype(np.int64)
    scored = (1,) if columns.shape[1] == 1 else tuple(range(len(classes)))
    pairs = list(zip(scored, columns.T, strict=True))
    spec = ClassificationSpec(
        metric=metric,
        classes=tuple(classes),
        calibrators=tuple(fit_calibrator(one, (codes == code).astype(np.float64)) for code, one in pairs),
        cells=tuple(ScoreCells.of(one) for _, one in pairs),
    )
    return replace(spec, held_out=matured_scores(spec, scores, labels))


def class_chances(spec: ClassificationSpec, scores: Floats) -> Floats:
    """The calibrated chance of each class, shape (n, classes), rows adding up to 1.

    Of many classes each is calibrated against all the others, and what comes of it is divided by the row's sum (Zadrozny
    and Elkan 2002, KDD, 694-699); where every class came to nothing, all are as likely.
    """
    columns = _columns(scores)
    pairs = zip(spec.calibrators, columns.T, strict=True)
    raw = np.column_stack([calibrator.chance(column) for calibrator, column in pairs])
    if spec.binary:
        return np.column_stack([1 - raw[:, 0], raw[:, 0]])
    sums = raw.sum(axis=1, keepdims=True)
    alike: Floats = np.full_like(raw, 1 / raw.shape[1])
    np.divide(raw, sums, out=alike, where=sums != 0)
    return alike


def estimate_scores(spec: ClassificationSpec, scores: Floats) -> EstimateSums:
    """What is expected of rows with these scores, of shape (n,) or (n, classes).

    Rows with a score that is no number between 0 and 1 are left out, as they are from realised sums.
    """
    columns = _columns(scores)
    columns = columns[_sound(columns)]
    chances = class_chances(spec, columns)
    parts = zip(spec.scored, spec.cells, columns.T, strict=True)
    return EstimateSums(
        losses={name: _expected(chances, losses) for name, losses in _possible_losses(spec, columns).items()},
        scores={spec.classes[code]: ScoreSums.of(cells, one, chances[:, code]) for code, cells, one in parts},
        confusion=np.zeros((0, 0)) if spec.binary else _confusion(chances, columns),
    )


def matured_scores(spec: ClassificationSpec, scores: Floats, labels: NDArray[Any]) -> MaturedSums:
    """What was expected of rows whose label has come, and what they were; `labels` are codes, shape (n,).

    Rows with a label that is no class are left out too; of two classes a label from 0.5 to 1 is the second.
    """
    columns = _columns(scores)
    kept = _sound(columns) & np.logical_and(labels >= 0, labels <= len(spec.classes) - 1)
    columns = columns[kept]
    codes = (labels[kept] >= 0.5).astype(np.int64) if spec.binary else labels[kept].astype(np.int64)
    possible = _possible_losses(spec, columns)[spec.metric]
    realised = np.take_along_axis(possible, codes[:, None], axis=1)[:, 0]
    expected = (class_chances(spec, columns) * possible).sum(axis=1)
    parts = zip(spec.scored, spec.cells, columns.T, strict=True)
    return MaturedSums(
        expected=estimate_scores(spec, columns),
        realised=LossSums.of(realised),
        difference=LossSums.of(realised - expected),
        positives={spec.classes[code]: _counted(cells, one[codes == code]) for code, cells, one in parts},
    )


def _columns(scores: Floats) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def _sound(columns: Floats) -> NDArray[np.bool_]:
    return np.asarray(((columns >= 0) & (columns <= 1)).all(axis=1), dtype=np.bool_)


def _possible_losses(spec: ClassificationSpec, columns: Floats) -> Mapping[str, Floats]:
    """Loss → what it would be for each row, was it of each class, shape (n, classes)."""
    if spec.binary:
        score = columns[:, 0]
        outcomes = (np.zeros_like(score), np.ones_like(score))
        names = dict.fromkeys((*_BINARY_LOSSES, spec.metric))
        return {name: np.column_stack([row_losses(name, one, score) for one in outcomes]) for name in names}
    taken = columns.argmax(axis=1)[:, None]
    return {
        "log_loss": clipped_log_loss(np.ones_like(columns), columns),
        "brier": (columns**2).sum(axis=1, keepdims=True) - 2 * columns + 1,
        "error_rate": (np.arange(columns.shape[1]) != taken).astype(np.float64),
    }


def _expected(chances: Floats, losses: Floats) -> ExpectedLoss:
    expected = (chances * losses).sum(axis=1)
    variance = (chances * (losses - expected[:, None]) ** 2).sum(axis=1)
    return ExpectedLoss.of(expected, variance)


def _confusion(chances: Floats, columns: Floats) -> Floats:
    taken = columns.argmax(axis=1)
    return np.column_stack([chances[taken == code].sum(axis=0) for code in range(columns.shape[1])])


def _counted(cells: ScoreCells, scores: Floats) -> Counts:
    return np.bincount(cells.cells_of(scores), minlength=cells.size).astype(np.int64)
