"""Does a PyTorch module predict here what it predicts by MLflow? In both formats that MLflow stores it in.

uv run --with torch python scripts/check_pytorch.py

A check by hand and no test: on Linux PyTorch comes with five gigabytes of CUDA, which is too much for every run of the tests.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import mlflow
import numpy as np
import torch
from mlflow.models import infer_signature
from numpy.typing import NDArray

from keepfit.adapters.runtimes.choice import load_runtime
from keepfit.errors import ArtifactError
from keepfit.registry.signature import Feature, Kind, Signature

FEATURES, ROWS = 6, 500


def main() -> int:
    """Print a line for each format; 1 when one of them differs."""
    torch.manual_seed(0)
    rows = np.random.default_rng(0).normal(size=(ROWS, FEATURES))
    module = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)
    ).eval()
    signature = Signature(
        features=tuple(Feature(f"x{i}", Kind.NUMBER) for i in range(FEATURES)),
        id="id",
        time="at",
        context=(),
        output="y",
    )
    formats: tuple[Literal["pickle", "pt2"], ...] = ("pickle", "pt2")
    same = [_checked(module, form, signature, rows) for form in formats]
    return 0 if all(same) else 1


def _checked(
    module: torch.nn.Module,
    form: Literal["pickle", "pt2"],
    signature: Signature,
    rows: NDArray[np.float64],
) -> bool:
    given = rows.astype(np.float32)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        mlflow.pytorch.save_model(
            module,
            path,
            signature=infer_signature(given, module(torch.from_numpy(given)).detach().numpy()),
            input_example=given[:2] if form == "pt2" else None,
            serialization_format=form,
            pip_requirements=["torch"],
        )
        try:
            load_runtime(path, signature)
        except ArtifactError as error:
            print(f"{form}: refused unless pickles are allowed: {error}")
        found = load_runtime(path, signature, allow_pickle=True)
        expected = mlflow.pyfunc.load_model(str(path)).predict(given).ravel()
        whole = float(np.abs(found(rows) - expected).max())
        single = max(float(abs(found(rows[[i]])[0] - expected[i])) for i in range(20))
        print(
            f"{form}: {found.name}: largest difference {whole:.3g} in {ROWS} rows at once, {single:.3g} in one row"
        )
        return whole == 0 and single < 1e-6


if __name__ == "__main__":
    sys.exit(main())
