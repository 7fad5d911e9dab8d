"""`mlflow models serve --env-manager local`. Arguments: port, model, folder for MLflow's copy of the model."""

import os
import sys
from pathlib import Path

PORT, FILE, FOLDER = sys.argv[1:4]

if __name__ == "__main__":
    folder = Path(FOLDER) / "model"
    if not folder.exists():
        import joblib
        import mlflow.sklearn

        mlflow.sklearn.save_model(
            joblib.load(FILE), folder, serialization_format="cloudpickle", pip_requirements=[]
        )
    serve = ["models", "serve", "-m", str(folder), "-h", "127.0.0.1", "-p", PORT, "--env-manager", "local"]
    here = Path(sys.executable).parent
    os.environ["PATH"] = f"{here}{os.pathsep}{os.environ['PATH']}"
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "true"
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *serve])  # noqa: S606
