"""Metrics read off what is expected, under the names of `keepfit.evaluation.metrics`."""

import math
from collections.abc import Callable
from typing import Final, Literal, cast

import numpy as np

from keepfit.errors import DataError
from keepfit.evaluation.class_averages import averaged
from keepfit.evaluation.estimation.dle import loss_of
from keepfit.evaluation.estimation.ranking import average_precision, roc_auc, roc_auc_error
from keepfit.evaluation.estimation.score_sums import Decided, ScoreSums
from keepfit.evaluation.estimation.sums import EstimateSums, ExpectedLoss
from keepfit.evaluation.losses import split_metric
from keepfit.evaluation.measure import Measure, logit_of, mean_of, unknown
from keepfit.ids import did_you_mean
from keepfit.stats.intervals import wilson
from keepfit.stats.numeric_profile import Counts

_HALF: Final = 0.5


def estimated(sums: EstimateSums, metric: str, confidence: float = 0.95) -> Measure:
    """A metric as it is expected to be, and how far chance may take the realised one from it.

    The interval is the sampling error of the estimate, that of as many labelled rows; it knows nothing of concept drift.
    `precision@0.3` is that at another threshold. A ratio of expected counts stands for the expected ratio.

    Raises:
        DataError: the metric cannot be estimated from these sums.

    >>> from keepfit.evaluation.estimation.cbpe import estimate_scores, fit_cbpe
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.uniform(size=4000)
    >>> spec = fit_cbpe(scores, rng.uniform(size=4000) < scores, metric="log_loss")
    >>> found = estimated(estimate_scores(spec, scores), "roc_auc")
    >>> round(found.value, 2), found.n
    (0.83, 4000)
    """
    if loss_of(metric) in sums.losses:
        return _of_losses(metric, sums.losses[loss_of(metric)], confidence)
    readable = _readable(sums)
    name, threshold = split_metric(metric)
    if name not in readable:
        raise DataError(
            f"'{metric}' cannot be estimated before the labels have come",
            hint=did_you_mean(name, [*readable, *sums.losses]),
        )
    return readable[name](_HALF if threshold is None else threshold, confidence)


def estimable(sums: EstimateSums) -> list[str]:
    """The names of all the metrics that can be read off these sums."""
    roots = ["rmse"] if "mse" in sums.losses else []
    return [*sums.losses, *roots, *_readable(sums)]


def _readable(sums: EstimateSums) -> dict[str, Callable[[float, float], Measure]]:
    """Metric → how it is read, of those that are no mean of losses: (threshold, confidence) → the measure."""
    if sums.confusion.size:
        return _of_classes(sums)
    return _of_scores(next(iter(sums.scores.values()))) if sums.scores else {}


def _of_losses(metric: str, losses: ExpectedLoss, confidence: float) -> Measure:
    found = mean_of(losses.as_losses, confidence)
    if metric != "rmse" or math.isnan(found.value):
        return found
    value, low, high = (math.sqrt(max(0.0, one)) for one in (found.value, found.low, found.high))
    return Measure(value=value, low=low, high=high, n=found.n)


#: Metric → the rows that are counted, and those that they are a share of.
_SHARES: Final[dict[str, Callable[[Decided], tuple[float, float]]]] = {
    "precision": lambda of: (of.true_positives, of.true_positives + of.false_positives),
    "recall": lambda of: (of.true_positives, of.true_positives + of.false_negatives),
    "specificity": lambda of: (of.true_negatives, of.true_negatives + of.false_positives),
    "accuracy": lambda of: (of.true_positives + of.true_negatives, of.n),
    "error_rate": lambda of: (of.false_positives + of.false_negatives, of.n),
    "prevalence": lambda of: (of.true_positives + of.false_negatives, of.n),
}


def _of_scores(scores: ScoreSums) -> dict[str, Callable[[float, float], Measure]]:
    def decided(part: Callable[[Decided], tuple[float, float]]) -> Callable[[float, float], Measure]:
        return lambda threshold, confidence: _share(*part(scores.decided(threshold)), confidence)

    return {
        "roc_auc": lambda _, confidence: _area(scores, confidence),
        "average_precision": lambda _, confidence: _precision_area(scores, confidence),
        "f1": lambda threshold, confidence: _f1(scores.decided(threshold), confidence),
        **{name: decided(part) for name, part in _SHARES.items()},
    }


def _f1(of: Decided, confidence: float) -> Measure:
    """F1 = 2 J / (1 + J) grows with the share J = TP / (TP + FP + FN), and so do the ends of its interval."""
    share = _share(of.true_positives, of.n - of.true_negatives, confidence)
    value, low, high = (2 * one / (1 + one) for one in (share.value, share.low, share.high))
    return Measure(value=value, low=low, high=high, n=share.n)


def _of_classes(sums: EstimateSums) -> dict[str, Callable[[float, float], Measure]]:
    def mean(part: str, average: str) -> Callable[[float, float], Measure]:
        # Expected counts are fractions; the averages take them as they are.
        matrix = cast("Counts", sums.confusion)
        return lambda _, confidence: averaged(
            matrix,
            cast('Literal["precision", "recall", "f1"]', part),
            cast('Literal["macro", "weighted"]', average),
            confidence,
        )

    right, rows = float(np.trace(sums.confusion)), float(sums.confusion.sum())
    parts = ("precision", "recall", "f1")
    same = dict.fromkeys(
        ("accuracy", *(f"micro_{part}" for part in parts)),
        lambda _threshold, confidence: _share(right, rows, confidence),
    )
    averages = {f"{kind}_{part}": mean(part, kind) for kind in ("macro", "weighted") for part in parts}
    return {
        **same,
        **averages,
        "macro_roc_auc": lambda _, confidence: _mean_area(sums, confidence),
    }


def _share(successes: float, n: float, confidence: float) -> Measure:
    """A share of expected counts, with Wilson's interval of as many counted ones."""
    if n <= 0:
        return unknown(0, 0.0, 1.0)
    value = min(1.0, max(0.0, successes / n))
    low, high = wilson(round(successes), max(1, round(n)), confidence)
    return Measure(value=value, low=min(low, value), high=max(high, value), n=round(n))


def _area(scores: ScoreSums, confidence: float) -> Measure:
    groups, n = scores.groups, scores.n
    value, error = roc_auc(groups), roc_auc_error(groups)
    if not 0 < value < 1 or not math.isfinite(error):
        return Measure(value=value, low=0.0, high=1.0, n=n)
    return logit_of(value, error, n, confidence)


def _precision_area(scores: ScoreSums, confidence: float) -> Measure:
    """With the logit interval of Boyd, Eng and Page (2013, ECML PKDD, LNCS 8190, 451-466)."""
    value, positives = average_precision(scores.groups), float(scores.chances.sum())
    if not 0 < value < 1:
        return Measure(value=value, low=0.0, high=1.0, n=scores.n)
    return logit_of(value, math.sqrt(value * (1 - value) / positives), scores.n, confidence)


def _mean_area(sums: EstimateSums, confidence: float) -> Measure:
    """The plain mean over classes; their errors hang together, so that the mean of the intervals is wide enough."""
    each = [_area(one, confidence) for one in sums.scores.values()]
    value, low, high = (
        float(np.mean([getattr(one, name) for one in each])) for name in ("value", "low", "high")
    )
    return Measure(value=value, low=low, high=high, n=sums.n)
