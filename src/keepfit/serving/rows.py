"""Checked rows: the numbers of several requests in one matrix, and what else came with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
import numpy.typing as npt

from keepfit.predictions.capture_codec import Cell
from keepfit.registry.signature import Feature


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Layout:
    """Which columns some rows have, and where. Compared by identity: there is one of each for every set of columns.

    Attributes:
        numbers: the number features, in the order of the matrix' columns.
        categories: the other features.
        context: further columns, by name.
    """

    numbers: tuple[str, ...]
    categories: tuple[Feature, ...]
    context: tuple[str, ...]


class Rows(msgspec.Struct, frozen=True, eq=False, gc=False, kw_only=True):
    """Checked rows of one request, or of several with the same columns.

    Attributes:
        layout: what the columns are.
        numbers: shape (n, number features), float64, row-major; NaN where missing.
        categories: for each of the layout's categories its values as they came; None where missing.
        context: for each of the layout's context columns its texts.
        ids: the prediction ids.
        event_times: microseconds since 1970-01-01 UTC.
        received_at: likewise.
    """

    layout: Layout
    numbers: npt.NDArray[np.float64]
    categories: tuple[list[Cell], ...]
    context: tuple[list[str | None], ...]
    ids: list[str]
    event_times: list[int]
    received_at: list[int]

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.ids)

    def take(self, rows: Sequence[int]) -> "Rows":
        """The rows of these places, in their order; a range of all of them is the rows themselves."""
        if isinstance(rows, range) and len(rows) == self.n:
            return self
        return Rows(
            layout=self.layout,
            numbers=self.numbers[np.asarray(rows, dtype=np.intp)],
            categories=tuple([values[row] for row in rows] for values in self.categories),
            context=tuple([values[row] for row in rows] for values in self.context),
            ids=[self.ids[row] for row in rows],
            event_times=[self.event_times[row] for row in rows],
            received_at=[self.received_at[row] for row in rows],
        )


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of several requests of one layout, in order."""
    if len(parts) == 1:
        return parts[0]
    layout = parts[0].layout
    return Rows(
        layout=layout,
        numbers=np.concatenate([part.numbers for part in parts]),
        categories=tuple(
            list(chain.from_iterable(part.categories[place] for part in parts))
            for place in range(len(layout.categories))
        ),
        context=tuple(
            list(chain.from_iterable(part.context[place] for part in parts))
            for place in range(len(layout.context))
        ),
        ids=list(chain.from_iterable(part.ids for part in parts)),
        event_times=list(chain.from_iterable(part.event_times for part in parts)),
        received_at=list(chain.from_iterable(part.received_at for part in parts)),
    )
