"""The evidence of one window."""

from datetime import UTC, datetime, timedelta

import polars as pl

from keepfit.clock import Window
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.monitoring.evidence import window_evidence
from keepfit.monitoring.reference import build_reference
from keepfit.registry.signature import Feature, Kind

FEATURES = (Feature("miles", Kind.NUMBER), Feature("zone", Kind.CATEGORY, text=True))
START = datetime(2020, 1, 1, tzinfo=UTC)
REFERENCE = build_reference(
    pl.DataFrame({"at": [START] * 3, "miles": [1.0, 2.0, 3.0], "zone": ["a", "b", "b"]}),
    features=FEATURES,
    time="at",
    every=timedelta(days=1),
    expected=Performance(),
    predictions=pl.Series([1.0, 2.0, 3.0]),
)
ROWS = pl.DataFrame(
    {
        "version": [1, 1, 1, 1, 2, 1],
        "role": ["champion", "champion", "champion", "failed", "canary", "shadow"],
        "prediction": [1.0, 2.0, 3.0, None, 9.0, 9.0],
        "label": [2.0, 5.0, None, 1.0, 1.0, 1.0],
        "x_miles": [1.0, 2.0, 3.0, 1.0, 3.0, 3.0],
        "x_zone": ["a", "b", None, "a", "b", "b"],
        "c_borough": ["Queens", "Bronx", "Bronx", "Bronx", "Bronx", "Bronx"],
    }
)


def _evidence(rows, slices=("zone", "borough", "absent")):
    return window_evidence(
        rows,
        model="m",
        version=1,
        window=Window(START, START + timedelta(days=1)),
        reference=REFERENCE,
        features=FEATURES,
        slices=slices,
        metric="mae",
        batch=7,
    )


def test_traffic_is_of_every_served_row_whoever_answered():
    """Champion's and canary's rows; who failed answered nobody, and shadows answer the same rows: neither counts."""
    found = _evidence(ROWS)
    assert found.traffic.rows == 4
    assert found.traffic.features["miles"].sums.sum() == 9.0
    assert found.traffic.features["zone"].nulls == 1


def test_answers_and_failures_are_of_this_version_alone():
    """The rows that it was asked for, how many of them it failed on, and what it predicted in the others."""
    found = _evidence(ROWS)
    assert (found.served, found.failed, found.batch) == (4, 1, 7)
    assert found.predictions.sums.sum() == 6.0


def test_another_versions_failures_are_not_counted():
    """A canary that fails is no failure of the champion, who answers its rows."""
    rows = ROWS.with_columns(role=pl.when(pl.col("version") == 2).then(pl.lit("failed")).otherwise("role"))
    assert _evidence(rows).failed == 1
    assert _evidence(rows.filter(pl.col("version") == 2)).failed == 0


def test_losses_are_of_rows_with_a_prediction_and_a_label():
    """Predicted three, labelled two; the failed row's label counts nowhere."""
    found = _evidence(ROWS).performance
    assert found.predicted == 3
    assert found.labelled == LossSums(2, 4.0, 10.0)


def test_slices_are_features_or_context():
    """Keyed `column=value`; a slice whose column is not there has no entry."""
    found = _evidence(ROWS).performance.slices
    assert found == {
        "zone=a": LossSums(1, 1.0, 1.0),
        "zone=b": LossSums(1, 3.0, 9.0),
        "borough=Queens": LossSums(1, 1.0, 1.0),
        "borough=Bronx": LossSums(1, 3.0, 9.0),
    }


def test_a_slice_without_a_value_is_null():
    """Rows that hold null make a slice of their own."""
    found = _evidence(ROWS.with_columns(label=pl.lit(1.0))).performance.slices
    assert found["zone=null"] == LossSums(1, 2.0, 4.0)


def test_an_empty_window_is_evidence_of_nothing():
    """Even without columns, as an empty lake gives it."""
    for rows in (pl.DataFrame(), ROWS.clear()):
        found = _evidence(rows)
        assert (found.traffic.rows, found.served, found.failed, found.predictions.rows) == (0, 0, 0, 0)
        assert found.performance == Performance()


def test_a_feature_that_the_lake_does_not_have_is_null():
    """It shows as nulls in the traffic, with all rows counted."""
    found = _evidence(ROWS.drop("x_miles", "x_zone"))
    assert found.traffic.rows == 4
    assert found.traffic.features["miles"].nulls == 4


def test_labels_that_are_not_a_number_are_no_labels():
    """NaN is taken as a label that has not come."""
    assert _evidence(ROWS.with_columns(label=float("nan"))).performance.labelled == LossSums()


def test_a_window_without_any_label_has_predictions_and_no_losses():
    """A label column without a type, as a join with nothing gives it, is no error."""
    found = _evidence(ROWS.with_columns(label=pl.lit(None))).performance
    assert (found.predicted, found.labelled, found.slices) == (3, LossSums(), {})
