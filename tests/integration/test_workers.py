"""Several worker processes on one port: they share it, swap together, are started again, and leave nobody behind."""

import contextlib
import functools
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keepfit.adapters.capture_log import CaptureReader, server_log
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.clock import parse_time
from keepfit.registry.digest import artifact_digest
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route

PATIENCE_S = 90.0
SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER), Feature("hours", Kind.NUMBER)),
    id="trip",
    time="at",
    context=(),
    output="minutes",
)
MLMODEL = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n"
#: What a version makes of miles 1 and hours 2.
ANSWERS = {1: 3.0, 2: 2.0}


class Deadly:
    """Whoever loads it is gone."""

    def __reduce__(self):
        """As a fault in a library's own code would do."""
        return os._exit, (9,)


class Shop:
    """A workspace with a model `eta` whose versions sum their features, or take the larger one."""

    def __init__(self, root):
        self.root, self.state = root, root / ".keepfit"
        (root / "keepfit.toml").write_text("[serving]\nallow_pickle = true\n", encoding="utf-8")
        self.state.mkdir()
        engine = open_engine(f"sqlite:///{self.state / 'keepfit.db'}")
        migrate(engine)
        self.releases, self._versions = SqlReleases(engine), SqlVersions(engine)

    def version(self, number, function, model=None):
        """Register a version; pickled, so that no library has to be imported to load it."""
        folder = self.root / f"eta-{number}"
        folder.mkdir()
        (folder / "MLmodel").write_text(MLMODEL, encoding="utf-8")
        model = model or types.SimpleNamespace(predict=functools.partial(function, axis=1))
        (folder / "model.pkl").write_bytes(pickle.dumps(model))
        self._versions.save(
            ModelVersion(
                model="eta",
                number=number,
                run_id=f"run-{number}",
                job_id=f"job-{number}",
                artifact_uri=str(folder),
                digest=artifact_digest(folder),
                dataset="eta@1",
                dataset_digest="sha256:0",
                metrics={},
                signature=SIGNATURE,
                trained_at=parse_time("2020-01-31"),
                why="a test",
            )
        )
        return folder

    def release(self, champion, **rest):
        """Set the route."""
        self.releases.set_route(Route(model="eta", generation=0, champion=champion, **rest))


