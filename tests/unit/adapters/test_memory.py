"""The twins in memory: what they promise is in the conformance suites; here, what is theirs alone."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.memory import MemoryDatasets, MemoryEvidence, MemoryPredictions
from keepfit.clock import Window
from keepfit.errors import NotFoundError
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.predictions.record import PREDICTION_COLUMNS
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile

AT = datetime(2020, 1, 31, tzinfo=UTC)


def test_two_stores_share_nothing():
    """Each test has its own."""
    MemoryDatasets().commit("taxi", pl.DataFrame({"a": [1]}), source="a test", at=AT)
    with pytest.raises(NotFoundError):
        MemoryDatasets().versions("taxi")
    row = ("a", 1, "champion", AT, AT, 1.0, None)
    MemoryPredictions().append_predictions(
        "taxi", pl.DataFrame([row], schema=list(PREDICTION_COLUMNS)[: len(row)], orient="row"), batch=1
    )
    assert MemoryPredictions().count("taxi") == 0


def test_evidence_is_held_by_its_store():
    """What one store was given another has not."""
    cells = NumericCells.of(np.array([1.0]))
    evidence = WindowEvidence(
        model="taxi",
        version=1,
        window=Window(AT, AT),
        traffic=Profile(rows=0, features={}),
        predictions=NumericProfile.empty(cells),
        performance=Performance(),
        failed=0,
        served=0,
        batch=0,
    )
    store = MemoryEvidence()
    store.put(evidence)
    assert store.evidence("taxi", 1) == [evidence]
    assert MemoryEvidence().evidence("taxi", 1) == []


def test_a_vacuum_has_no_files_to_delete():
    """It answers nought for a dataset that is there."""
    store = MemoryDatasets()
    store.commit("taxi", pl.DataFrame({"a": [1]}), source="a test", at=AT)
    assert store.vacuum("taxi") == 0
