"""The answer to a request, as every protocol writes it."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt


class InferenceResult(msgspec.Struct, frozen=True, eq=False, gc=False, kw_only=True):
    """The answer to a request.

    Attributes:
        model: who answered.
        request_id: the request's.
        output: the name of what was predicted.
        predictions: float64, one a row.
        ids: the prediction ids, which labels refer to.
        versions: for each row the version that answered.
        champion: the champion's number.
    """

    model: str
    request_id: str
    output: str
    predictions: npt.NDArray[np.float64]
    ids: Sequence[str]
    versions: Sequence[int]
    champion: int

    @property
    def version_counts(self) -> Mapping[int, int]:
        """How many rows each version answered, by version."""
        return dict(sorted(Counter(self.versions).items()))
