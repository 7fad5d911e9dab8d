"""How much of a model's skill hangs on each feature."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from keepfit.evaluation.loss import Floats
from keepfit.evaluation.losses import row_losses
from keepfit.training.trial import Predict

#: Rows are shuffled and predicted once a feature: more of them cost more than they tell.
MOST_ROWS: Final = 2_000


def feature_importance(
    predict: Predict, rows: pl.DataFrame, labels: Floats, *, features: Sequence[str], metric: str
) -> dict[str, float]:
    """How much the mean loss on held-out rows grows when one feature's values are shuffled among them; at least 0.

    Permutation importance (Breiman 2001, Machine Learning 45, 5-32; for any model, Fisher, Rudin and Dominici 2019).
    Features that say the same share it: each may look dispensable while the other is there. In the metric's own unit,
    squared for `rmse`. Empty when there are fewer than two rows. The same rows give the same numbers.

    Args:
        predict: from rows to predictions.
        rows: held out from the training.
        labels: of the rows, shape (n,).
        features: columns to shuffle.
        metric: of the losses.
    """
    if rows.height < 2:
        return {}
    rng = np.random.default_rng(0)
    kept = np.sort(rng.permutation(rows.height)[:MOST_ROWS])
    sample, truth = rows[kept.tolist()], labels[kept]
    whole = float(row_losses(metric, truth, predict(sample)).mean())

    def without(name: str) -> float:
        shuffled = sample.with_columns(sample[name].gather(rng.permutation(sample.height).tolist()))
        return float(row_losses(metric, truth, predict(shuffled)).mean())

    return {name: max(0.0, without(name) - whole) for name in features}
