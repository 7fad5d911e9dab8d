"""KServe's first protocol: `POST /v1/models/{model}:predict` and what it says of models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from keepfit.errors import RequestError
from keepfit.serving import table_rows
from keepfit.serving.feature_names import names_of
from keepfit.serving.json_body import parse
from keepfit.serving.payload import Payload
from keepfit.serving.request import Accepts
from keepfit.serving.result import InferenceResult


@dataclass(frozen=True, slots=True)
class InstancesRequest:
    """A decoded request: `{"instances": […]}`."""

    instances: Any

    def payload(self, accepts: Accepts) -> Payload:
        """Its rows: objects by column, lists of all features in order, or values where the model has one feature.

        Raises:
            RequestError: they are none of these.
        """
        return from_instances(self.instances, accepts, "instances")


def decode(body: bytes) -> InstancesRequest:
    """Read the body of a predict request; keys beside `instances` are read over, as KServe does.

    Raises:
        RequestError: it is no JSON object, or has no instances.
    """
    read = parse(body)
    if not isinstance(read, dict) or "instances" not in read:
        raise RequestError('the body is not {"instances": […]}')
    return InstancesRequest(read["instances"])


def encode(result: InferenceResult) -> bytes:
    """The reply: the predictions, one a row."""
    return orjson.dumps({"predictions": result.predictions.tolist()})


def from_instances(value: Any, accepts: Accepts, where: str) -> Payload:
    """Rows as MLflow and KServe both take them.

    Args:
        value: the JSON value.
        accepts: what the model takes.
        where: the key that holds it.

    Raises:
        RequestError: it is no list of objects, of lists of the features in order, or of the only feature's values.
    """
    if isinstance(value, list):
        kinds = set(map(type, value))
        if kinds <= {dict}:
            return table_rows.from_objects(value)
        if kinds == {list}:
            return table_rows.from_lists(None, value, accepts, f"'{where}'")
        names = names_of(accepts.signature).names
        if len(names) == 1 and kinds.isdisjoint({dict, list}):
            return table_rows.from_columns({names[0]: value})
    raise RequestError(f"'{where}' is not a list of objects, nor a list of lists of the features in order")


def alive() -> bytes:
    """The body of `GET /`, which KServe's client takes for the server's liveness."""
    return b'{"status":"alive"}'


def models(names: Sequence[str]) -> bytes:
    """The body of `GET /v1/models`.

    >>> models(["taxi"])
    b'{"models":["taxi"]}'
    """
    return orjson.dumps({"models": list(names)})


def model(name: str, *, ready: bool) -> bytes:
    """The body of `GET /v1/models/{name}`; its status is 503 while the model is not ready.

    >>> model("taxi", ready=True)
    b'{"name":"taxi","ready":true}'
    """
    return orjson.dumps({"name": name, "ready": ready})
