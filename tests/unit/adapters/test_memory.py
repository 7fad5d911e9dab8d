"""The twins in memory: what they promise is in the conformance suites; here, what is theirs alone."""

from datetime import UTC, datetime

import polars as pl
import pytest

from keepfit.adapters.memory import MemoryDatasets, MemoryPredictions
from keepfit.errors import NotFoundError
from keepfit.predictions.record import PREDICTION_COLUMNS

AT = datetime(2020, 1, 31, tzinfo=UTC)


def test_two_stores_share_nothing():
    """Each test has its own."""
    MemoryDatasets().commit("taxi", pl.DataFrame({"a": [1]}), source="a test", at=AT)
    with pytest.raises(NotFoundError):
        MemoryDatasets().versions("taxi")
    row = ("a", 1, "champion", AT, AT, 1.0, None)
    MemoryPredictions().append_predictions(
        "taxi", pl.DataFrame([row], schema=PREDICTION_COLUMNS, orient="row"), batch=1
    )
    assert MemoryPredictions().count("taxi") == 0


def test_a_vacuum_has_no_files_to_delete():
    """It answers nought for a dataset that is there."""
    store = MemoryDatasets()
    store.commit("taxi", pl.DataFrame({"a": [1]}), source="a test", at=AT)
    assert store.vacuum("taxi") == 0
