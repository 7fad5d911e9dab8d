"""Each row's key, wherever the column lies."""

import numpy as np
import pytest

from keepfit.release.routing import Route
from keepfit.serving.attempts import serve
from keepfit.serving.held import Holding
from keepfit.serving.request import Accepts, of_mapping, read_rows
from keepfit.serving.split_keys import split_keys


@pytest.fixture
def keys(signature):
    """The keys of rows with these columns besides the features; the rows are called r:0, r:1 …"""

    def make(column, n=3, **columns):
        given = {"miles": [1.0] * n, "zone": ["bronx"] * n, "hour": [8] * n, **columns}
        accepts = Accepts(signature=signature, split_by=column)
        return split_keys(read_rows(of_mapping(given), accepts, request_id="r", received_at=0), column)

    return make


@pytest.mark.parametrize(
    "values",
    [[4, None, 7], [4.0, None, 7.0], ["4", "", "7"], np.array([4.0, np.nan, 7.0]), [4.0, None, "7.0"]],
)
def test_a_column_that_only_callers_send(keys, values):
    """However numbers are written; without a value a row goes by its id."""
    assert keys("customer_id", customer_id=values) == ["4", "r:1", "7"]


def test_a_slice(keys):
    """It is recorded as context in any case."""
    assert keys("borough", borough=["queens", None, "bronx"]) == ["queens", "r:1", "bronx"]


def test_a_number(keys):
    """Of the matrix that the model is given."""
    assert keys("hour", hour=[8, None, 9]) == ["8", "r:1", "9"]
    assert keys("miles", miles=[0.5, 2.0, float("nan")]) == ["0.5", "2", "r:2"]


def test_a_category(keys):
    """Of the texts as they came, also those that nobody knows."""
    assert keys("zone", zone=["bronx", None, "moon"]) == ["bronx", "r:1", "moon"]


def test_a_column_that_did_not_come(keys):
    """All rows go by their ids."""
    assert keys("customer_id") == ["r:0", "r:1", "r:2"]


def test_the_mask_is_one_of_keys(world, batch):
    """Rows of one customer are answered by one version, whatever they are called."""
    world.release(1, canary=2, percent=50.0, split_by="customer_id")
    holding = Holding(world, world)
    holding.refresh()
    held, accepts = holding.ready("taxi")
    assert held.route == Route(
        model="taxi", generation=2, champion=1, canary=2, percent=50.0, split_by="customer_id"
    )
    columns = batch(400, customer_id=[row % 20 for row in range(400)])
    rows = read_rows(of_mapping(columns), accepts, request_id="r", received_at=0)
    canary, champion = serve(held, rows)
    chosen = {row % 20 for row in canary.rows}
    assert 0 < len(chosen) < 20
    assert chosen.isdisjoint(row % 20 for row in champion.rows)
    assert len(canary.rows) + len(champion.rows) == 400
