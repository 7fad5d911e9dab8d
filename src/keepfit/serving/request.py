"""A batch of rows to predict, checked against the signature of the version that will answer."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from keepfit.clock import EPOCH, utc
from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.predictions.capture_codec import Cell
from keepfit.registry.signature import Feature, Signature
from keepfit.serving.columns import check_context, check_feature, check_ids, check_times, kind_of

#: Rows of one request, unless told otherwise.
MAX_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRequest:
    """A checked batch.

    Attributes:
        request_id: names the request.
        columns: the features, one value a row: numbers, whole numbers or text as `kinds` says, null where missing.
        kinds: for each feature how it is recorded.
        context: the further columns, as text.
        ids: the prediction ids.
        event_times: microseconds since 1970-01-01 UTC.
        received_at: likewise, for all rows.
        n: how many rows.
    """

    request_id: str
    columns: Mapping[str, list[Cell]]
    kinds: Mapping[str, str]
    context: Mapping[str, list[str | None]]
    ids: list[str]
    event_times: list[int]
    received_at: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts:
    """The columns that a request may have.

    Attributes:
        signature: of the champion: all of its features are required.
        optional: features that only a candidate takes, by name.
        known: every column that is accepted.
    """

    signature: Signature
    optional: Mapping[str, Feature] = field(default_factory=dict)

    @property
    def known(self) -> frozenset[str]:
        """Every column that is accepted."""
        own = self.signature
        return frozenset((*own.feature_names, *self.optional, *own.context, own.id, own.time))


def read_request(
    columns: Mapping[str, Sequence[Any]],
    accepts: Accepts,
    *,
    request_id: str,
    received_at: datetime,
    max_rows: int = MAX_ROWS,
) -> InferenceRequest:
    """Check the columns of a request.

    The features are required; the id, the time and the context are not. Without an id column one row
    is named by the request, and several are `request_id:row`; without a time column the event is now.

    Args:
        columns: values by column, each with one value a row.
        accepts: what the model takes.
        request_id: names the request.
        received_at: when it came.
        max_rows: more rows than this are refused.

    Raises:
        RequestError: naming the column and the row that is wrong.
    """
    n = _rows(columns, max_rows)
    _check_names(columns, accepts)
    signature = accepts.signature
    features = {
        one.name: one for one in (*accepts.optional.values(), *signature.features) if one.name in columns
    }
    now = microseconds(received_at)
    return InferenceRequest(
        request_id=request_id,
        columns={name: check_feature(feature, columns[name]) for name, feature in features.items()},
        kinds={name: kind_of(feature) for name, feature in features.items()},
        context={
            name: check_context(name, columns[name])
            for name in signature.context
            if name in columns and name not in features
        },
        ids=check_ids(signature.id, columns[signature.id])
        if signature.id in columns
        else _ids(request_id, n),
        event_times=check_times(signature.time, columns[signature.time])
        if signature.time in columns
        else [now] * n,
        received_at=now,
        n=n,
    )


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC.

    >>> microseconds(datetime(1970, 1, 2))
    86400000000
    """
    return (utc(moment) - EPOCH) // timedelta(microseconds=1)


def _ids(request_id: str, n: int) -> list[str]:
    return [request_id] if n == 1 else [f"{request_id}:{row}" for row in range(n)]


def _rows(columns: Mapping[str, Sequence[Any]], max_rows: int) -> int:
    lengths = {name: len(values) for name, values in columns.items() if _is_column(name, values)}
    if not lengths or max(lengths.values()) == 0:
        raise RequestError("the request has no rows")
    first, n = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length != n:
            raise RequestError(
                f"columns differ in length: '{first}' has {_counted(n)}, '{name}' has {_counted(length)}"
            )
    if n > max_rows:
        raise RequestError(
            f"the request has {n:,} rows; at most {max_rows:,} are taken", hint="send smaller batches"
        )
    return n


def _is_column(name: str, values: object) -> bool:
    if isinstance(values, str | bytes) or not isinstance(values, Sized):
        raise RequestError(f"column '{name}' is not a list of values")
    return True


def _check_names(columns: Mapping[str, Sequence[Any]], accepts: Accepts) -> None:
    known = accepts.known
    unknown = [name for name in columns if name not in known]
    missing = [name for name in accepts.signature.feature_names if name not in columns]
    if unknown:
        raise RequestError(f"unknown column '{unknown[0]}'", hint=did_you_mean(unknown[0], missing or known))
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise RequestError(f"column '{missing[0]}'{others} is missing", hint=f"it takes: {_listed(accepts)}")


def _listed(accepts: Accepts) -> str:
    return ", ".join(accepts.signature.feature_names)


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"
