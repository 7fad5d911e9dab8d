"""The frame that a model was fitted on, made of encoded features.

pandas is what libraries read column names and categories from; it is imported at first use, so that the registry
stays light for those who only look versions up, and serving for models that take the matrix itself.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keepfit.registry.signature import Kind, Signature

if TYPE_CHECKING:
    import pandas as pd


class FrameMaker:
    """Makes frames by one signature: float64 columns, and Categoricals with the signature's categories in order.

    >>> from keepfit.registry.signature import Feature
    >>> zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
    >>> make = FrameMaker(Signature(
    ...     features=(Feature("miles", Kind.NUMBER), zone), id="id", time="at", context=(), output="minutes"))
    >>> make(np.array([[2.5, 1.0], [np.nan, np.nan]]))["zone"].tolist()
    ['queens', nan]
    """

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._categories = [
            place for place, feature in enumerate(signature.features) if feature.kind is Kind.CATEGORY
        ]
        self._names: Any = None
        self._types: dict[int, Any] = {}

    def __call__(self, matrix: npt.NDArray[np.float64]) -> "pd.DataFrame":
        """The frame of a matrix (rows, features) of encoded features: see `keepfit.registry.encode`."""
        import pandas as pd

        self._compile()
        if not self._categories:
            return pd.DataFrame(matrix, columns=self._names, copy=False)
        columns: list[npt.NDArray[Any]] = list(matrix.T)
        for place in self._categories:
            codes = columns[place]
            columns[place] = np.where(np.isnan(codes), -1, codes).astype(np.int32)
        return self.of_columns(columns)

    def of_columns(self, columns: Sequence[npt.NDArray[Any]]) -> "pd.DataFrame":
        """The frame of the features' columns: numbers, and codes with -1 for what is missing."""
        import pandas as pd

        self._compile()
        encoded = {
            feature.name: pd.Categorical.from_codes(columns[place], dtype=self._types[place], validate=False)
            if place in self._types
            else columns[place]
            for place, feature in enumerate(self._signature.features)
        }
        return pd.DataFrame(encoded, copy=False)

    def _compile(self) -> None:
        import pandas as pd

        if self._names is not None:
            return
        self._types = {
            place: pd.CategoricalDtype(pd.Index(list(self._signature.features[place].categories)))
            for place in self._categories
        }
        self._names = pd.Index(list(self._signature.feature_names))
