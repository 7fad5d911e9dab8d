"""Two hosts, each with a spool of its own, which drain into one database and one lake."""

from dataclasses import replace

import pytest

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter, server_log
from keepfit.adapters.capture_source import CaptureFolder
from keepfit.app.workspace import open_workspace
from keepfit.clock import parse_time
from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.predictions.ledger import Ledger
from keepfit.workflows.drain_capture import drain_capture

NOW = parse_time("2020-01-31T12:00Z")


@pytest.fixture
def ports(tmp_path):
    """Of a workspace that both hosts share."""
    (tmp_path / "keepfit.toml").touch()
    space = open_workspace(tmp_path)
    yield space.ports
    space.engine.dispose()


@pytest.fixture
def hosts(tmp_path):
    """Their spools: what lies where is known to nobody but its host."""
    return tmp_path / "one" / "spool", tmp_path / "other" / "spool"


def predicted(spool, ids, *, log=None):
    """A server of this spool answers, a frame a prediction, and ends."""
    writer = CaptureWriter(spool, log_id=log or server_log(spool, 0))
    for name in ids:
        writer.append(
            PredictionsFrame(
                model="taxi",
                prediction_id=[name],
                version=[1],
                role=["champion"],
                event_time=[1_580_428_800_000_000],
                received_at=[1_580_428_800_000_000],
                prediction=[1.0],
                error=[None],
                features={},
                kinds={},
                received=1,
            )
        )
    writer.close()


def drained(ports, spool):
    """What this host's drain finds."""
    return drain_capture(replace(ports, capture=CaptureFolder(spool)), now=NOW)


def test_both_are_drained_exactly(ports, hosts):
    """In turns, over several lives of both servers: nothing is passed over, nothing counted twice."""
    expected = set()
    for life in range(3):
        for number, spool in enumerate(hosts):
            ids = [f"{number}/{life}/{row}" for row in range(5 + 3 * number)]
            predicted(spool, ids)
            expected |= set(ids)
            assert drained(ports, spool) == Ledger(received=len(ids), stored=len(ids))
            assert drained(ports, spool) == Ledger()
    rows = ports.predictions.predictions("taxi")["prediction_id"].to_list()
    assert (set(rows), len(rows)) == (expected, len(expected))
    assert ports.ledger.ledger("taxi") == Ledger(received=39, stored=39)
    assert [CaptureReader(spool).logs() for spool in hosts] == [[], []]


def test_a_log_of_the_old_name_is_drained_too(ports, hosts):
    """It was begun by an older keepfit, which called every host's log alike; the server goes on in another one."""
    spool = hosts[0]
    predicted(spool, ["old-1", "old-2"], log="web-0")
    predicted(spool, ["new-1"])
    assert CaptureReader(spool).logs() == sorted(["web-0", server_log(spool, 0)])
    assert drained(ports, spool) == Ledger(received=3, stored=3)
    assert sorted(ports.predictions.predictions("taxi")["prediction_id"]) == ["new-1", "old-1", "old-2"]
