"""KServe's Python server: its ModelServer with a Model as its sklearnserver has one. Arguments: port, model."""

import sys
from typing import Any

import joblib
from kserve import InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import get_predict_input, get_predict_response

PORT, FILE = sys.argv[1:3]


class Forest(Model):
    """Loads with joblib, predicts on what KServe makes of the request."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._model: Any = None

    def load(self) -> bool:
        """From the file."""
        self._model = joblib.load(FILE)
        self.ready = True
        return self.ready

    def predict(
        self,
        payload: dict[str, Any] | InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - KServe's
        response_headers: dict[str, str] | None = None,  # noqa: ARG002 - KServe's
    ) -> dict[str, Any] | InferResponse:
        """As in kserve/python/sklearnserver."""
        return get_predict_response(payload, self._model.predict(get_predict_input(payload)), self.name)


if __name__ == "__main__":
    model = Forest("hgb")
    model.load()
    ModelServer(http_port=int(PORT), enable_grpc=False, access_log_format=None).start([model])
