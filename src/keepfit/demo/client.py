"""A caller of the server, as a service of the user's would be: plain HTTP, nothing of keepfit's own."""

import http.client
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import polars as pl

from keepfit.errors import ServerError
from keepfit.release.routing import Route

BATCH_ROWS = 100
_TIMEOUT_S = 60.0


class Caller:
    """Asks for predictions and posts labels over one kept-alive connection.

    Args:
        address: of the server: `http://127.0.0.1:8080`.
        model: who is asked.
    """

    def __init__(self, address: str, model: str) -> None:
        self._netloc = urlsplit(address).netloc
        self._model = model
        self._connection = http.client.HTTPConnection(self._netloc, timeout=_TIMEOUT_S)
        self.asked = 0

    def predict(self, rows: pl.DataFrame) -> None:
        """Ask for a prediction of each row, in batches, by the Open Inference Protocol."""
        for batch in rows.iter_slices(BATCH_ROWS):
            inputs = [_tensor(batch[name]) for name in batch.columns]
            self._call("POST", f"/v2/models/{self._model}/infer", {"inputs": inputs})
            self.asked += batch.height

    def label(self, ids: Sequence[Any], values: Sequence[float], times: Sequence[datetime]) -> None:
        """Post the labels of predictions, by their ids."""
        if not ids:
            return
        body = {
            "ids": [str(one) for one in ids],
            "values": list(values),
            "times": [one.isoformat() for one in times],
        }
        self._call("POST", f"/v2/models/{self._model}/labels", body)

    def wait_for(self, route: Route, timeout_s: float = 60.0) -> None:
        """Wait until the server follows this generation of the model's route.

        Raises:
            ServerError: it does not in time.
        """
        deadline = time.monotonic() + timeout_s
        said = ""
        while time.monotonic() < deadline:
            try:
                _, headers = self._call("GET", f"/v2/models/{self._model}", None)
                if int(headers["x-keepfit-generation"]) >= route.generation:
                    return
            except ServerError as error:  # the model is not served yet
                said = f": {error}"
            time.sleep(0.05)
        versions = ", ".join(str(number) for number in route.versions)
        raise ServerError(f"the server did not take up version {versions} of '{self._model}'{said}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _call(self, method: str, path: str, body: object) -> tuple[Any, http.client.HTTPMessage]:
        payload = None if body is None else orjson.dumps(body)
        try:
            self._connection.request(method, path, payload, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ServerError(f"the server at {self._netloc} does not answer: {error}") from error
        answer = orjson.loads(content)
        if response.status != http.client.OK:
            raise ServerError(
                f"{method} {path} was answered with {response.status}: {answer.get('error', answer)}"
            )
        return answer, response.headers


def _tensor(column: pl.Series) -> dict[str, Any]:
    """One column as one tensor of the Open Inference Protocol."""
    if column.dtype.is_integer():
        return {"name": column.name, "datatype": "INT64", "shape": [column.len()], "data": column.to_list()}
    if column.dtype.is_float():
        return {"name": column.name, "datatype": "FP64", "shape": [column.len()], "data": column.to_list()}
    texts = column.dt.to_string("iso:strict") if column.dtype.is_temporal() else column.cast(pl.String)
    return {"name": column.name, "datatype": "BYTES", "shape": [column.len()], "data": texts.to_list()}
