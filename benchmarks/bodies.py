"""The same rows in the words of each protocol, and the number in each answer."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from forests import FEATURES, Floats
from load.closed_loop import Request
from load.wire import Reply, encode

Make = Callable[[Floats], bytes]
Read = Callable[[Any], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a server is asked.

    Attributes:
        path: where.
        make: a request's body from rows (n, 30).
        read: the predictions in a decoded reply.
    """

    path: str
    make: Make
    read: Read

    def requests(self, rows: Floats) -> list[Request]:
        """One a row."""
        return [
            Request(encode("POST", self.path, self.make(rows[place : place + 1])), place)
            for place in range(len(rows))
        ]

    def check(self, expected: Floats) -> Callable[[int, Reply], bool]:
        """Whether the answer to a row is the model's own, but for rounding."""

        def right(key: int, reply: Reply) -> bool:
            found = self.read(orjson.loads(reply.body))
            return len(found) == 1 and abs(found[0] - expected[key]) <= 1e-6 * max(1.0, abs(expected[key]))

        return right


def tensor(rows: Floats) -> bytes:
    """Open Inference Protocol: one tensor of all features."""
    one = {"name": "input-0", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}
    return orjson.dumps({"inputs": [one]})


def columns(rows: Floats, ids: Sequence[str] = ()) -> bytes:
    """Open Inference Protocol: one tensor a feature, and one of prediction ids where there are any."""
    n = len(rows)
    inputs: list[dict[str, Any]] = [
        {"name": name, "shape": [n], "datatype": "FP64", "data": rows[:, place].tolist()}
        for place, name in enumerate(FEATURES)
    ]
    if ids:
        inputs.append({"name": "row_id", "shape": [n], "datatype": "BYTES", "data": list(ids)})
    return orjson.dumps({"inputs": inputs})


def binary(rows: Floats, name: str = "input-0") -> tuple[bytes, int]:
    """Open Inference Protocol with the binary extension: the body, and the length of its JSON."""
    raw = rows.astype("<f8").tobytes()
    one = {
        "name": name,
        "shape": list(rows.shape),
        "datatype": "FP64",
        "parameters": {"binary_data_size": len(raw)},
    }
    head = orjson.dumps({"inputs": [one]})
    return head + raw, len(head)


def binary_request(path: str, rows: Floats) -> bytes:
    """A whole request with a binary tensor, as tritonclient sends it."""
    body, length = binary(rows)
    return encode(
        "POST",
        path,
        body,
        media_type="application/octet-stream",
        headers={"inference-header-content-length": str(length)},
    )


def instances(rows: Floats) -> bytes:
    """KServe v1, and one of MLflow's."""
    return orjson.dumps({"instances": rows.tolist()})


def mlflow_inputs(rows: Floats) -> bytes:
    """MLflow's form of a tensor, which costs its server least."""
    return orjson.dumps({"inputs": rows.tolist()})


def records(rows: Floats, ids: Sequence[str] = ()) -> bytes:
    """MLflow's `dataframe_records`."""
    named = [dict(zip(FEATURES, row, strict=True)) for row in rows.tolist()]
    for one, identifier in zip(named, ids, strict=bool(ids)):
        one["row_id"] = identifier
    return orjson.dumps({"dataframe_records": named})


def labels(ids: Sequence[str], values: Sequence[float]) -> bytes:
    """Keepfit's labels."""
    pairs = zip(ids, values, strict=True)
    return orjson.dumps({"labels": [{"id": name, "value": value} for name, value in pairs]})


def binary_ids(raw: bytes) -> list[str]:
    r"""Strings of the binary extension: each behind its length in four bytes.

    >>> binary_ids(b"\x02\x00\x00\x00ab\x01\x00\x00\x00c")
    ['ab', 'c']
    """
    found, place = [], 0
    while place < len(raw):
        (size,) = struct.unpack_from("<I", raw, place)
        found.append(raw[place + 4 : place + 4 + size].decode())
        place += 4 + size
    return found


def oip(model: str, make: Make = tensor) -> Form:
    """The Open Inference Protocol of any server."""
    return Form(path=f"/v2/models/{model}/infer", make=make, read=lambda reply: reply["outputs"][0]["data"])


MLFLOW: Final = Form(path="/invocations", make=mlflow_inputs, read=lambda reply: reply["predictions"])
FASTAPI: Final = Form(
    path="/predict",
    make=lambda rows: orjson.dumps(dict(zip(FEATURES, rows[0].tolist(), strict=True))),
    read=lambda reply: [reply["prediction"]],
)
LITSERVE: Final = Form(
    path="/predict",
    make=lambda rows: orjson.dumps({"input": rows[0].tolist()}),
    read=lambda reply: [reply["output"]],
)
