"""What tritonclient is asked over HTTP and over gRPC alike."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from asked import MODEL, Task, arrays, text
from tritonclient.utils import InferenceServerException, np_to_triton_dtype


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The questions in the words of one of the two clients.

    Attributes:
        library: `tritonclient.http` or `tritonclient.grpc`.
        client: of that.
        task: what to ask.
        told: from a result to the reply as a dict.
        is_binary: whether a tensor of that dict came as raw bytes.
    """

    library: ModuleType
    client: Any
    task: Task
    told: Callable[[Any], dict[str, Any]]
    is_binary: Callable[[dict[str, Any]], bool]

    def inputs(self, columns, *, upright=False, sent=None, **dtypes):
        """A tensor a column, of shape [n], or [n, 1] when upright; `sent` says how."""
        tensors = []
        for name, values in arrays(columns, **dtypes).items():
            array = values.reshape(-1, 1) if upright else values
            tensors.append(self.library.InferInput(name, array.shape, np_to_triton_dtype(array.dtype)))
            tensors[-1].set_data_from_numpy(array, **(sent or {}))
        return tensors

    def outputs(self, *names, **how):
        """What is asked for."""
        return [self.library.InferRequestedOutput(name, **how) for name in names]

    def answer(self, result):
        """What the client reads of a reply."""
        told = self.told(result)
        rides, ids = result.as_numpy("rides"), result.as_numpy("prediction_id")
        return {
            "model": told["model_name"],
            "version": told["model_version"],
            "id": told["id"],
            "outputs": [one["name"] for one in told["outputs"]],
            "binary": [self.is_binary(one) for one in told["outputs"]],
            "rides": None if rides is None else rides.tolist(),
            "ids": None if ids is None else [text(one) for one in ids],
        }

    def infer(self, tensors=None, model=MODEL, **how):
        """Ask; the few rows unless told otherwise."""
        return self.answer(self.client.infer(model, tensors or self.inputs(self.task.few), **how))

    def shapes(self):
        """Tensors that numpy holds in other ways."""
        few = self.task.few
        return {
            "columns of one": self.infer(self.inputs(few, upright=True)),
            "narrow numbers": self.infer(
                self.inputs(few, hour=np.int8, weekday=np.uint16, degrees=np.float32)
            ),
            "bytes of fixed length": self.infer(self.inputs(few, station=np.bytes_)),
        }

    def requested(self):
        """Some of the outputs, in other orders."""
        return {
            "rides": self.infer(outputs=self.outputs("rides")),
            "ids": self.infer(outputs=self.outputs("prediction_id")),
            "reversed": self.infer(outputs=self.outputs("prediction_id", "rides")),
        }

    def errors(self):
        """What is wrong with either protocol."""
        few, wrong = self.task.few, self.inputs(self.task.few)
        wrong[1].set_shape([3])
        others = {name: values for name, values in few.items() if name != "degrees"}
        named = self.inputs({**others, "degree": few["hour"]}, degree=np.float64)
        return {
            "column": refused(self.infer, named),
            "left out": refused(self.infer, self.inputs(others)),
            "shape": refused(self.infer, wrong),
            "output": refused(self.infer, outputs=self.outputs("ride")),
            "version": refused(self.infer, model_version="9"),
            "model": refused(self.infer, model="bike"),
        }


def refused(call, *arguments, **how):
    """What the client raises."""
    try:
        return {"was answered": str(call(*arguments, **how))}
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}
