"""Requests answered together are answered as each would be alone."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfit.serving.batch import Asked, run_batch
from keepfit.serving.held import Holding
from keepfit.serving.request import of_mapping, read_rows


@pytest.fixture
def ask(world):
    """A request for the model as it is held now."""
    holding = Holding(world, world)

    def make(n=1, *, miles=0.0, request_id="r", version=None, batchable=True):
        holding.refresh()
        held, accepts = holding.ready("taxi")
        if not batchable:
            held = replace(
                held,
                versions={number: replace(one, batchable=False) for number, one in held.versions.items()},
            )
        columns = of_mapping({"miles": [miles] * n, "zone": ["bronx"] * n, "hour": [8] * n})
        rows = read_rows(columns, accepts, request_id=request_id, received_at=0)
        return Asked(
            held=held, output="minutes", request_id=request_id, version=version, rows=rows, began=0.0
        )

    return make


def counted(sizes):
    """A version that notes how many rows it was given at a time."""

    def predict(matrix):
        sizes.append(len(matrix))
        return matrix[:, 0]

    return predict


def test_what_a_version_cannot_take_together_it_is_asked_one_by_one(world, ask):
    """Rows of one request stay together: they would be alone as well."""
    sizes = []
    world.version(1, predict=counted(sizes))
    first = ask(2, miles=1.0, batchable=False)
    second = replace_held(ask(1, miles=2.0), first)
    found = run_batch([first, second], lambda _served: None)
    assert [one.predictions.tolist() for one in found] == [[1.0, 1.0], [2.0]]
    assert sizes == [2, 1]


def replace_held(asked, other):
    """The same request of the very picture that another was made for."""
    return Asked(
        held=other.held,
        output=asked.output,
        request_id=asked.request_id,
        version=asked.version,
        rows=asked.rows,
        began=asked.began,
    )


def test_versions_that_are_asked_by_number_are_answered_apart(world, ask):
    """In the order of the requests."""
    world.release(1, shadows=(2,))
    asked = [ask(miles=1.0, version=2), ask(miles=2.0), ask(miles=3.0, version=2)]
    records = []
    found = run_batch(asked, records.append)
    assert [one.predictions.tolist() for one in found] == [[201.0], [102.0], [203.0]]
    assert [[part.version for part in one.attempts] for one in records] == [[2], [1]]


def test_requests_of_two_pictures_are_answered_by_their_own(world, ask):
    """A swap in between: each is answered by what was served when it came."""
    before = ask(miles=1.0)
    world.release(2)
    after = ask(miles=1.0)
    assert [one.versions for one in run_batch([before, after], lambda _served: None)] == [[1], [2]]


def test_every_row_has_its_requests_latency(ask):
    """In microseconds, up to the moment that is asked for."""
    records = []
    first = ask(2)
    run_batch([first, replace_held(ask(1), first)], records.append)
    (served,) = records
    assert served.latencies_us(0.25) == [250_000] * 3
    assert served.predict_s >= 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12), percent=st.floats(0, 100))
def test_in_company_or_alone_the_answer_is_the_same(world, sizes, percent):
    """Whatever the sizes, and whatever share the canary has."""
    world.release(1, canary=2, percent=percent)
    holding = Holding(world, world)
    holding.refresh()
    held, accepts = holding.ready("taxi")
    asked = []
    for place, n in enumerate(sizes):
        columns = of_mapping({"miles": [float(place)] * n, "zone": ["queens"] * n, "hour": [8] * n})
        rows = read_rows(columns, accepts, request_id=f"r{place}", received_at=0)
        asked.append(
            Asked(held=held, output="minutes", request_id=f"r{place}", version=None, rows=rows, began=0.0)
        )
    together = run_batch(asked, lambda _served: None)
    alone = [run_batch([one], lambda _served: None)[0] for one in asked]
    assert [(one.predictions.tolist(), one.versions, one.ids) for one in together] == [
        (one.predictions.tolist(), one.versions, one.ids) for one in alone
    ]
