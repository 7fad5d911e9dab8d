"""Calibration: from the score of a class to the chance of it, learned on rows with labels."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.loss import Floats

#: Splits into nine tenths to learn from and one tenth to judge by, and equal parts that the judged rows are cut into.
_SPLITS, _PARTS, _SEED = 10, 10, 42
#: Scores that rank better than this are left as they are: their chances are near 0 and 1 already.
_NEARLY_PERFECT: Final = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """A rising curve through points, linear between them and level outside; without points it changes nothing.

    Attributes:
        scores: where the curve has its points, ascending.
        chances: its height there.

    >>> Calibrator(scores=(0.2, 0.6), chances=(0.0, 1.0)).chance(np.array([0.1, 0.5, 0.9])).round(6).tolist()
    [0.0, 0.75, 1.0]
    >>> Calibrator().chance(np.array([0.3])).tolist()
    [0.3]
    """

    scores: tuple[float, ...] = ()
    chances: tuple[float, ...] = ()

    def chance(self, scores: Floats) -> Floats:
        """The chance of the class, for scores of shape (n,)."""
        if not self.scores:
            return np.asarray(scores, dtype=np.float64)
        return np.interp(scores, self.scores, self.chances)


def fit_calibrator(scores: Floats, labels: Floats) -> Calibrator:
    """The calibrator of a class: isotonic regression where that lowers the calibration error, none otherwise.

    Isotonic regression is the rising curve with the least squared error (Zadrozny and Elkan 2002, KDD, 694-699). The
    method, and the judgement below, are those of NannyML's CBPE.

    Args:
        scores: the class's raw scores, shape (n,).
        labels: 1.0 where the row is of the class, 0.0 elsewhere, shape (n,).
    """
    return _isotonic(scores, labels) if calibration_helps(scores, labels) else Calibrator()


def calibration_helps(scores: Floats, labels: Floats) -> bool:
    """Whether isotonic calibration lowers the expected calibration error on rows that it was not fitted on.

    Ten random splits, stratified by label: each time the curve is fitted on nine tenths and applied to the last. The
    judged rows of all splits together, ordered by score, are cut into ten parts of equal size, once by the raw
    scores and once by the calibrated ones; the error is the mean over rows of the distance between a part's mean
    score and its share of the class (Naeini, Cooper and Hauskrecht 2015, AAAI, 2901-2907). Never with one class only,
    nor when the area under the ROC curve is above 0.999, nor on so few rows that they cannot be split.
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedShuffleSplit

    least = int(min(labels.sum(), labels.size - labels.sum()))
    if least < 2 or labels.size <= 2 * _PARTS or roc_auc_score(labels, scores) > _NEARLY_PERFECT:
        return False
    splits = StratifiedShuffleSplit(n_splits=_SPLITS, test_size=0.1, random_state=_SEED)
    judged, raw, calibrated = [], [], []
    for learn, judge in splits.split(scores, labels):
        judged.append(labels[judge])
        raw.append(scores[judge])
        calibrated.append(_isotonic(scores[learn], labels[learn]).chance(scores[judge]))
    truth = np.concatenate(judged)
    return calibration_error(np.concatenate(raw), truth) > calibration_error(
        np.concatenate(calibrated), truth
    )


def calibration_error(scores: Floats, labels: Floats, parts: int = _PARTS) -> float:
    """The expected calibration error over parts of equal size, in the order of the scores; both of shape (n,).

    >>> calibration_error(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0.0, 0.0, 1.0, 0.0]), parts=2)
    0.25
    """
    n = labels.size
    width = n // min(parts, n // 2) if n <= 2 * parts else n // parts
    starts = np.arange(0, n - width + 1, width)
    order: NDArray[Any] = scores.argsort()
    gaps = np.add.reduceat(scores[order] - labels[order], starts)
    return float(np.abs(gaps).sum() / n)


def _isotonic(scores: Floats, labels: Floats) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression(out_of_bounds="clip", increasing=True).fit(scores, labels)
    return Calibrator(
        scores=tuple(np.asarray(curve.X_thresholds_, dtype=np.float64).tolist()),
        chances=tuple(np.asarray(curve.y_thresholds_, dtype=np.float64).tolist()),
    )
