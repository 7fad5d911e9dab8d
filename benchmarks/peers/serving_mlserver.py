"""MLServer with its scikit-learn runtime and adaptive batching. Arguments: port, model, worker processes, folder.

With one worker process, its default, requests are sent to it through a queue; with none the model is called in the server.
"""

import json
import os
import sys
from pathlib import Path

PORT, FILE, WORKERS, FOLDER = sys.argv[1:5]

if __name__ == "__main__":
    folder = Path(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "host": "127.0.0.1",
        "http_port": int(PORT),
        "grpc_port": int(PORT) + 1,
        "metrics_port": int(PORT) + 2,
        "parallel_workers": int(WORKERS),
        "debug": False,
    }
    model = {
        "name": "hgb",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": FILE},
        "max_batch_size": 64,
        "max_batch_time": 0.005,
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
    command = [sys.executable, str(Path(sys.executable).with_name("mlserver")), "start", str(folder)]
    os.execv(sys.executable, command)  # noqa: S606 - becomes it
