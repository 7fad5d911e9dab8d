"""Metrics that users and third parties bring: a function from labels and predictions to the loss of each row."""

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Final

from keepfit.evaluation.loss import Floats, Loss, TaskName

#: From labels and predictions, both of shape (n,), to the loss of each row, of the same shape.
RowLosses = Callable[[Floats, Floats], Floats]

#: Where packages announce theirs: `[project.entry-points."keepfit.metrics"]`, `name = "package.module:function"`, of
#: functions that are decorated with `keepfit.metric`.
GROUP: Final = "keepfit.metrics"

#: What the model files of this process declared.
_declared: dict[str, Loss] = {}


def own_loss(name: str) -> Loss | None:
    """The metric that a model file of this process or an installed package brought under this name; None if none did."""
    return _declared.get(name) or _installed(name)


@lru_cache(maxsize=64)
def _installed(name: str) -> Loss | None:
    found = entry_points(group=GROUP, name=name)
    for one in found:
        one.load()
    return _declared.get(name)


def metric(
    name: str,
    *,
    task: TaskName = "regression",
    constant: Callable[[Floats], float] | None = None,
) -> Callable[[RowLosses], RowLosses]:
    """Declare a metric of one's own, above a function of (labels, predictions) that gives the loss of each row.

    Because it is a loss a row, its evidence adds up over windows, servers and slices like that of any other metric.
    Name it in a task: `kf.Regression(target="minutes", metric="lateness")`.

    Args:
        name: what it is called; not that of a metric that keepfit has.
        task: `regression`, or `binary` for labels of 0 and 1 and predictions that are probabilities.
        constant: from labels to the constant prediction of the least mean loss, which a first model has to beat; the mean
            when None.

    Raises:
        ValueError: the name is taken, or cannot be one.

    >>> import numpy as np
    >>> @metric("lateness", constant=lambda labels: float(labels.max()))
    ... def lateness(labels, predictions):
    ...     return np.maximum(labels - predictions, 0.0)
    >>> from keepfit.evaluation.losses import row_losses
    >>> row_losses("lateness", np.array([5.0, 5.0]), np.array([3.0, 9.0])).tolist()
    [2.0, 0.0]
    """
    from keepfit.evaluation.losses import LOSSES

    if not isinstance(name, str):
        raise TypeError('a metric needs a name: write @keepfit.metric("lateness") above the function')
    if name in LOSSES:
        raise ValueError(f"keepfit has a metric '{name}' already: choose another name")
    if not name.isidentifier():
        raise ValueError(f"'{name}' cannot name a metric: use letters, digits and underscores")

    def declare(rows: RowLosses) -> RowLosses:
        if constant is None:
            _declared[name] = Loss(task=task, rows=lambda y, p, _: rows(y, p))
        else:
            _declared[name] = Loss(
                task=task, rows=lambda y, p, _: rows(y, p), constant=lambda y, _: constant(y)
            )
        return rows

    return declare
