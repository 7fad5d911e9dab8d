"""A request's rows, checked against the signature of the version that will answer."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.serving.columns import check_context, check_feature, check_ids, check_numbers, check_times
from keepfit.serving.payload import Block, Column, Columns, Payload
from keepfit.serving.rows import Layout, Rows

#: Rows of one request, unless told otherwise.
MAX_ROWS: Final = 100_000
#: Callers that send optional columns in ever new orders must not fill the memory.
_MOST_PLANS: Final = 256
#: The key of the layout of all features, all of them numbers.
_BLOCK: Final = ("block",)
_PLAIN_NUMBERS: Final = frozenset({float, int, type(None)})


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where the columns of one order of names lie.

    Attributes:
        layout: what the rows will have.
        numbers, categories, context: the places of the layout's columns in the payload.
        id, time: the places of the id and of the time; None when they do not come.
    """

    layout: Layout
    numbers: tuple[int, ...]
    categories: tuple[int, ...]
    context: tuple[int, ...]
    id: int | None
    time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts:
    """The columns that a request may have.

    Attributes:
        signature: of the champion: all of its features are required.
        optional: features that only a candidate takes, by name.
        split_by: the column that the route goes by. Callers may send it though a version was trained before it was named; it
            is context then.
        known: every column that is accepted.
    """

    signature: Signature
    optional: Mapping[str, Feature] = field(default_factory=dict)
    split_by: str | None = None
    known: frozenset[str] = field(init=False, repr=False, compare=False)
    _plans: dict[tuple[str, ...], _Plan] = field(default_factory=dict, init=False, repr=False, compare=False)
    _layouts: dict[tuple[object, ...], Layout] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        own = self.signature
        known = frozenset((*own.feature_names, *self.optional, *self._context, own.id, own.time))
        object.__setattr__(self, "known", known)

    @property
    def _context(self) -> tuple[str, ...]:
        own = self.signature
        if self.split_by is None or self.split_by in (*own.context, own.id, own.time):
            return own.context
        return (*own.context, self.split_by)

    @property
    def only_numbers(self) -> bool:
        """Whether all features are numbers, so that they may come as one block."""
        return all(one.kind is Kind.NUMBER for one in self.signature.features)

    def plan(self, names: tuple[str, ...]) -> _Plan:
        """Where the columns of these names lie, worked out once for every order of them.

        Raises:
            RequestError: a column is unknown, or missing.
        """
        found = self._plans.get(names)
        if found is None:
            _check_names(names, self)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            found = self._plans[names] = self._compiled(names)
        return found

    def block_layout(self) -> Layout:
        """The layout of all features in one block of numbers.

        Raises:
            RequestError: some feature is a category.
        """
        found = self._layouts.get(_BLOCK)
        if found is None:
            for one in self.signature.features:
                if one.kind is not Kind.NUMBER:
                    raise RequestError(f"'{one.name}' is a category: send one column a feature")
            found = self._layouts[_BLOCK] = self._layout(self.signature.feature_names, (), ())
        return found

    def _compiled(self, names: tuple[str, ...]) -> _Plan:
        own = self.signature
        places = {name: place for place, name in enumerate(names)}
        features = [one for one in (*own.features, *self.optional.values()) if one.name in places]
        numbers = tuple(one.name for one in features if one.kind is Kind.NUMBER)
        categories = tuple(one for one in features if one.kind is not Kind.NUMBER)
        taken = {one.name for one in features}
        context = tuple(name for name in self._context if name in places and name not in taken)
        return _Plan(
            layout=self._layout(numbers, categories, context),
            numbers=tuple(places[name] for name in numbers),
            categories=tuple(places[one.name] for one in categories),
            context=tuple(places[name] for name in context),
            id=places.get(own.id),
            time=places.get(own.time),
        )

    def _layout(
        self, numbers: tuple[str, ...], categories: tuple[Feature, ...], context: tuple[str, ...]
    ) -> Layout:
        key = (numbers, tuple(one.name for one in categories), context)
        if key not in self._layouts and len(self._layouts) >= _MOST_PLANS:
            self._layouts.clear()
        return self._layouts.setdefault(key, Layout(numbers=numbers, categories=categories, context=context))


