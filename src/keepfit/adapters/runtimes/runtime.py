"""A model as a call on a matrix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from keepfit.registry.output import MatrixPredict, Vector

#: Encoded features, shape (rows, features), float64 and row-major: see `keepfit.registry.encode`.
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Runtime:
    """Predicts from encoded features; called by one thread at a time, not always by the same.

    Attributes:
        name: the library and the way of calling it, such as `scikit-learn forest`.
        predict: from (n, features) to (n,).
        note: why a faster way was not taken; empty when there is nothing to say.
        difference: from the model's public method, the largest that was seen where it was tried; 0 to the last bit. It is
            relative to the larger of the prediction and the mean size of predictions.

    >>> Runtime("twice", lambda matrix: matrix[:, 0] * 2)(np.array([[1.5]])).tolist()
    [3.0]
    """

    name: str
    predict: MatrixPredict
    note: str = ""
    difference: float = 0.0

    def __call__(self, matrix: Matrix) -> Vector:
        """One number a row."""
        return self.predict(matrix)
