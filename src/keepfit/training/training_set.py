"""What a trainer is given."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from keepfit.registry.signature import Signature

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Rows to learn from.

    Attributes:
        X: the features as a pandas frame of n rows: numbers as float64, categories as pandas categoricals with the
            categories seen here. Serving builds the same frame, with the same categories.
        y: the target, float64 of shape (n,); for a classification 0.0 or 1.0.
        frame: the same rows with all their columns, as a Polars frame.
        signature: what the model will take and give.
    """

    X: "pd.DataFrame"
    y: "NDArray[Any]"
    frame: pl.DataFrame = field(repr=False)
    signature: Signature = field(repr=False)
