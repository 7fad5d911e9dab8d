"""A worker as its supervisor sees it."""

import selectors

import pytest

from keepfit.app.serving_sources import Place
from keepfit.web.messages import Begin, Ended
from keepfit.web.worker_process import WorkerProcess


@pytest.fixture
def worker():
    """A process that waits for its first order."""
    made = WorkerProcess.start(0)
    yield made
    made.kill()
    made.process.wait()
    made.close()


def heard(worker):
    """The next that it reports, or None at the end."""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.reports, selectors.EVENT_READ)
        assert selector.select(60)
    return worker.hear()


def test_a_worker_says_why_it_cannot_begin(worker, tmp_path):
    """In the words of the error, with what to do; then it is gone."""
    place = Place(folder=str(tmp_path))
    worker.tell(
        Begin(slot=0, host="127.0.0.1", port=0, grpc_port=0, place=place, metrics=str(tmp_path / "metrics"))
    )
    (report,) = heard(worker)
    assert isinstance(report, Ended)
    assert f"no keepfit.toml in {tmp_path}" in report.reason
    assert "keepfit init" in report.hint
    assert heard(worker) is None
    assert worker.process.wait(60) == 1
    assert worker.ending == "it ended with code 1"


def test_a_worker_that_was_killed_is_known_by_its_signal(worker):
    """An order to it is no error: that it is gone is noticed elsewhere."""
    assert worker.is_alive
    assert worker.hear() == []
    worker.kill()
    worker.process.wait(60)
    worker.tell(
        Begin(
            slot=0, host="127.0.0.1", port=0, grpc_port=0, place=Place(folder="/srv"), metrics="/srv/metrics"
        )
    )
    assert not worker.is_alive
    assert worker.ending == "it was ended by SIGKILL"
