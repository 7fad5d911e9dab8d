"""Orders and reports as lines."""

import msgspec
import pytest

from keepfit.app.serving_sources import Place
from keepfit.release.routing import Route
from keepfit.serving.following import Problem
from keepfit.web.messages import (
    Begin,
    Commit,
    Committed,
    Ended,
    Prepare,
    Prepared,
    Serving,
    Tell,
    line,
    read_order,
    read_report,
)

ROUTE = Route(model="eta", generation=7, champion=3, canary=4, percent=12.5, shadows=(3, 4), constant=1.5)
PROBLEM = Problem(model="eta", version=4, reason="a line\nand 'another'")


@pytest.mark.parametrize(
    "order",
    [
        Begin(
            slot=1,
            host="::1",
            port=80,
            grpc_port=0,
            place=Place(folder="/srv/eta", spool="/var/spool"),
            metrics="/var/spool/metrics/server-1",
        ),
        Prepare(1, (ROUTE,), (("eta", 4),)),
        Commit(2, (ROUTE,), (PROBLEM,)),
        Tell((PROBLEM, Problem(model="", version=None, reason="locked"))),
    ],
)
def test_an_order_is_one_line_and_comes_back_as_it_was(order):
    """Whatever its texts hold."""
    assert line(order).count(b"\n") == 1
    assert read_order(line(order)) == order


@pytest.mark.parametrize("report", [Prepared(1, (PROBLEM,)), Committed(2), Serving(), Ended("why", "hint")])
def test_a_report_is_one_line_and_comes_back_as_it_was(report):
    """Likewise."""
    assert read_report(line(report)) == report


def test_a_report_is_no_order():
    """The two ways are kept apart."""
    with pytest.raises(msgspec.ValidationError):
        read_order(line(Serving()))


def test_a_route_travels_whole():
    """With what its canary is split by."""
    route = Route(
        model="taxi", generation=2, champion=1, canary=2, percent=10.0, shadows=(1, 2), split_by="customer_id"
    )
    assert read_order(line(Prepare(1, (route,)))) == Prepare(1, (route,))
