"""`keepfit serve` and `keepfit up`: requests that are wrong, ports in use, damaged logs, and coming to an end."""

import json
import os
import signal
import socket
import threading

import pytest

from keepfit.app.controller import ServerProcess
from keepfit.app.workspace import open_workspace
from keepfit.errors import ServerError


def test_wrong_requests_are_answered_with_what_was_wrong(trained):
    """An unknown model is 404, a wrong column 400; both say what was probably meant. An early label is accepted.

    A service manager's SIGTERM ends the server as well as Ctrl-C does.
    """
    with trained.running("serve", "--port", "0") as server:
        inputs = {"inputs": [{"name": "hour", "shape": [1], "datatype": "INT64", "data": [8]}]}
        status, reply = server.post("/v2/models/biks/infer", inputs)
        assert (status, reply) == (404, {"error": "unknown model 'biks'; did you mean 'bikes'?"})
        status, reply = server.predict("park-1", degree=3.0)
        assert (status, reply) == (400, {"error": "unknown column 'degree'; did you mean 'degrees'?"})
        labels = {"labels": [{"id": "park-99", "value": 12}]}
        assert server.post("/v2/models/bikes/labels", labels) == (200, {"accepted": 1})
        assert server.end(signal.SIGTERM) == 0
        assert "Traceback" not in server.said
    ticked = trained("tick")
    assert ticked.out.splitlines()[0] == "drained 0 predictions and 1 label"
    assert "bikes: 1 label waits for a prediction that has not been seen" in ticked.out


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_port_in_use_is_said(trained, command):
    """Both commands end at once with the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = trained.process(command, "--port", str(port))
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        f"error: port {port} is in use",
        "hint: choose another with --port, or 0 for any that is free",
    ]


def test_a_damaged_capture_log_loses_only_what_was_damaged(trained):
    """The good records are drained, the bad bytes are set aside, and `tick` says so, in JSON too."""
    with trained.running("serve", "--port", "0") as server:
        for number in range(3):
            assert server.predict(f"park-{number}")[0] == 200
        server.end()
    log = next((trained.root / ".keepfit" / "spool").glob("*.cap"))
    data = bytearray(log.read_bytes())
    at = data.index(b"park-1")
    data[at : at + 6] = b"\xff" * 6
    log.write_bytes(data)
    done = trained("tick", "--json")
    assert done.code == 0
    drained = done.json["drained"]
    assert (drained["received"], drained["stored"], drained["dropped"]) == (3, 2, 1)
    set_aside = next((trained.root / ".keepfit" / "spool").glob("*.damaged-*"))
    assert set_aside.name in done.json["messages"][0]["says"]
    assert set_aside.name in done.err
    assert trained("tick").out.startswith("drained 0 predictions and 0 labels\n")


def test_up_drains_checks_and_ends_with_ctrl_c(trained):
    """Every second a look; Ctrl-C ends server and controller, and what was captured last is drained too."""
    with trained.running("up", "--port", "0", "--every", "1s") as up:
        up.wait_for("bikes: nothing is wrong so far")
        assert up.predict("park-1", "park-2")[0] == 200
        up.wait_for("drained 2 predictions and 0 labels")
        assert up.predict("park-3")[0] == 200
        assert up.end() == 0
        assert up.said.endswith("stopped\n")
        assert "Traceback" not in up.said
    health = trained("status", "--json")
    assert health.code == 0
    assert health.json["models"][0]["ledger"]["stored"] == 3
    assert not (trained.root / ".keepfit" / "server.json").exists()


def test_up_does_not_start_a_dead_server_again_in_silence(trained):
    """When the server dies, the controller says so and ends with code 1."""
    with trained.running("up", "--port", "0", "--every", "60s") as up:
        address = json.loads((trained.root / ".keepfit" / "server.json").read_text(encoding="utf-8"))
        os.kill(address["pid"], signal.SIGKILL)
        up.wait_until(lambda: up.process.poll() is not None)
        assert up.process.returncode == 1
        assert "error: the server was ended by SIGKILL\n" in up.said
        assert "Traceback" not in up.said


def test_a_server_whose_start_is_interrupted_does_not_stay(trained):
    """Ctrl-C while the server starts must not leave it behind."""
    server = ServerProcess(open_workspace(trained.root), host="127.0.0.1", port=0)
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt), server:
        pytest.fail("it started in a third of a second")
    with pytest.raises(ServerError, match="the server was ended by SIGTERM"):
        server.check()


def test_up_breaks_off_a_training_that_ctrl_c_interrupts(trained):
    """A training under way is ended with the controller, and stays queued for the next start."""
    trained.edit('kf.every("30d")', 'kf.every("1s")')
    trained.edit('cooldown="7d"', 'cooldown="1s"')
    trained.edit("    frames = []", "    import time; time.sleep(600)\n    frames = []")
    with trained.running("up", "--port", "0", "--every", "1s") as up:
        runs = trained.root / ".keepfit" / "runs"
        up.wait_until(lambda: len(list(runs.glob("*/request.json"))) > 1)
        os.killpg(up.process.pid, signal.SIGINT)
        up.wait_for("stopping; Ctrl-C again")
        assert up.end() == 0
        assert "broke off in the middle of a pass; the next start goes on with it" in up.said
        assert "Traceback" not in up.said
    job = open_workspace(trained.root).ports.jobs.jobs("bikes")[-1]
    assert (job.state.value, job.reason) == ("queued", "interrupted")