class Running:
    """`keepfit serve` with two workers."""

    def __init__(self, shop, *arguments, **variables):
        self._shop = shop
        self.log = shop.root / "log.txt"
        command = [sys.executable, "-m", "keepfit", "serve", "--port", "0", "--workers", "2", *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=shop.root, env={**os.environ, **variables}, stdout=log, stderr=log
            )
        self.http = urllib3.PoolManager(retries=False, maxsize=1)

    @property
    def said(self):
        """Everything so far."""
        return self.log.read_text(encoding="utf-8")

    @property
    def address(self):
        """Where it serves."""
        return next(word for word in self.said.split() if word.startswith("http://"))

    def until(self, holds):
        """Wait for something that processes do."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)

    def wait(self):
        """Until both workers answer."""
        self.until(lambda: "serving on" in self.said or self.process.poll() is not None)
        self.until(lambda: len(self.listeners()) == 2)
        return self

    def workers(self):
        """The ids of its child processes."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(one) for one in text.split()]

    def listeners(self):
        """Those of them that listen."""
        return [one for one in self.workers() if _listens(one)]

    def ask(self, *, path="/v2/models/eta/infer"):
        """On a new connection, so that either worker may take it."""
        inputs = [
            {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
            for name, value in (("miles", 1.0), ("hours", 2.0))
        ]
        reply = self.http.request(
            "POST", self.address + path, json={"inputs": inputs}, headers={"connection": "close"}
        )
        body = json.loads(reply.data)
        assert reply.status == 200, body
        return int(body["model_version"]), body["outputs"][0]["data"][0]

    def metrics(self, who):
        """The numbers about a model or a worker, without `keepfit_`; histograms' buckets aside."""
        reply = self.http.request("GET", f"{self.address}/metrics", headers={"connection": "close"})
        return {
            one.name.removeprefix("keepfit_"): one.value
            for family in text_string_to_metric_families(reply.data.decode())
            for one in family.samples
            if who in one.labels.values() and "le" not in one.labels
        }

    def post(self, path):
        """On a new connection too; the status and what came back."""
        reply = self.http.request("POST", self.address + path, headers={"connection": "close"})
        return reply.status, json.loads(reply.data)

    def states(self):
        """What the workers say of the model's versions, asked often enough to hear all of them."""
        told = [self.post("/v2/repository/index") for _ in range(24)]
        assert {status for status, _ in told} == {200}
        return {tuple((one["version"], one["state"]) for one in found) for _, found in told}

    def end(self, number=signal.SIGTERM):
        """Send it a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def _listens(pid):
    """Whether a process has a listening socket: state 0A in the kernel's table."""
    with contextlib.suppress(OSError):
        sockets = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
        for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
            words = row.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                return True
    return False


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.fixture
def shop(tmp_path):
    """Version 1 sums, version 2 takes the maximum; version 1 is champion."""
    made = Shop(tmp_path)
    made.version(1, np.sum)
    made.version(2, np.max)
    made.release(1)
    return made


@pytest.fixture
def running(shop):
    """Two workers that answer."""
    made = Running(shop)
    yield made.wait()
    made.process.kill()
    made.process.wait()


def test_workers_share_a_port_swap_together_and_keep_logs_of_their_own(shop, running):
    """Both answer; after a release both give the new version, after a broken one both go on with the old."""
    assert {running.ask() for _ in range(20)} == {(1, ANSWERS[1])}
    shop.release(2)
    running.until(lambda: running.ask()[0] == 2)
    assert {running.ask() for _ in range(20)} == {(2, ANSWERS[2])}
    (shop.version(3, np.min) / "model.pkl").write_bytes(b"altered")
    shop.release(2, canary=3, percent=100.0)
    running.until(lambda: "version 3 of 'eta' cannot be loaded" in running.said)
    assert {running.ask() for _ in range(20)} == {(2, ANSWERS[2])}
    assert running.end() == 0
    spool = CaptureReader(shop.state / "spool")
    assert sorted(spool.logs()) == [server_log(shop.state / "spool", slot) for slot in (0, 1)]
    counts = {log: sum(len(frame.prediction_id) for frame in spool.read(log).frames) for log in spool.logs()}
    assert sum(counts.values()) >= 60
    assert all(counts.values()), counts


def test_what_all_workers_loaded_and_let_go_of_is_told(shop, running):
    """Whichever of them is asked; a version that one worker could not load was tried by no other."""
    shop.release(2)
    running.until(lambda: running.ask()[0] == 2)
    (shop.version(3, np.min) / "model.pkl").write_bytes(b"altered")
    shop.release(2, canary=3, percent=100.0)
    running.until(lambda: "version 3 of 'eta' cannot be loaded" in running.said)
    wanted = {
        "version_load_duration_seconds_count": 4,
        "version_unloads_total": 2,
        "model_version_workers": 2,
    }
    # A worker's numbers are those of its last second; the one that failed may be later than the one that did not try.
    running.until(lambda: wanted.items() <= running.metrics("eta").items())
    running.until(lambda: running.metrics("eta")["version_load_failures_total"] >= 1)
    told = running.metrics("eta")
    assert 0 < told["version_load_duration_seconds_sum"] < PATIENCE_S
    assert [running.metrics(worker)["versions_loaded"] for worker in ("web-0", "web-1")] == [1, 1]


def test_a_compiled_form_serves_and_is_told(shop):
    """Converted by each worker while it loads the version; nearly the model's own numbers."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(rng.normal(size=(200, 2)), columns=["miles", "hours"])
    network = MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, tol=10.0, random_state=1)
    model = make_pipeline(StandardScaler(), network).fit(rows, rows["miles"] * rows["hours"])
    shop.version(3, None, model)
    shop.release(3)
    settings = shop.root / "keepfit.toml"
    settings.write_text(
        settings.read_text() + 'compiled = "auto"\ncompiled_tolerance = 1e-4\n', encoding="utf-8"
    )
    running = Running(shop).wait()
    try:
        (truth,) = model.predict(pd.DataFrame({"miles": [1.0], "hours": [2.0]}))
        assert all(running.ask() == (3, pytest.approx(truth, rel=1e-4)) for _ in range(10))
        told = running.http.request("GET", f"{running.address}/v2/models/eta").json()["parameters"]
        assert told["runtime"].startswith("onnxruntime")
        assert 0 < told["largest_difference"] <= 1e-4
        assert "treelite: " in told["runtime_note"]
    finally:
        running.end()


def test_all_workers_load_and_unload(shop, running):
    """Whoever of them was asked; a request brings a model back in the worker that it reaches, a release in none."""
    model = "/v2/repository/models/eta"
    assert running.states() == {(("1", "READY"),)}
    assert running.post(f"{model}/unload") == (200, {"name": "eta", "unload": True})
    assert running.states() == {(("1", "UNAVAILABLE"),)}
    assert running.post(f"{model}/load") == (200, {"name": "eta", "load": True})
    assert running.states() == {(("1", "READY"),)}
    running.post(f"{model}/unload")
    assert running.ask() == (1, ANSWERS[1])
    assert running.states() == {(("1", "READY"),), (("1", "UNAVAILABLE"),)}
    running.post(f"{model}/unload")
    shop.release(2)
    running.until(lambda: running.states() == {(("2", "UNAVAILABLE"),)})
    assert running.post(f"{model}/load")[0] == 200
    assert running.states() == {(("2", "READY"),)}
    assert {running.ask() for _ in range(20)} == {(2, ANSWERS[2])}


def test_what_no_worker_could_load_is_tried_again_when_somebody_asks(shop, running):
    """In all of them, whatever the pauses are at; and the reason is told."""
    (shop.version(3, np.min) / "model.pkl").write_bytes(b"altered")
    shop.release(1, canary=3, percent=100.0)
    left_out = {(("1", "READY"), ("3", "UNAVAILABLE"))}
    running.until(lambda: running.states() == left_out)
    _, index = running.post("/v2/repository/index")
    assert "version 3 of 'eta' cannot be loaded" in index[1]["reason"]
    assert running.post("/v2/repository/models/eta/load")[0] == 200
    assert running.states() == left_out
    status, told = running.post("/v2/repository/models/etta/load")
    assert (status, told) == (404, {"error": "unknown model 'etta'; did you mean 'eta'?"})
    assert running.end() == 0


def test_a_worker_that_dies_is_started_again(running):
    """The other one answers meanwhile, and what comes back serves what is released."""
    before = set(running.workers())
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    # Reaped, and not only dead: until then the kernel may still give connections to its socket.
    running.until(lambda: victim not in running.workers())
    assert running.ask() == (1, ANSWERS[1])
    running.until(lambda: len(set(running.listeners()) - {victim}) == 2)
    assert {running.ask() for _ in range(20)} == {(1, ANSWERS[1])}
    assert "is started again: it was ended by SIGKILL" in running.said


def test_a_version_that_kills_whoever_loads_it_kills_one_worker(shop, running):
    """The other one answers all the time, and is not made to load it."""
    shop.version(3, None, Deadly())
    before = set(running.workers())
    shop.release(1, canary=3, percent=100.0)
    running.until(lambda: "the process that loaded it died" in running.said)
    assert {running.ask() for _ in range(10)} == {(1, ANSWERS[1])}
    running.until(lambda: len(running.listeners()) == 2)
    assert len(before & set(running.workers())) == 1
    assert running.ask() == (1, ANSWERS[1])


def test_no_worker_outlives_its_supervisor(running):
    """Not even one that was killed and could not tell anybody."""
    workers = running.workers()
    assert len(workers) == 2
    running.process.kill()
    running.process.wait()
    running.until(lambda: not any(_runs(one) for one in workers))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_in_order(shop, running, number):
    """Exit code 0, no traceback, no worker left, no address left behind."""
    workers = running.workers()
    assert (shop.state / "server.json").exists()
    assert running.end(number) == 0
    assert not any(_runs(one) for one in workers)
    assert "Traceback" not in running.said
    assert not (shop.state / "server.json").exists()


def test_a_worker_that_cannot_start_ends_the_server(shop):
    """With what it said, and no restart for ever."""
    (shop.state / "spool").write_text("in the way", encoding="utf-8")
    running = Running(shop)
    assert running.process.wait(PATIENCE_S) == 1
    assert "error: worker 0 ended 5 times before it served" in running.said or (
        "error: worker 1 ended 5 times before it served" in running.said
    )
    assert "spool" in running.said


@pytest.fixture
def granian(shop):
    """The same server, but that granian speaks HTTP."""
    found = Running(shop, KEEPFIT_SERVING_HTTP="granian").wait()
    yield found
    if found.process.poll() is None:
        found.end(signal.SIGKILL)


def test_granians_share_a_port_and_swap_together(shop, granian):
    """Each worker has a socket of its own, new versions come to both, and a worker that dies is started again."""
    before = granian.workers()
    assert {granian.ask() for _ in range(20)} == {(1, ANSWERS[1])}
    shop.release(2)
    granian.until(lambda: {granian.ask() for _ in range(10)} == {(2, ANSWERS[2])})
    os.kill(before[0], signal.SIGKILL)
    granian.until(lambda: before[0] not in granian.listeners() and len(granian.listeners()) == 2)
    assert {granian.ask() for _ in range(20)} == {(2, ANSWERS[2])}


def test_granians_leave_the_port_to_nobody_else(shop, granian):
    """Granian itself would share it with any process of the same user."""
    port = granian.address.rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "-m", "keepfit", "serve", "--port", port],
        cwd=shop.root,
        env={**os.environ, "KEEPFIT_SERVING_HTTP": "granian"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"error: port {port} is in use" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_granians_in_order(shop, granian, number):
    """As it ends the others: exit code 0, no traceback, no worker left, and all that was answered is recorded."""
    workers = granian.workers()
    answered = sum(granian.ask() == (1, ANSWERS[1]) for _ in range(20))
    assert granian.end(number) == 0
    assert not any(_runs(one) for one in workers)
    assert "Traceback" not in granian.said
    reader = CaptureReader(shop.state / "spool")
    frames = [frame for log in reader.logs() for frame in reader.read(log).frames]
    assert sum(len(frame.prediction_id) for frame in frames) == answered == 20
