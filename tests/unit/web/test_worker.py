"""What a worker does with its orders."""

import io
import os
import signal

import pytest

from keepfit.errors import ArtifactError
from keepfit.release.routing import Route
from keepfit.serving.following import Problem
from keepfit.serving.held import Holding
from keepfit.web.messages import (
    Commit,
    Committed,
    Do,
    Done,
    Granted,
    Prepare,
    Prepared,
    Tell,
    line,
    read_report,
)
from keepfit.web.worker import Orders, Reporter, main


@pytest.fixture
def holding(world):
    """Serves nothing yet."""
    made = Holding(world, world)
    yield made
    made.close()


@pytest.fixture
def reports():
    """What the supervisor would read."""
    return io.BytesIO()


def heard(reports):
    return [read_report(one) for one in reports.getvalue().splitlines()]


ROUTE = Route(model="taxi", generation=1, champion=3)


def test_what_is_prepared_is_served_when_it_is_committed(holding, reports):
    """And each step is reported."""
    orders = Orders(holding, Reporter(reports))
    assert not orders.obey(line(Prepare(1, (ROUTE,))))
    assert holding.names() == ()
    assert orders.obey(line(Commit(1, (ROUTE,))))
    assert holding.ready("taxi")[0].route == ROUTE
    assert heard(reports) == [Prepared(1), Committed(1)]


def test_what_fails_is_reported(holding, reports, world, monkeypatch):
    """The supervisor decides what becomes of it."""

    def load(_model, _number):
        raise ArtifactError("altered")

    monkeypatch.setattr(world, "load", load, raising=False)
    Orders(holding, Reporter(reports)).obey(line(Prepare(4, (ROUTE,))))
    reason = "version 3 of 'taxi' cannot be loaded: altered"
    assert heard(reports) == [Prepared(4, (Problem(model="taxi", version=3, reason=reason),))]


def test_problems_are_shown_as_told(holding, reports):
    """`/v2/health/ready` says them."""
    problem = Problem(model="", version=None, reason="routes cannot be read: locked")
    Orders(holding, Reporter(reports)).obey(line(Tell((problem,))))
    assert holding.problems() == (problem,)
    assert heard(reports) == []


def test_a_worker_without_orders_ends(tmp_path):
    """Its supervisor died before it could say anything."""
    (tmp_path / "orders").touch()
    with (tmp_path / "orders").open("rb") as orders, (tmp_path / "reports").open("wb") as reports:
        code = _run(orders, reports)
    assert code == 0


def _run(orders, reports):

    before = signal.getsignal(signal.SIGINT)
    try:
        return main([str(os.dup(orders.fileno())), str(os.dup(reports.fileno()))])
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_model_is_loaded_and_unloaded_as_told(holding, reports, world):
    """Without a look at the routes; what cannot be done is reported with its reason."""
    heard_of = []
    orders = Orders(holding, Reporter(reports), heard_of.append)
    orders.obey(line(Prepare(1, (ROUTE,))))
    orders.obey(line(Commit(1, (ROUTE,))))
    assert not orders.obey(line(Do(4, "taxi", load=False)))
    assert holding.find("taxi").asleep
    orders.obey(line(Do(5, "taxi", load=True)))
    assert not holding.find("taxi").asleep
    orders.obey(line(Do(6, "taxy", load=True)))
    orders.obey(line(Granted(9, "no memory")))
    assert heard(reports)[2:] == [Done(4), Done(5), Done(6, "unknown model 'taxy'")]
    assert heard_of == [Granted(9, "no memory")]