def read_rows(
    payload: Payload, accepts: Accepts, *, request_id: str, received_at: int, max_rows: int = MAX_ROWS
) -> Rows:
    """Check the rows of a request.

    The features are required; the id, the time and the context are not. Without an id column one row
    is named by the request, and several are `request_id:row`; without a time column the event is now.

    Args:
        payload: what the protocol's decoder made of the body.
        accepts: what the model takes.
        request_id: names the request.
        received_at: when it came, in microseconds since 1970-01-01 UTC.
        max_rows: more rows than this are refused.

    Raises:
        RequestError: naming the column and the row that is wrong.
    """
    if isinstance(payload, Block):
        return _of_block(payload, accepts, request_id, received_at, max_rows)
    if not payload.names:
        raise RequestError("the request has no rows")
    plan = accepts.plan(payload.names)
    n = _count(payload, max_rows)
    own = accepts.signature
    values = payload.values
    return Rows(
        layout=plan.layout,
        numbers=_numbers(plan, payload, n),
        categories=tuple(
            check_feature(feature, values[place])
            for feature, place in zip(plan.layout.categories, plan.categories, strict=True)
        ),
        context=tuple(check_context(payload.names[place], values[place]) for place in plan.context),
        ids=named(request_id, n) if plan.id is None else check_ids(own.id, values[plan.id]),
        event_times=[received_at] * n if plan.time is None else check_times(own.time, values[plan.time]),
        received_at=[received_at] * n,
    )


def named(request_id: str, n: int) -> list[str]:
    """The ids of rows that brought none.

    >>> named("r", 1), named("r", 2)
    (['r'], ['r:0', 'r:1'])
    """
    return [request_id] if n == 1 else [f"{request_id}:{row}" for row in range(n)]


def _of_block(payload: Block, accepts: Accepts, request_id: str, received_at: int, max_rows: int) -> Rows:
    layout, values = accepts.block_layout(), payload.values
    n, width = values.shape
    if width != len(layout.numbers):
        raise RequestError(
            f"the rows have {width} values; the model takes {len(layout.numbers)}: {_listed(accepts)}"
        )
    _check_count(n, max_rows)
    if not payload.finite and np.isinf(values).any():
        row, place = (int(one) for one in np.argwhere(np.isinf(values))[0])
        raise RequestError(
            f"column '{layout.numbers[place]}', row {row}: {values[row, place]} is not a finite number"
        )
    return Rows(
        layout=layout,
        numbers=values,
        categories=(),
        context=(),
        ids=named(request_id, n),
        event_times=[received_at] * n,
        received_at=[received_at] * n,
    )


def _numbers(plan: _Plan, payload: Columns, n: int) -> npt.NDArray[np.float64]:
    """The number columns side by side; column by column only where something is to be told or turned."""
    columns = [payload.values[place] for place in plan.numbers]
    if all(type(column) is list for column in columns):
        types = set(map(type, chain.from_iterable(columns)))
        if types <= _PLAIN_NUMBERS:
            found = _plain(columns, n)
            if found is not None:
                return found
    matrix = np.empty((n, len(columns)))
    for place, (name, column) in enumerate(zip(plan.layout.numbers, columns, strict=True)):
        matrix[:, place] = check_numbers(name, column)
    return matrix


def _plain(columns: Sequence[Column], n: int) -> npt.NDArray[np.float64] | None:
    """Finite numbers and nulls as they came; None when one of them is infinite, or beyond a float."""
    try:
        if n == 1:
            matrix = np.array([[column[0] for column in columns]], dtype=np.float64)
        else:
            matrix = np.ascontiguousarray(np.array(columns, dtype=np.float64).reshape(len(columns), n).T)
    except OverflowError:
        return None
    return None if np.isinf(matrix).any() else matrix


def _count(payload: Columns, max_rows: int) -> int:
    values = payload.values
    lengths = [
        len(column) if type(column) is list else _length(payload.names[place], column)
        for place, column in enumerate(values)
    ]
    n = lengths[0]
    if lengths.count(n) < len(lengths):
        place = next(place for place, length in enumerate(lengths) if length != n)
        raise RequestError(
            f"columns differ in length: '{payload.names[0]}' has {_counted(n)},"
            f" '{payload.names[place]}' has {_counted(lengths[place])}"
        )
    _check_count(n, max_rows)
    return n


def _check_count(n: int, max_rows: int) -> None:
    if n == 0:
        raise RequestError("the request has no rows")
    if n > max_rows:
        raise RequestError(
            f"the request has {n:,} rows; at most {max_rows:,} are taken", hint="send smaller batches"
        )


def _length(name: str, values: object) -> int:
    if isinstance(values, str | bytes) or not isinstance(values, Sized):
        raise RequestError(f"column '{name}' is not a list of values")
    return len(values)


def _check_names(names: Sequence[str], accepts: Accepts) -> None:
    known = accepts.known
    unknown = [name for name in names if name not in known]
    given = set(names)
    missing = [name for name in accepts.signature.feature_names if name not in given]
    if len(given) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise RequestError(f"column '{twice}' is given twice")
    if unknown:
        raise RequestError(f"unknown column '{unknown[0]}'", hint=did_you_mean(unknown[0], missing or known))
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise RequestError(f"column '{missing[0]}'{others} is missing", hint=f"it takes: {_listed(accepts)}")


def _listed(accepts: Accepts) -> str:
    return ", ".join(accepts.signature.feature_names)


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def of_mapping(columns: Mapping[str, Any]) -> Columns:
    """Columns that are a mapping already, as callers within Python have them."""
    return Columns(tuple(columns), tuple(columns.values()))
