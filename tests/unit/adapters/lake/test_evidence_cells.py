"""Cells are kept once, and are what their digest says."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.evidence_format import digest_of, pack_evidence, unpack_cells
from keepfit.adapters.lake.evidence_cells import DeltaCells
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import Commit
from keepfit.clock import EPOCH, Window
from keepfit.errors import DataError
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile
from keepfit.stats.profile_stack import ColumnLayout

#: What traffic without a feature is counted in.
NO_COLUMNS = ColumnLayout(names=(), cells=())


def cells(number: int) -> NumericCells:
    return NumericCells.of(np.arange(10.0) + number)


def packed(number: int) -> bytes:
    """Cells as a window's evidence packs them."""
    evidence = WindowEvidence(
        model="taxi",
        version=1,
        window=Window(EPOCH, EPOCH),
        traffic=Profile(rows=0, features={}),
        predictions=NumericProfile.empty(cells(number)),
        performance=Performance(),
        failed=0,
        served=0,
        batch=0,
    )
    return pack_evidence(evidence).cells


def opened(tmp_path) -> DeltaCells:
    return DeltaCells(Location.of(tmp_path / "cells"), configuration={})


def test_cells_come_back(tmp_path):
    """In this process and in another; and they are one object for all who ask."""
    here, there = opened(tmp_path), opened(tmp_path)
    digests = [digest_of(packed(number)) for number in (1, 2)]
    for number, digest in zip((1, 2), digests, strict=True):
        here.keep(digest, packed(number))
    assert here.cells(digests[0]) == there.cells(digests[0]) == (NO_COLUMNS, cells(1))
    assert there.cells(digests[1]) == unpack_cells(packed(2))
    assert there.cells(digests[0])[1] is there.cells(digests[0])[1]


def test_equal_cells_are_one_object_whatever_they_are_stored_with(tmp_path):
    """Windows whose cells differ in part are summed without comparing the others edge by edge."""
    store = opened(tmp_path)
    for number in (1, 2):
        store.keep(digest_of(packed(number)), packed(number))
    one, other = (store.cells(digest_of(packed(number))) for number in (1, 2))
    assert one[0] is other[0]
    assert one[1] != other[1]


def test_the_same_cells_are_stored_once(tmp_path):
    """By four processes at once, the creation of the table among it."""
    digests = [digest_of(packed(number)) for number in range(3)]

    def work(_worker: int) -> None:
        store = opened(tmp_path)
        for number, digest in enumerate(digests):
            store.keep(digest, packed(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    table = opened(tmp_path)._table
    table.refresh()
    assert sorted(table.scan().collect()["digest"]) == sorted(digests)


def test_what_is_not_there_or_was_altered_is_told(tmp_path):
    """Cells are read by what they are, so that others in their place are noticed."""
    store = opened(tmp_path)
    with pytest.raises(DataError, match=r"the cells sha256:0 at .* are not there"):
        store.cells("sha256:0")
    store.keep(digest_of(packed(1)), packed(1))
    wrong = pl.DataFrame(
        {"digest": ["sha256:0"], "format": pl.Series([1], dtype=pl.Int32), "cells": [packed(1)]}
    )
    store._table.write(wrong, "append", Commit(metadata={}, serial=("a test", 1)))
    with pytest.raises(DataError, match="were altered") as caught:
        store.cells("sha256:0")
    assert "restore" in str(caught.value.hint)


def test_only_so_many_are_held(tmp_path):
    """The oldest make room, and are read again."""
    store = opened(tmp_path)
    digests = [digest_of(packed(number)) for number in range(34)]
    for number, digest in enumerate(digests):
        store.keep(digest, packed(number))
    first = store.cells(digests[0])
    for digest in digests:
        store.cells(digest)
    assert len(store._held) == 32
    assert store.cells(digests[0]) == first
