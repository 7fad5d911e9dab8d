"""Which batches of the lake are in something that was made of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """All batches of a model up to the newest, but for those that were open: their drain was not on record.

    A drain that crashed is done again under its number, however much later, and may add rows to its batch. So what is made
    of the rows of an open batch could never be told from what it lacks: an open batch is left out until it is closed.
    Drains of other logs go on meanwhile, under higher numbers.

    Attributes:
        newest: the number of the newest batch; 0 for none.
        open: lower numbers that are left out, ascending.

    >>> seen = Batches(newest=7, open=(4,))
    >>> 7 in seen, 4 in seen, 8 in seen, seen.through
    (True, False, False, 3)
    """

    newest: int = 0
    open: tuple[int, ...] = ()

    @classmethod
    def closed(cls, newest: int, still_open: Iterable[int]) -> "Batches":
        """What is closed, when `newest` was given out last.

        >>> Batches.closed(7, [7, 6, 4, 9])
        Batches(newest=5, open=(4,))
        """
        left_out = set(still_open)
        while newest in left_out:
            newest -= 1
        return cls(newest=newest, open=tuple(sorted(one for one in left_out if one < newest)))

    def __contains__(self, batch: int) -> bool:
        return batch <= self.newest and batch not in self.open

    @property
    def through(self) -> int:
        """Every batch up to this one is among them."""
        return self.open[0] - 1 if self.open else self.newest

    def hold(self, batch: pl.Expr) -> pl.Expr:
        """Whether a column's numbers are among them; null where there is none."""
        return (batch <= self.newest) & ~batch.is_in(list(self.open))
