"""A model that is served from its folder, set up by variables of the environment alone, as a container is."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest
import urllib3

from keepfit.adapters.artifact_signature import write_signature
from keepfit.registry.signature import Feature, Kind, Signature

PATIENCE_S = 60.0
MLMODEL = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n"
SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="trip", time="at", context=(), output="minutes"
)


@pytest.fixture
def folder(tmp_path):
    """A model that gives its first feature back; a pickle, which the defaults refuse."""
    made = tmp_path / "eta"
    made.mkdir()
    (made / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    (made / "model.pkl").write_bytes(pickle.dumps(types.SimpleNamespace(predict=np.ravel)))
    write_signature(made, SIGNATURE)
    return made


def command(folder, **variables):
    """What starts its server."""
    named = {f"KEEPFIT_SERVING_{name.upper()}": text for name, text in variables.items()}
    return {
        "args": [sys.executable, "-m", "keepfit", "serve", "--artifact", str(folder)],
        "env": {**os.environ, "KEEPFIT_SPOOL": str(folder.parent / "spool"), **named},
        "cwd": folder.parent,
    }


@pytest.fixture
def served(folder):
    """Starts it; where it serves."""
    running = []

    def start(**variables):
        log = folder.parent / "log.txt"
        with log.open("wb") as out:
            running.append(subprocess.Popen(**command(folder, port="0", **variables), stdout=out, stderr=out))
        until = time.monotonic() + PATIENCE_S
        while "serving on" not in log.read_text():
            assert time.monotonic() < until, log.read_text()
            assert running[0].poll() is None, log.read_text()
            time.sleep(0.05)
        return re.search(r"serving on (\S+)", log.read_text())[1]

    yield start
    for one in running:
        one.send_signal(signal.SIGTERM)
        assert one.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_folder_is_served_by_the_settings_of_the_environment(served, workers):
    """Every process has them: what may be loaded, and how much is taken on."""
    limits = {"request_rows": "2", "body_limit": "1 KB"}
    address = served(allow_pickle="true", workers=workers, **limits)

    def ask(rows, padding=0):
        body = {"dataframe_split": {"columns": ["miles"], "data": [[1.5]] * rows}}
        reply = urllib3.request(
            "POST",
            f"{address}/invocations",
            json={**body, "params": {"padding": "x" * padding}},
            headers={"connection": "close"},
        )
        return reply.status, reply.json()

    assert [ask(2) for _ in range(8)] == [(200, {"predictions": [1.5, 1.5]})] * 8
    for _ in range(8):
        status, said = ask(3)
        assert (status, "at most 2 are taken" in said["error"]) == (400, True)
        status, said = ask(1, padding=1_000)
        assert (status, "longer than 1,000 bytes" in said["error"]) == (413, True)


def test_a_queue_and_a_deadline_of_its_own(served):
    """A request that waits longer than the setting says is given up."""
    address = served(allow_pickle="true", timeout="0.000001s", queue_rows="1", batch_rows="1")
    reply = urllib3.request("POST", f"{address}/invocations", json={"instances": [[1.5]]})
    assert reply.status == 504


@pytest.mark.parametrize(
    ("variables", "said", "hint"),
    [
        ({"worker": "2"}, "no setting for the variable KEEPFIT_SERVING_WORKER", "KEEPFIT_SERVING_WORKERS"),
        ({"queue_rows": "many"}, "KEEPFIT_SERVING_QUEUE_ROWS: Input should be a valid integer", None),
    ],
)
def test_a_wrong_variable_ends_the_start(folder, variables, said, hint):
    """With its name, and what was meant."""
    done = subprocess.run(**command(folder, **variables), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"error: {said}" in done.stderr.replace("error: there is ", "error: ")
    assert hint is None or f"did you mean '{hint}'?" in done.stderr
    assert "Traceback" not in done.stderr
