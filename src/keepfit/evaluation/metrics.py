"""Every metric that is read off evidence: its task, direction, formula and source."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from keepfit.evaluation import binary_sums as binary
from keepfit.evaluation import class_averages as classes
from keepfit.evaluation import regression_sums as regression
from keepfit.evaluation.loss import TaskName
from keepfit.evaluation.losses import split_metric
from keepfit.evaluation.measure import Measure
from keepfit.evaluation.task import Classification, Regression, Task
from keepfit.evaluation.task_sums import TaskSums
from keepfit.ids import did_you_mean

Better = Literal["lower", "higher", "closer to 0", "neither"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: as it is written, without an argument.
        task: whose it is.
        better: which values are better.
        formula: what it is, in terms of label y, prediction or score p, and rows n.
        source: of the metric, and of its interval.
        read: (sums, argument, confidence) → the measure.
        argument: the default of what may follow an `@`: a threshold or a quantile; None when nothing may.
    """

    name: str
    task: TaskName
    better: Better
    formula: str
    source: str
    read: Callable[[Any, float, float], Measure]
    argument: float | None = None


_CLT: Final = "interval: central limit theorem"
_WILSON: Final = "interval: Wilson 1927, JASA 22, 209-212"
_DELTA: Final = "interval: delta method (Cramér 1946, Mathematical Methods of Statistics, ch. 27-28)"
_GOOD: Final = f"Good 1952, JRSS B 14, 107-114; {_CLT}"
_BRIER: Final = f"Brier 1950, Monthly Weather Review 78, 1-3; {_CLT}"
_TAKAHASHI: Final = "interval: delta method, as in Takahashi et al. 2022, Applied Intelligence 52, 4961-4972"
_DELONG: Final = (
    "Hanley and McNeil 1982, Radiology 143, 29-36; "
    "interval: DeLong et al. 1988, Biometrics 44, 837-845, in log-odds"
)
_BOYD: Final = "interval: Boyd, Eng and Page 2013, ECML PKDD, LNCS 8190, 451-466"
_ECE: Final = "Naeini, Cooper and Hauskrecht 2015, AAAI 29, 2901-2907; interval: triangle inequality, at least as wide as asked"
_KOENKER: Final = f"Koenker and Bassett 1978, Econometrica 46, 33-50; {_CLT}"


def _regression(name: str, better: Better, formula: str, source: str, read: Callable[..., Measure]) -> Metric:
    return Metric(name=name, task="regression", better=better, formula=formula, source=source, read=read)


def _binary(name: str, better: Better, formula: str, source: str, read: Callable[..., Measure]) -> Metric:
    return Metric(name=name, task="binary", better=better, formula=formula, source=source, read=read)


def _decided(name: str, better: Better, formula: str, read: Callable[..., Measure]) -> Metric:
    """A metric of decisions at a threshold."""
    return Metric(
        name=name,
        task="binary",
        better=better,
        formula=f"{formula}, yes where p >= threshold",
        source=_WILSON,
        read=read,
        argument=0.5,
    )


def _classes(name: str, better: Better, formula: str, source: str, read: Callable[..., Measure]) -> Metric:
    return Metric(name=name, task="multiclass", better=better, formula=formula, source=source, read=read)


