"""The clients of Triton and of KServe, unmodified, against `keepfit serve`: what they get is what the model says.

They live in an environment of their own, which the first run installs from a package index with pip and keeps in the
user's cache, as they would not go with what keepfit needs. The scripts in `clients` ask, and tell what they got.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keepfit.adapters.runtimes.choice import load_model

CLIENTS = Path(__file__).parent / "clients"
REQUIREMENTS = CLIENTS / "requirements.txt"
FEW = {
    "station": ["park", "harbour", "market", "park"],
    "hour": [8, 17, 9, 23],
    "weekday": [1, 5, 3, 7],
    "degrees": [9.5, 21.5, 14.25, -2.0],
}
MISSING = {"station": ["park", "harbour"], "hour": [8, 17], "weekday": [1, 5], "degrees": [None, 21.5]}
#: So many that replies are worth compressing.
MANY = {
    "station": ["harbour", "market", "park"] * 100,
    "hour": [row % 24 for row in range(300)],
    "weekday": [1 + row % 7 for row in range(300)],
    "degrees": [row / 8 for row in range(300)],
}
BOTH = ["rides", "prediction_id"]
INPUTS = {"station": "BYTES", "hour": "INT64", "weekday": "INT64", "degrees": "FP64"}
OUTPUTS = {"rides": "FP64", "prediction_id": "BYTES"}
#: What is refused, and how it is said over either protocol.
SAID = {
    "column": "unknown column 'degree'; did you mean 'degrees'?",
    "left out": "column 'degrees' is missing; it takes: station, hour, weekday, degrees",
    "shape": "input 'hour' has 32 bytes; INT64 of shape [3] takes 24",
    "output": "unknown output 'ride'; did you mean 'rides'?",
    "version": "version 9 of 'bikes' is not being served; there are: 1",
    "model": "unknown model 'bike'; did you mean 'bikes'?",
}
#: The index before a model is unloaded, while it is, and once it is loaded again; and whether it is ready.
READY = {"name": "bikes", "version": "1", "state": "READY", "reason": ""}
ASLEEP = {
    **READY,
    "state": "UNAVAILABLE",
    "reason": "unloaded; it is loaded when somebody asks for it",
}
STATES = [[[READY], True], [[ASLEEP], False], [[READY], True]]
CONFIG = "the parameter 'config' is not taken here: releases decide which versions are served; load by the model's name alone"
UNKNOWN_MODEL = "unknown model 'trains'; there are: bikes"

# KServe 0.21 declares that it takes no Python from 3.14 on.
kserve_installs = pytest.mark.skipif(sys.version_info >= (3, 14), reason="KServe takes Python before 3.14")


@pytest.fixture(scope="session")
def interpreter():
    """The Python that has the clients; installed once for every change of what is required, or of Python."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    wanted = [one for one in lines if not one.startswith("#")]
    key = hashlib.sha256(repr((wanted, sys.version, sysconfig.get_platform())).encode())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keepfit-tests"
    folder = cache / f"clients-{key.hexdigest()[:16]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _install(folder)
    return folder / _PYTHON


