"""The bodies of MLflow's scoring server: `POST /invocations`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from keepfit.errors import RequestError
from keepfit.serving.dataplane import InferenceResult
from keepfit.serving.request import Accepts
from keepfit.serving.table_csv import read_csv

#: Exactly one of these is in a JSON body.
FORMATS: Final = ("dataframe_split", "dataframe_records", "instances", "inputs")

Columns = Mapping[str, Sequence[Any]]
Reader = Callable[[Accepts], Columns]


def decode(body: bytes, *, csv: bool = False) -> Reader:
    """A reader of the body's columns, given what the model takes.

    `params` is accepted and has no effect, as with a model that declares none.

    Raises:
        RequestError: the body is not JSON, or does not hold exactly one of the formats.
    """
    if csv:
        return lambda accepts: read_csv(body, accepts)
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the request cannot be read: {error}") from None
    given = [name for name in FORMATS if name in read] if isinstance(read, dict) else []
    if len(given) != 1:
        found = f"it has {' and '.join(given)}" if given else "it has none"
        raise RequestError(f"the body must hold exactly one of {', '.join(FORMATS)}; {found}")
    unknown = sorted(set(read) - {given[0], "params"})
    if unknown:
        raise RequestError(f"unknown key '{unknown[0]}' beside '{given[0]}'")
    value, parse = read[given[0]], _PARSERS[given[0]]
    return lambda accepts: parse(value, accepts)


def encode(result: InferenceResult) -> bytes:
    """The reply: the predictions, one a row."""
    return orjson.dumps({"predictions": result.predictions})


def _split(value: Any, _accepts: Accepts) -> Columns:
    if not isinstance(value, dict) or not _is_list_of(value.get("data"), list):
        raise RequestError('\'dataframe_split\' is not {"columns": […], "data": [[…], …]}')
    names = value.get("columns")
    if names is None or not _is_list_of(names, str):
        raise RequestError("'dataframe_split' names no columns")
    return _by_column(list(names), value["data"], "dataframe_split")


def _records(value: Any, _accepts: Accepts) -> Columns:
    if not _is_list_of(value, dict):
        raise RequestError("'dataframe_records' is not a list of objects")
    return _of_objects(value)


def _instances(value: Any, accepts: Accepts) -> Columns:
    """A list of objects, or of lists of all features in order."""
    if _is_list_of(value, dict):
        return _of_objects(value)
    if _is_list_of(value, list):
        return _by_column(list(accepts.signature.feature_names), value, "instances")
    raise RequestError("'instances' is not a list of objects, nor a list of lists of the features in order")


def _inputs(value: Any, accepts: Accepts) -> Columns:
    """An object of columns, or what `instances` takes."""
    if isinstance(value, dict):
        return {name: _column(column) for name, column in value.items()}
    return _instances(value, accepts)


_PARSERS: Final[dict[str, Callable[[Any, Accepts], Columns]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}


def _column(values: Any) -> Any:
    """A column as it is, or one that was written as a tensor of shape [n, 1]."""
    if isinstance(values, list) and values and all(isinstance(one, list) and len(one) == 1 for one in values):
        return [one[0] for one in values]
    return values


def _of_objects(rows: list[dict[str, Any]]) -> Columns:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _by_column(names: list[str], rows: list[list[Any]], where: str) -> Columns:
    if len(set(names)) < len(names):
        raise RequestError(f"'{where}' names a column twice")
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise RequestError(f"'{where}', row {number}: {len(row)} values for {len(names)} columns")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)
