"""Rows as objects, as lists or as columns, made into a payload: what the tabular protocols have in common."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.serving.feature_names import names_of
from keepfit.serving.payload import Block, Columns, Payload
from keepfit.serving.request import Accepts

_NUMBERS: Final = frozenset({float, int, type(None)})


def from_objects(rows: Sequence[Mapping[str, Any]]) -> Payload:
    """Rows as objects by column; what a row leaves out is null.

    >>> from_objects([{"miles": 1.5, "zone": "SI"}, {"miles": 2}])
    Columns(names=('miles', 'zone'), values=([1.5, 2], ['SI', None]))
    """
    names = tuple(dict.fromkeys(chain.from_iterable(rows)))
    return Columns(names, tuple([[row.get(name) for row in rows] for name in names]))


def from_lists(
    names: Sequence[str] | None, rows: Sequence[Sequence[Any]], accepts: Accepts, where: str
) -> Payload:
    """Rows as lists of one value a column.

    Args:
        names: of the columns; None for all features in order.
        rows: each of one value a name.
        accepts: what the model takes.
        where: what holds the rows, for errors.

    Raises:
        RequestError: a name comes twice, or a row has another number of values.
    """
    known = names_of(accepts.signature)
    columns = known.names if names is None else tuple(names)
    if len(set(columns)) < len(columns):
        raise RequestError(f"{where} names a column twice")
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise RequestError(
                f"{where}, row {number}: {len(row)} values for {len(columns)} columns",
                hint=f"they are: {', '.join(columns)}" if names is None else None,
            )
    if known.category is None and columns == known.names:
        block = _block(rows, len(columns))
        if block is not None:
            return Block(block)
    # Not `zip(*rows)`, which would lose the columns of no rows.
    return Columns(columns, tuple([[row[place] for row in rows] for place in range(len(columns))]))


def from_columns(columns: Mapping[str, Any]) -> Payload:
    """Columns by name: flat, or as tensors of shape [n, 1]; an object of single values is one row.

    Raises:
        RequestError: naming the column that is no list of values.

    >>> from_columns({"miles": [[1.5], [2]], "zone": ["SI", None]})
    Columns(names=('miles', 'zone'), values=([1.5, 2], ['SI', None]))
    """
    if columns and not any(isinstance(values, list | dict) for values in columns.values()):
        return Columns(tuple(columns), tuple([[value] for value in columns.values()]))
    return Columns(tuple(columns), tuple([_column(name, values) for name, values in columns.items()]))


def _column(name: str, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise RequestError(f"column '{name}' is not a list of values")
    if values and all(isinstance(one, list) and len(one) == 1 for one in values):
        return [one[0] for one in values]
    return values


def _block(rows: Sequence[Sequence[Any]], width: int) -> npt.NDArray[np.float64] | None:
    """The rows as a matrix; None when not all values are numbers or null, for the checks by column to say which."""
    if not set(map(type, chain.from_iterable(rows))) <= _NUMBERS:
        return None
    try:
        return np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * width).reshape(len(rows), width)
    except OverflowError:
        return None
