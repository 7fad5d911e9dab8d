"""What a model's Capture keeps out of the record is kept out of tables too."""

from dataclasses import replace

import polars as pl
import pytest

from keepfit.definition import Model
from keepfit.errors import WorkspaceError
from keepfit.evaluation.task import Regression
from keepfit.monitoring.policy import Monitor
from keepfit.predictions.capture_policy import Capture
from keepfit.predictions.masking import keyed_hash
from keepfit.workflows.mask_rows import mask_ids, mask_predictions

ROWS = pl.DataFrame(
    {
        "prediction_id": ["a", "b"],
        "prediction": [1.0, 2.0],
        "x_miles": [1.5, 2.5],
        "x_zone": ["A", None],
        "c_borough": ["q", "b"],
    }
)


@pytest.fixture
def ports(world):
    return replace(world.ports, capture_key=lambda: b"a key")


def model_of(capture):
    return Model(
        "taxi",
        task=Regression(target="minutes"),
        id="trip",
        time="at",
        features=["miles", "zone"],
        categorical=["zone"],
        monitor=Monitor(slices=["borough"]),
        capture=capture,
    )


def test_without_a_policy_rows_stay_as_they_are(world):
    """And no key is asked for."""
    assert mask_predictions(world.ports, model_of(Capture()), ROWS).equals(ROWS)
    assert mask_ids(world.ports, model_of(Capture(hash=["zone"])), ROWS).equals(ROWS)


def test_columns_are_redacted_and_hashed_as_in_the_capture_log(ports):
    """Features and context, and the id; a null stays null, a type its type."""
    made = mask_predictions(
        ports, model_of(Capture(redact=["miles"], hash=["zone", "borough", "trip"])), ROWS
    )
    assert made.schema == ROWS.schema
    assert made["x_miles"].to_list() == [None, None]
    assert made["x_zone"].to_list() == [keyed_hash("A", b"a key"), None]
    assert made["c_borough"].to_list() == [keyed_hash(one, b"a key") for one in "qb"]
    assert made["prediction_id"].to_list() == [keyed_hash(one, b"a key") for one in "ab"]
    assert made["prediction"].to_list() == [1.0, 2.0]


def test_without_a_key_nothing_is_recorded_in_the_open(world):
    """It is an error instead."""
    with pytest.raises(WorkspaceError, match="no key"):
        mask_predictions(world.ports, model_of(Capture(hash=["zone"])), ROWS)
