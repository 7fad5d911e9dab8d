"""A model version in memory, and the port that loads it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from keepfit.registry.output import MatrixPredict
from keepfit.registry.signature import Signature

#: From the encoded features, shape (n, features), to one prediction a row, shape (n,); see `keepfit.registry.encode`.
Predict = MatrixPredict


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model version, ready to answer.

    Attributes:
        signature: what it takes and gives.
        version: its number.
        predict: called by one thread at a time, not always by the same; one finite number a row.
        runtime: the library that predicts and how it is called, such as `LightGBM single-row`.
        note: why a faster way of calling it was not taken; empty when there is nothing to say.
        difference: how far its numbers were from those of the model's own method at most, relative to the prediction.
        probe: rows without missing values to warm it up with, (n, features); None when none are at hand.
    """

    signature: Signature
    version: int
    predict: Predict
    runtime: str = "scikit-learn"
    note: str = ""
    difference: float = 0.0
    probe: npt.NDArray[np.float64] | None = None

    def __hash__(self) -> int:
        """Of what tells most versions apart; the rest is left to equality."""
        return hash((self.signature, self.version, self.runtime))


class ModelLoader(Protocol):
    """Brings a registered version into memory."""

    def load(self, model: str, number: int) -> LoadedModel:
        """Fetch, verify and load a version. Raises whatever stands in the way."""
        ...
