"""The bodies of a SageMaker container: `POST /invocations`, which MLflow's scoring server has too."""

from typing import Final

from keepfit.serving import mlflow
from keepfit.serving.mlflow import CSV, JSON, TableRequest
from keepfit.serving.preferences import weights
from keepfit.serving.request import MAX_ROWS
from keepfit.serving.result import InferenceResult
from keepfit.serving.table_csv import read_csv
from keepfit.serving.table_npy import read_npy

NPY: Final = "application/x-npy"
#: What is read here: all that MLflow's server reads, and NumPy arrays.
MEDIA_TYPES: Final = (*mlflow.MEDIA_TYPES, NPY)


def decode(body: bytes, media_type: str = JSON, *, max_rows: int = MAX_ROWS) -> TableRequest:
    """Read a body of `/invocations`, SageMaker's or MLflow's.

    SageMaker's CSV has no header: each line holds all features in order, without the label. MLflow's has one. The
    first line decides: it is a header when its fields are names of columns (more than half of them, so that a
    mistyped one is named); see `keepfit.serving.table_csv.read_csv`. Everything else is read as MLflow's.

    Args:
        body: as it came.
        media_type: one of `MEDIA_TYPES`.
        max_rows: a Parquet file with more rows is not unpacked.

    Raises:
        RequestError: the body is not what the media type says.
    """
    if media_type == CSV:
        return TableRequest(lambda accepts: read_csv(body, accepts, header=None))
    if media_type == NPY:
        return TableRequest(lambda accepts: read_npy(body, accepts))
    return mlflow.decode(body, media_type, max_rows=max_rows)


def encode(result: InferenceResult, accept: str | None = None) -> tuple[bytes, str]:
    """The reply and its media type: a prediction a line where CSV is wanted, else `{"predictions": […]}`.

    Args:
        result: the answer.
        accept: the request's header `Accept`; None when there is none.
    """
    if accept is not None and wants_csv(accept):
        return "".join(f"{value!r}\n" for value in result.predictions.tolist()).encode(), CSV
    return mlflow.encode(result), JSON


def wants_csv(accept: str) -> bool:
    """Whether a header `Accept` asks for CSV before JSON.

    >>> wants_csv("text/csv"), wants_csv("*/*"), wants_csv("application/json, text/csv;q=0.5")
    (True, False, False)
    """
    wanted = weights(accept)
    return wanted.get(CSV, 0.0) > wanted.get(JSON, 0.0)
