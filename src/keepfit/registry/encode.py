"""From columns to what a model is given, as a frame or as a matrix: the same in training and in serving.

In a matrix a category is its code, the place among the signature's categories, and NaN where it is missing or was not
seen in training; `keepfit.registry.frame.FrameMaker` makes the frame of it that a model was fitted on.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from keepfit.errors import DataError
from keepfit.ids import did_you_mean
from keepfit.registry.frame import FrameMaker
from keepfit.registry.signature import Feature, Kind, Signature

if TYPE_CHECKING:
    import pandas as pd

#: A column as a list, a numpy array or a Polars series.
Values = Sequence[Any] | npt.NDArray[Any] | pl.Series

Matrix = npt.NDArray[np.float64]


class FeatureEncoder:
    """Encodes columns by one signature; keep it when many small batches are to be encoded."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self._frames = FrameMaker(signature)
        self._codes: dict[str, dict[str | int, int]] = {
            feature.name: {value: code for code, value in enumerate(feature.categories)}
            for feature in signature.features
            if feature.kind is Kind.CATEGORY
        }

    def frame(self, columns: Mapping[str, Values]) -> "pd.DataFrame":
        """The features as a frame, in the signature's order; further columns are left out.

        Raises:
            DataError: a feature is missing, or holds what cannot be a number.
        """
        return self._frames.of_columns(
            [self._column(feature, columns) for feature in self.signature.features]
        )

    def matrix(self, columns: Mapping[str, Values]) -> Matrix:
        """The features as a matrix (rows, features), row-major; see the module for what stands for a category.

        Raises:
            DataError: a feature is missing, or holds what cannot be a number.
        """
        encoded = [self._column(feature, columns) for feature in self.signature.features]
        matrix = np.empty((len(encoded[0]) if encoded else 0, len(encoded)))
        for place, (feature, values) in enumerate(zip(self.signature.features, encoded, strict=True)):
            matrix[:, place] = values
            if feature.kind is Kind.CATEGORY:
                matrix[values < 0, place] = np.nan
        return matrix

    def _column(self, feature: Feature, columns: Mapping[str, Values]) -> npt.NDArray[Any]:
        """Numbers, or codes with -1 for what is missing."""
        if feature.name not in columns:
            hint = did_you_mean(feature.name, columns)
            raise DataError(f"no column '{feature.name}', which the model takes", hint=hint)
        values = columns[feature.name]
        if feature.kind is Kind.NUMBER:
            return _numbers(feature.name, values)
        if isinstance(values, pl.Series):
            return _series_codes(feature, values)
        known = self._codes[feature.name]
        return np.fromiter((known.get(value, -1) for value in values), dtype=np.int32, count=len(values))


def encode_features(signature: Signature, columns: Mapping[str, Values]) -> "pd.DataFrame":
    """The features of a batch as a model takes them that was fitted on a frame.

    Numbers become float64 with null as NaN. Categories become a pandas Categorical with the
    signature's categories in order; null and values that training did not see become missing.

    Args:
        signature: what the model takes.
        columns: at least the features, each of one length; others are left out.

    Raises:
        DataError: a feature is missing, or holds what cannot be a number.

    >>> zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
    >>> signature = Signature(
    ...     features=(Feature("miles", Kind.NUMBER), zone), id="id", time="at", context=(), output="minutes")
    >>> frame = encode_features(signature, {"zone": ["queens", "mars"], "miles": [1, None]})
    >>> frame["zone"].cat.codes.tolist(), frame["miles"].tolist()
    ([1, -1], [1.0, nan])
    """
    return FeatureEncoder(signature).frame(columns)


def encode_matrix(signature: Signature, columns: Mapping[str, Values]) -> Matrix:
    """The features of a batch as a runtime takes them: (rows, features), float64.

    Args:
        signature: what the model takes.
        columns: at least the features, each of one length; others are left out.

    Raises:
        DataError: a feature is missing, or holds what cannot be a number.

    >>> zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
    >>> signature = Signature(
    ...     features=(Feature("miles", Kind.NUMBER), zone), id="id", time="at", context=(), output="minutes")
    >>> encode_matrix(signature, {"zone": ["queens", "mars"], "miles": [1, None]}).tolist()
    [[1.0, 1.0], [nan, nan]]
    """
    return FeatureEncoder(signature).matrix(columns)


def _numbers(name: str, values: Values) -> npt.NDArray[np.float64]:
    try:
        if isinstance(values, pl.Series):
            return values.cast(pl.Float64).to_numpy()
        return np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        raise DataError(f"column '{name}' holds what is not a number: {error}") from None


def _series_codes(feature: Feature, values: pl.Series) -> npt.NDArray[np.int32]:
    plain = values.cast(pl.String) if feature.text else values
    if not feature.categories:
        return np.full(len(values), -1, dtype=np.int32)
    known = list(feature.categories)
    codes = plain.replace_strict(known, list(range(len(known))), default=-1, return_dtype=pl.Int32)
    return codes.fill_null(-1).to_numpy()
