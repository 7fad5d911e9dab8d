"""LitServe with batching: at most 64 requests, at most 5 ms. Arguments: port, model."""

import sys
from typing import Any

import joblib
import litserve
import numpy as np

PORT, FILE = sys.argv[1:3]


class Forest(litserve.LitAPI):
    """Loads with joblib, predicts a batch at a time."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's
        """In the worker process."""
        self._model = joblib.load(FILE)

    def decode_request(self, request: dict[str, Any]) -> Any:
        """The row."""
        return np.array(request["input"])

    def batch(self, inputs: list[Any]) -> Any:
        """Rows to a matrix."""
        return np.stack(inputs)

    def predict(self, x: Any) -> Any:
        """One number a row."""
        return self._model.predict(x)

    def unbatch(self, output: Any) -> list[float]:
        """One number a request."""
        return list(output.tolist())

    def encode_response(self, output: float) -> dict[str, float]:
        """The answer."""
        return {"output": output}


if __name__ == "__main__":
    server = litserve.LitServer(Forest(max_batch_size=64, batch_timeout=0.005), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(PORT), generate_client_file=False, log_level="warning")
