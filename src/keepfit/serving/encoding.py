"""From checked rows to the matrix that a version's model is given."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.registry.signature import Kind, Signature
from keepfit.serving.request import Accepts
from keepfit.serving.rows import Layout, Rows

Matrix = npt.NDArray[np.float64]
_Encode = Callable[[Rows], Matrix]
#: Callers that leave optional columns out in ever new ways must not fill the memory.
_MOST_LAYOUTS: Final = 64


class MatrixEncoder:
    """Encodes rows by the signature of one version; what a layout asks for is worked out once.

    Args:
        signature: what the version takes.

    The matrix has one column a feature, in the signature's order: numbers with NaN where missing, and of
    categories their codes (the place among `Feature.categories`), NaN where missing or not seen in training.
    """

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        #: What a request may have that names this very version.
        self.accepts = Accepts(signature=signature)
        self._codes = {
            feature.name: {value: float(code) for code, value in enumerate(feature.categories)}
            for feature in signature.features
            if feature.kind is Kind.CATEGORY
        }
        self._by_layout: dict[Layout, _Encode] = {}

    def matrix(self, rows: Rows) -> Matrix:
        """Shape (rows, features), float64.

        Raises:
            RequestError: the rows lack a feature, which a candidate may take and the champion not.
        """
        encode = self._by_layout.get(rows.layout)
        if encode is None:
            if len(self._by_layout) >= _MOST_LAYOUTS:
                self._by_layout.clear()
            encode = self._by_layout[rows.layout] = self._compiled(rows.layout)
        return encode(rows)

    def _compiled(self, layout: Layout) -> _Encode:
        names = self.signature.feature_names
        self._check(layout)
        if layout.numbers == names:
            return _numbers
        categories = {feature.name: place for place, feature in enumerate(layout.categories)}
        numbers = {name: place for place, name in enumerate(layout.numbers)}
        here = [place for place, name in enumerate(names) if name in numbers]
        there = [numbers[name] for name in names if name in numbers]
        coded = [
            (place, categories[name], self._codes[name])
            for place, name in enumerate(names)
            if name in categories
        ]

        def encode(rows: Rows) -> Matrix:
            matrix = np.empty((rows.n, len(names)))
            matrix[:, here] = rows.numbers[:, there]
            for place, source, codes in coded:
                matrix[:, place] = [codes.get(value, np.nan) for value in rows.categories[source]]  # type: ignore[arg-type]
            return matrix

        return encode

    def _check(self, layout: Layout) -> None:
        given = {*layout.numbers, *(feature.name for feature in layout.categories)}
        for feature in self.signature.features:
            if feature.name not in given:
                raise RequestError(
                    f"no column '{feature.name}', which the model takes",
                    hint=did_you_mean(feature.name, given),
                )
            if (feature.name in layout.numbers) != (feature.kind is Kind.NUMBER):
                raise RequestError(
                    f"column '{feature.name}' is a {feature.kind.value} to this version, and not to the champion"
                )


def _numbers(rows: Rows) -> Matrix:
    """A model that takes numbers only, in the order in which they lie."""
    return rows.numbers
