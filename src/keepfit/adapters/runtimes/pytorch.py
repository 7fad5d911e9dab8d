"""PyTorch modules, which MLflow stores so that loading can run code: only when the server's owner allowed it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.errors import ArtifactError
from keepfit.registry.output import Vector, one_a_row
from keepfit.registry.signature import Signature


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """The module, on the processor and ready to predict. Raises ArtifactError."""
    folder.require_pickle("is a PyTorch module")
    import torch

    data = str(described.get("model_data", "data"))
    exported = (folder.path / data / "model.pt2").is_file()
    file = folder.file(f"{data}/model.{'pt2' if exported else 'pth'}")
    try:
        if exported:
            module: Any = torch.export.load(file).module()
        else:
            module = torch.load(file, map_location="cpu", weights_only=False).eval()
    except Exception as error:
        raise ArtifactError(f"the model in {folder.path} cannot be loaded: {error}") from error
    return module


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:  # noqa: ARG001 - as every library's
    """The module on the matrix in 32 bits, as MLflow gives it, on one thread and without gradients."""
    import torch

    torch.set_num_threads(1)

    def predict(matrix: Matrix) -> Vector:
        with torch.inference_mode():
            found = model(torch.from_numpy(matrix.astype(np.float32)))
        return one_a_row(found.numpy(), signature)

    return Runtime("PyTorch", predict)
