"""The bodies of MLflow's scoring server: `POST /invocations`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from keepfit.errors import RequestError
from keepfit.serving import kserve_v1, table_rows
from keepfit.serving.json_body import parse
from keepfit.serving.payload import Payload
from keepfit.serving.request import MAX_ROWS, Accepts
from keepfit.serving.result import InferenceResult
from keepfit.serving.table_csv import read_csv
from keepfit.serving.table_parquet import read_parquet

#: Exactly one of these is in a JSON body.
FORMATS: Final = ("dataframe_split", "dataframe_records", "instances", "inputs")
JSON: Final = "application/json"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
#: What is read here.
MEDIA_TYPES: Final = (JSON, CSV, PARQUET)


@dataclass(frozen=True, slots=True)
class TableRequest:
    """A body that is read once it is known what the model takes."""

    _read: Callable[[Accepts], Payload]

    def payload(self, accepts: Accepts) -> Payload:
        """Its rows.

        Raises:
            RequestError: saying where the body is wrong.
        """
        return self._read(accepts)


def decode(body: bytes, media_type: str = JSON, *, max_rows: int = MAX_ROWS) -> TableRequest:
    """Read a body.

    `params` is accepted and has no effect, as with a model that declares none.

    Args:
        body: JSON, CSV with a header line, or Parquet; text in UTF-8.
        media_type: one of `MEDIA_TYPES`.
        max_rows: a Parquet file with more rows is not unpacked.

    Raises:
        RequestError: the body is not JSON, or does not hold exactly one of the formats.
    """
    if media_type == CSV:
        return TableRequest(lambda accepts: read_csv(body, accepts))
    if media_type == PARQUET:
        return TableRequest(lambda accepts: read_parquet(body, accepts, max_rows=max_rows))
    read = parse(body)
    given = [name for name in FORMATS if name in read] if isinstance(read, dict) else []
    if len(given) != 1:
        found = f"it has {' and '.join(given)}" if given else "it has none"
        raise RequestError(f"the body must hold exactly one of {', '.join(FORMATS)}; {found}")
    unknown = sorted(set(read) - {given[0], "params"})
    if unknown:
        raise RequestError(f"unknown key '{unknown[0]}' beside '{given[0]}'")
    value, reader = read[given[0]], _READERS[given[0]]
    return TableRequest(lambda accepts: reader(value, accepts))


def encode(result: InferenceResult) -> bytes:
    """The reply: the predictions, one a row."""
    return kserve_v1.encode(result)


def _split(value: Any, accepts: Accepts) -> Payload:
    if not isinstance(value, dict) or not _is_list_of(value.get("data"), list):
        raise RequestError('\'dataframe_split\' is not {"columns": […], "data": [[…], …]}')
    unknown = sorted(set(value) - {"columns", "index", "data"})
    if unknown:
        raise RequestError(f"unknown key '{unknown[0]}' in 'dataframe_split'")
    names = value.get("columns")
    # Frames that were made of arrays number their columns: they name none.
    if isinstance(names, list) and names == list(range(len(names))):
        names = None
    if names is not None and not _is_list_of(names, str):
        raise RequestError("the columns of 'dataframe_split' are not a list of names")
    return table_rows.from_lists(names, value["data"], accepts, "'dataframe_split'")


def _records(value: Any, _accepts: Accepts) -> Payload:
    if not _is_list_of(value, dict):
        raise RequestError("'dataframe_records' is not a list of objects")
    return table_rows.from_objects(value)


def _instances(value: Any, accepts: Accepts) -> Payload:
    return kserve_v1.from_instances(value, accepts, "instances")


def _inputs(value: Any, accepts: Accepts) -> Payload:
    """An object of columns, or what `instances` takes."""
    if isinstance(value, dict):
        return table_rows.from_columns(value)
    return kserve_v1.from_instances(value, accepts, "inputs")


_READERS: Final[dict[str, Callable[[Any, Accepts], Payload]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)
