"""Rows to try a model on, made up where none of its own are at hand."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from keepfit.registry.signature import Feature, Kind, Signature

#: How many rows say whether two ways of calling a model are the same.
ROWS: Final = 64


def probe_rows(
    signature: Signature, values: Mapping[str, Sequence[float]] | None = None, *, rows: int = ROWS
) -> npt.NDArray[np.float64]:
    """Encoded rows, shape (rows, features), without a missing value; the same each time.

    Args:
        signature: what the model takes.
        values: for a number, values to draw from, such as the edges of its reference's cells; where none are given,
            numbers of every magnitude from a thousandth to a thousand are drawn, of either sign.
        rows: how many.

    >>> zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
    >>> signature = Signature(
    ...     features=(Feature("miles", Kind.NUMBER), zone), id="id", time="at", context=(), output="minutes")
    >>> found = probe_rows(signature, {"miles": (1.5, 2.5)})
    >>> found.shape, sorted(set(found[:, 0])), sorted(set(found[:, 1]))
    ((64, 2), [np.float64(1.5), np.float64(2.5)], [np.float64(0.0), np.float64(1.0)])
    """
    rng = np.random.default_rng(0)
    matrix = np.empty((rows, len(signature.features)))
    for place, feature in enumerate(signature.features):
        matrix[:, place] = _column(feature, (values or {}).get(feature.name, ()), rows, rng)
    return matrix


def _column(
    feature: Feature, values: Sequence[float], rows: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    if feature.kind is Kind.CATEGORY:
        codes = rng.integers(0, max(1, len(feature.categories)), rows).astype(np.float64)
        return codes if feature.categories else np.full(rows, np.nan)
    if len(values):
        return np.asarray(values, dtype=np.float64)[rng.integers(0, len(values), rows)]
    scales = np.array([1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3])
    drawn = rng.normal(size=rows) * scales[rng.integers(0, len(scales), rows)]
    return np.asarray(np.rint(drawn) if feature.integral else drawn, dtype=np.float64)
