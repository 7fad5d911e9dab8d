"""The columns of a table: their names and types, in order."""

from dataclasses import dataclass

import polars as pl

from keepfit.errors import DataError
from keepfit.ids import did_you_mean


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and its Polars type, written out: `Int64`, `String`, `Datetime(time_unit='us', time_zone='UTC')`."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, in order.

    >>> Schema.of(pl.DataFrame({"miles": [1.5]})).columns
    (Column(name='miles', dtype='Float64'),)
    """

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Schema":
        """The schema of a frame."""
        return cls(tuple(Column(name, str(dtype)) for name, dtype in frame.schema.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def require(self, names: tuple[str, ...], *, where: str) -> None:
        """Check that every one of `names` is a column.

        Raises:
            DataError: naming the first that is missing, and the closest that is there.
        """
        for name in names:
            if name not in self.names:
                raise DataError(f"{where} has no column '{name}'", hint=did_you_mean(name, self.names))
