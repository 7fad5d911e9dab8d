"""What a model version takes and gives: the contract between training, serving and monitoring."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a column is treated."""

    NUMBER = "number"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Feature:
    """One input column of a model version.

    Attributes:
        name: the column's name.
        kind: a number (float64, null as NaN) or a category.
        integral: a number that held whole values only when the model was trained; the wire type is then INT64.
        text: a category whose values are strings; otherwise they are integers.
        categories: the values seen in training, in the order of their codes; any other value is encoded as missing.
    """

    name: str
    kind: Kind
    integral: bool = False
    text: bool = False
    categories: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Columns that a version takes, and what travels along with them.

    Attributes:
        features: what the model is given, in order.
        id: the column that names a prediction.
        time: the column that holds the event's time.
        context: further columns that are recorded though the model does not see them (slices).
        output: name of what is predicted.
        probability: the output is the probability of the positive class, not a value.
    """

    features: tuple[Feature, ...]
    id: str
    time: str
    context: tuple[str, ...]
    output: str
    probability: bool = False

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(feature.name for feature in self.features)
