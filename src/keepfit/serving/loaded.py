"""A model version in memory, and the port that loads it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from keepfit.registry.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

#: From the encoded features to one prediction a row.
Predict = Callable[["pd.DataFrame"], npt.NDArray[np.float64] | Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model version, ready to answer.

    Attributes:
        signature: what it takes and gives.
        version: its number.
        predict: called from several threads at once with encoded features; one finite number a row.
    """

    signature: Signature
    version: int
    predict: Predict


class ModelLoader(Protocol):
    """Brings a registered version into memory."""

    def load(self, model: str, number: int) -> LoadedModel:
        """Fetch, verify and load a version. Raises whatever stands in the way."""
        ...