def _table(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


#: task → name → metric.
METRICS: Final[dict[TaskName, dict[str, Metric]]] = {
    "regression": _table(
        _regression("mae", "lower", "Σ |p - y| / n", _CLT, regression.mae),
        _regression("rmse", "lower", "sqrt(Σ (p - y)² / n)", f"{_CLT}, ends under the root", regression.rmse),
        _regression("mse", "lower", "Σ (p - y)² / n", _CLT, regression.mse),
        _regression(
            "mape", "lower", "Σ |(p - y) / y| / m, over the m rows with y ≠ 0", _CLT, regression.mape
        ),
        _regression("r2", "higher", "1 - Σ (p - y)² / Σ (y - mean y)²", _DELTA, regression.r2),
        _regression("bias", "closer to 0", "Σ (p - y) / n", _CLT, regression.bias),
        Metric(
            name="pinball",
            task="regression",
            better="lower",
            formula="Σ max(q (y - p), (q - 1) (y - p)) / n, at the quantile q",
            source=_KOENKER,
            read=regression.pinball,
            argument=0.5,
        ),
    ),
    "binary": _table(
        _binary("log_loss", "lower", "-Σ (y log p + (1 - y) log(1 - p)) / n", _GOOD, binary.log_loss),
        _binary("brier", "lower", "Σ (p - y)² / n", _BRIER, binary.brier),
        _binary(
            "roc_auc",
            "higher",
            "P(p of a positive > p of a negative), ties one half",
            _DELONG,
            binary.roc_auc,
        ),
        _binary(
            "average_precision", "higher", "Σ (R(k) - R(k+1)) P(k), by score", _BOYD, binary.average_precision
        ),
        _decided("precision", "higher", "TP / (TP + FP)", binary.precision),
        _decided("recall", "higher", "TP / (TP + FN)", binary.recall),
        _decided("specificity", "higher", "TN / (TN + FP)", binary.specificity),
        _decided("f1", "higher", "2 TP / (2 TP + FP + FN)", binary.f1),
        _decided("accuracy", "higher", "(TP + TN) / n", binary.accuracy),
        _decided("error_rate", "lower", "(FP + FN) / n", binary.error_rate),
        _binary("calibration_error", "lower", "Σ over ten bins |Σ p - Σ y| / n", _ECE, binary.calibration),
        _binary("bias", "closer to 0", "Σ (p - y) / n", _CLT, binary.bias),
        _binary("prevalence", "neither", "Σ y / n", _WILSON, binary.prevalence),
    ),
    "multiclass": _table(
        _classes("log_loss", "lower", "-Σ log p(y) / n", _GOOD, classes.log_loss),
        _classes("brier", "lower", "Σ Σ over classes (p(c) - [y = c])² / n", _BRIER, classes.brier),
        _classes("accuracy", "higher", "Σ [argmax p = y] / n", _WILSON, classes.accuracy),
        *(
            _classes(
                f"micro_{part}", "higher", "the accuracy: each row has one class", _WILSON, classes.accuracy
            )
            for part in ("precision", "recall", "f1")
        ),
        _classes("macro_precision", "higher", "mean of TP / (TP + FP)", _TAKAHASHI, classes.macro_precision),
        _classes("macro_recall", "higher", "mean of TP / (TP + FN)", _TAKAHASHI, classes.macro_recall),
        _classes("macro_f1", "higher", "mean of 2 TP / (2 TP + FP + FN)", _TAKAHASHI, classes.macro_f1),
        _classes("weighted_precision", "higher", "Σ n(c) P(c) / n", _TAKAHASHI, classes.weighted_precision),
        _classes("weighted_recall", "higher", "Σ n(c) R(c) / n", _TAKAHASHI, classes.weighted_recall),
        _classes("weighted_f1", "higher", "Σ n(c) F1(c) / n", _TAKAHASHI, classes.weighted_f1),
        _classes(
            "macro_roc_auc",
            "higher",
            "mean over classes of the AUC against the rest",
            f"{_DELONG}; the mean of the classes' intervals, at least as wide as asked",
            classes.macro_roc_auc,
        ),
    ),
}


def task_of(sums: TaskSums) -> TaskName:
    """Whose sums these are.

    >>> task_of(regression.RegressionSums.empty(0.0))
    'regression'
    """
    if isinstance(sums, regression.RegressionSums):
        return "regression"
    return "binary" if isinstance(sums, binary.BinarySums) else "multiclass"


def find_metric(task: TaskName, metric: str) -> tuple[Metric, float]:
    """A metric and its argument, as in `precision@0.3`; the default argument when none is written.

    Raises:
        ValueError: this task has no such metric, or it takes no argument.
    """
    name, argument = split_metric(metric)
    found = METRICS[task].get(name)
    if found is None:
        raise ValueError(f"there is no {task} metric '{name}': {did_you_mean(name, METRICS[task])}")
    if argument is not None and found.argument is None:
        raise ValueError(f"'{metric}': {name} takes no number: write {name}")
    default = 0.0 if found.argument is None else found.argument
    return found, default if argument is None else argument


def measure(sums: TaskSums, metric: str, confidence: float = 0.95) -> Measure:
    """One metric of these sums, by name; `precision@0.3` at another threshold, `pinball@0.9` at another quantile.

    Raises:
        ValueError: this task has no such metric, or decisions at the threshold were not counted.

    >>> import numpy as np
    >>> sums = regression.RegressionSums.of(0.0, np.array([1.0, 2.0]), np.array([2.0, 2.0]))
    >>> measure(sums, "mae").value, measure(sums, "pinball@0.9").value.__round__(2)
    (0.5, 0.05)
    """
    found, argument = find_metric(task_of(sums), metric)
    return found.read(sums, argument, confidence)


def measures(sums: TaskSums, confidence: float = 0.95) -> dict[str, Measure]:
    """Every metric of the task, by name, each at its default argument."""
    table = METRICS[task_of(sums)]
    return {name: measure(sums, name, confidence) for name in table}


def measure_cost(sums: TaskSums, task: Task, confidence: float = 0.95) -> Measure | None:
    """What a row costs on average, as the task declares it; None when it declares no cost, or for another task's sums.

    >>> import numpy as np
    >>> sums = regression.RegressionSums.of(0.0, np.array([1.0, 2.0]), np.array([2.0, 0.0]))
    >>> measure_cost(sums, Regression(target="minutes", cost=(10, 1))).value
    10.5
    """
    if isinstance(task, Regression) and task.cost and isinstance(sums, regression.RegressionSums):
        under, over = task.cost
        return regression.cost(sums, under, over, confidence)
    if isinstance(task, Classification) and task.cost and isinstance(sums, binary.BinarySums):
        return binary.cost(sums, task.cost, confidence=confidence)
    return None