_PYTHON = Path("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _install(folder):
    """Whole or not at all: what is interrupted, or lost to another run, is not taken for an environment."""
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unfinished-"))
    try:
        _run_to_install(sys.executable, "-m", "venv", str(made))
        pip = (str(made / _PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run_to_install(*pip, "--no-input", "--requirement", str(REQUIREMENTS))
        if not folder.is_dir():
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _run_to_install(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(
            "the clients of Triton and KServe cannot be installed, which needs Python's venv, and a package index that"
            f" pip reaches:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}",
            pytrace=False,
        )


@pytest.fixture(scope="module")
def task(first, tmp_path_factory):
    """What clients are told, while a server answers over HTTP and gRPC."""
    root = tmp_path_factory.mktemp("served") / "bikes"
    shutil.copytree(first.keepfit.root, root)
    keepfit = type(first.keepfit)(root)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keepfit.edit("# grpc_port = 0 ", f"grpc_port = {port} ", "keepfit.toml")
    with keepfit.running("serve", "--port", "0") as server:
        http = server.address.removeprefix("http://")
        yield {"http": http, "grpc": f"127.0.0.1:{port}", "few": FEW, "missing": MISSING, "many": MANY}
        assert "Traceback" not in server.said


@pytest.fixture(scope="module")
def ask(interpreter, task):
    """Run a script; what it tells."""

    def run(script):
        done = subprocess.run(
            [interpreter, "-W", "ignore", CLIENTS / script],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def http(ask):
    """What tritonclient[http] got."""
    return ask("triton_http.py")


@pytest.fixture(scope="module")
def rpc(ask):
    """What tritonclient[grpc] got."""
    return ask("triton_grpc.py")


@pytest.fixture(scope="module")
def kserve(ask):
    """What KServe's client got over HTTP."""
    return ask("kserve_rest.py")


@pytest.fixture(scope="module")
def kserve_rpc(ask):
    """What KServe's client got over gRPC."""
    return ask("kserve_grpc.py")["grpc"]


@pytest.fixture(scope="module")
def model(first):
    """What the model itself says of columns, as scikit-learn runs it."""
    described = next((first.keepfit.root / ".keepfit" / "artifacts").rglob("MLmodel"))
    trained = load_model(described.parent)

    def predict(columns):
        frame = pd.DataFrame(columns).astype({"degrees": np.float64})
        frame["station"] = pd.Categorical(frame["station"], categories=["harbour", "market", "park"])
        return trained.predict(frame).tolist()

    found = predict(FEW)
    assert len(set(found)) == len(found)
    return predict


def is_answer(got, rides, *, outputs=None, version="1"):
    """True for an answer with the model, its predictions, and an id for each; else an assertion says what is wrong."""
    outputs = BOTH if outputs is None else outputs
    ids = [got["id"]] if len(rides) == 1 else [f"{got['id']}:{row}" for row in range(len(rides))]
    assert (got["model"], got["outputs"]) == ("bikes", outputs)
    assert got.get("version", version) == version
    assert got["id"]
    assert got["rides"] == (rides if "rides" in outputs else None)
    assert got["ids"] == (ids if "prediction_id" in outputs else None)
    return True


def is_metadata(told):
    """True for the metadata of the model, in which gRPC's JSON has whole numbers as text; else an assertion says."""
    assert (told["name"], told["versions"], told["platform"]) == ("bikes", ["1"], "keepfit")
    for tensors, expected in ((told["inputs"], INPUTS), (told["outputs"], OUTPUTS)):
        assert {one["name"]: one["datatype"] for one in tensors} == expected
        assert [list(map(int, one["shape"])) for one in tensors] == [[-1]] * len(tensors)
    return True


def test_triton_over_http_sees_health(http):
    """Alive, ready, the model ready with and without a version; others not."""
    yes, no = ("live", "ready", "model", "version"), ("other version", "other model")
    assert http["health"] == {**dict.fromkeys(yes, True), **dict.fromkeys(no, False)}


def test_triton_over_http_reads_metadata(http):
    """The server's, the model's, a version's; and why others have none."""
    told = http["metadata"]
    assert (told["server"]["name"], told["server"]["extensions"]) == (
        "keepfit",
        ["binary_tensor_data", "model_repository"],
    )
    assert is_metadata(told["model"])
    assert is_metadata(told["version"])
    assert told["other version"] == {"status": "404", "message": SAID["version"]}
    assert told["other model"] == {"status": "404", "message": UNKNOWN_MODEL}


def test_triton_over_http_infers_in_every_form(http, model):
    """Binary and JSON, in and out, and both at once; narrow numbers and other shapes. All give the model's values."""
    forms = http["forms"]
    assert all(is_answer(got, model(FEW)) for got in forms.values())
    plain = {name: got["binary"] for name, got in forms.items() if not all(got["binary"])}
    assert plain == {
        "binary in, JSON out": [False, False],
        "JSON in, JSON out": [False, False],
        "mixed in, mixed out": [True, False],
    }


def test_triton_over_http_sends_missing_numbers(http, model):
    """NaN, in bytes and as its JSON writes it."""
    assert model(MISSING)[0] != model(FEW)[0]
    assert all(is_answer(got, model(MISSING)) for got in http["missing"].values())


def test_triton_over_http_chooses_outputs(http, model):
    """One, the other, or both in its own order."""
    got = http["requested"]
    assert is_answer(got["rides"], model(FEW), outputs=["rides"])
    assert is_answer(got["ids"], model(FEW), outputs=["prediction_id"])
    assert is_answer(got["reversed"], model(FEW), outputs=BOTH[::-1])


def test_triton_over_http_names_a_version_an_id_and_parameters(http, model):
    """The id comes back; parameters that mean nothing here do no harm."""
    got = http["options"]
    assert all(is_answer(one, model(FEW)) for one in got.values())
    assert got["id"]["id"] == "ride-7"


def test_triton_over_http_compresses(http, model):
    """Gzip and deflate each way; the headers show that it was done."""
    got = http["compression"]
    assert len(got) == 8
    assert all(is_answer(one, model(MANY)) for one in got.values())
    assert all(one["sent"] and one["received"] for one in got.values())


def test_triton_over_http_is_told_what_was_wrong(http):
    """As the exception's message, with the status beside it."""
    shared = "input 'degrees' is in shared memory, which is not read here; send its data"
    text = "column 'hour', row 0: '8' is not a number"
    told = http["errors"]
    assert {name: one["message"] for name, one in told.items()} == {
        **SAID,
        "shared memory": shared,
        "type": text,
    }
    assert {name: one["status"] for name, one in told.items()} == {
        **dict.fromkeys(told, "400"),
        "version": "404",
        "model": "404",
    }


def test_triton_over_http_loads_and_unloads(http, model):
    """The index tells it; a model that is asked for comes back by itself."""
    got = http["repository"]
    assert got["states"] == STATES
    assert is_answer(got["on demand"], model(FEW))
    assert got["config"] == {"status": "400", "message": CONFIG}
    missing = {"status": "404", "message": SAID["model"]}
    assert (got["other load"], got["other unload"]) == (missing, missing)


def test_triton_over_http_infers_asynchronously(http, model):
    """Eight at once from threads, four at once on an event loop; each gets its own."""
    assert [got["id"] for got in http["at once"]] == [f"ride-{one}" for one in range(8)]
    assert all(is_answer(got, model(FEW)) for got in http["at once"])
    looped = http["on an event loop"]
    assert (looped["live"], looped["versions"]) == (True, ["1"])
    assert [got["id"] for got in looped["answers"]] == ["0", "1", "2", "3"]
    assert all(is_answer(got, model(MANY)) for got in looped["answers"])


def test_triton_over_grpc_sees_health_and_metadata(rpc):
    """The same as over HTTP."""
    health, told = rpc["health"], rpc["metadata"]
    assert all(health[one] is True for one in ("live", "ready", "model", "version"))
    assert told["server"]["name"] == "keepfit"
    assert is_metadata(told["model"])
    assert is_metadata(told["version"])
    missing = {"status": "StatusCode.NOT_FOUND", "message": SAID["version"]}
    assert (told["other version"], health["other version"]) == (missing, missing)
    missing = {"status": "StatusCode.NOT_FOUND", "message": UNKNOWN_MODEL}
    assert (told["other model"], health["other model"]) == (missing, missing)


def test_triton_over_grpc_infers_in_every_form(rpc, model):
    """Raw contents, compressed or not, many rows, missing numbers."""
    assert all(is_answer(got, model(FEW)) for got in rpc["forms"].values())
    assert all(got["binary"] == [True, True] for got in rpc["forms"].values())
    assert is_answer(rpc["missing"], model(MISSING))
    assert is_answer(rpc["many"], model(MANY))


def test_triton_over_grpc_chooses_outputs_version_and_id(rpc, model):
    """As over HTTP."""
    got = rpc["requested"]
    assert is_answer(got["rides"], model(FEW), outputs=["rides"])
    assert is_answer(got["ids"], model(FEW), outputs=["prediction_id"])
    assert is_answer(got["reversed"], model(FEW), outputs=BOTH[::-1])
    assert all(is_answer(one, model(FEW)) for one in rpc["options"].values())
    assert rpc["options"]["id"]["id"] == "ride-7"


def test_triton_over_grpc_is_told_what_was_wrong(rpc):
    """In the same words."""
    told = rpc["errors"]
    assert {name: one["message"] for name, one in told.items()} == SAID
    assert {name: one["status"] for name, one in told.items()} == {
        **dict.fromkeys(told, "StatusCode.INVALID_ARGUMENT"),
        "version": "StatusCode.NOT_FOUND",
        "model": "StatusCode.NOT_FOUND",
    }


def test_triton_over_grpc_loads_and_unloads(rpc, model):
    """As over HTTP; an empty text is no text in its JSON."""
    got = rpc["repository"]
    told = [[[{"reason": "", **one} for one in found], ready] for found, ready in got["states"]]
    assert told == STATES
    assert is_answer(got["on demand"], model(FEW))
    assert got["config"] == {"status": "StatusCode.INVALID_ARGUMENT", "message": CONFIG}
    missing = {"status": "StatusCode.NOT_FOUND", "message": SAID["model"]}
    assert (got["other load"], got["other unload"]) == (missing, missing)


def test_triton_over_grpc_infers_asynchronously(rpc, model):
    """With callbacks, in whatever order they come, and on an event loop."""
    assert {got["id"] for got in rpc["at once"]} == {f"ride-{one}" for one in range(8)}
    assert all(is_answer(got, model(FEW)) for got in rpc["at once"])
    looped = rpc["on an event loop"]
    assert looped["live"] is True
    assert [got["id"] for got in looped["answers"]] == ["0", "1", "2", "3"]
    assert all(is_answer(got, model(MANY)) for got in looped["answers"])


@kserve_installs
def test_kserve_in_its_first_protocol(kserve, model):
    """Liveness, readiness, rows as objects and as lists, and errors."""
    got = kserve["version 1"]
    assert (got["live"], got["model"], got["media type"]) == (True, True, "application/json")
    assert got["records"] == got["lists"] == {"predictions": model(FEW)}
    assert got["wrong column"]["status"] == 400
    assert got["wrong column"]["message"].startswith(f"{SAID['column']}, '400 Bad Request' for url ")
    for missing in (got["other model"], got["other model's readiness"]):
        assert missing["status"] == 404
        assert missing["message"].startswith(f"{SAID['model']}, '404 Not Found' for url ")


@kserve_installs
def test_kserve_in_its_second_protocol(kserve, model):
    """Health, and the model's values in every form, with the id that was given."""
    got = kserve["version 2"]
    health = [got[one] for one in ("live", "ready", "model", "other model")]
    assert health == [True, True, True, False]
    forms = ("binary", "JSON", "binary out", "JSON in, binary out", "dictionary")
    assert all(is_answer(got[one], model(FEW)) for one in forms)
    assert [got[one]["binary"] for one in forms] == [False, False, True, True, False]
    assert [got[one]["id"] for one in forms] == ["ride-7", "ride-8", "ride-9", "ride-10", "ride-12"]
    assert is_answer(got["chosen"], model(FEW), outputs=BOTH[::-1])
    assert got["chosen"]["binary"] is True
    assert all(is_answer(got[one], model(MISSING)) for one in ("missing", "missing, JSON"))
    assert all(is_answer(one, model(FEW)) for one in got["at once"])
    assert [one["id"] for one in got["at once"]] == [f"ride-{one}" for one in range(8)]


@kserve_installs
def test_kserve_in_its_second_protocol_compresses_and_errs(kserve, model):
    """Its client takes gzip without being asked; what was wrong is in the exception's message."""
    got = kserve["version 2"]
    for form in ("many", "many, JSON"):
        assert is_answer(got[form], model(MANY))
        assert got[form]["encoding"] == "gzip"
    assert got["many"]["binary"] is True
    left_out = "column 'weekday' (and 1 more) is missing; it takes: station, hour, weekday, degrees"
    for wrong, said in (("output", SAID["output"]), ("left out", left_out)):
        assert got[wrong]["status"] == 400
        assert got[wrong]["message"].startswith(f"{said}, '400 Bad Request' for url ")


@kserve_installs
def test_kserve_over_grpc(kserve_rpc, model):
    """Health, raw and typed contents, and errors."""
    assert [kserve_rpc[one] for one in ("live", "ready", "model")] == [True, True, True]
    assert all(is_answer(kserve_rpc[one], model(FEW)) for one in ("raw", "contents"))
    assert (kserve_rpc["raw"]["id"], kserve_rpc["contents"]["id"]) == ("ride-7", "ride-8")
    left_out = "column 'hour' (and 2 more) is missing; it takes: station, hour, weekday, degrees"
    assert kserve_rpc["left out"] == {"status": "INVALID_ARGUMENT", "message": left_out}
