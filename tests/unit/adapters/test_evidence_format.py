"""Evidence on disk: what was ever written is read for ever, and what is newer than this keepfit is said to be."""

import typing
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.adapters import evidence_format
from keepfit.adapters.codec import pack
from keepfit.adapters.column_bytes import read_column, write_column
from keepfit.adapters.evidence_format import (
    FORMAT,
    AnyCells,
    digest_of,
    pack_evidence,
    unpack_cells,
    unpack_evidence,
    unpack_windows,
)
from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile
from keepfit.stats.moments import Moments
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile, cells_of, profile_frame

DATA = Path(__file__).parents[2] / "data"
NOON = datetime(2020, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)

#: What the files of format 1 hold: they were packed before any field was added to it.
MILES = NumericCells(
    edges=tuple(number / 4 for number in range(-3, 37)),
    low=-0.75,
    high=9.0,
    atoms=(0.25, 1.5),
    coarse=(0, 1, 11, 40),
    centre=2.5,
)
EMPTY = NumericCells(edges=(), low=None, high=None, atoms=(), coarse=(0,), centre=0.0)
ZONES = CategoricalCells(values=("Queens", 7, "é"), tail=("Bronx",), complete=False, singletons=1)
PREDICTED = NumericProfile(
    cells=MILES,
    counts=np.arange(41, dtype=np.int64) * 1000,
    sums=np.arange(41) / 7,
    nulls=3,
    summed=820_000,
    minimum=-0.5,
    maximum=1e9,
    m1=-1.25,
    m2=5e300,
    named=((-999.0, 70_000), (12.5, 3)),
)
GOLDEN = WindowEvidence(
    model="taxi-eta",
    version=3,
    window=Window(NOON, NOON + timedelta(hours=1)),
    traffic=Profile(
        rows=820_003,
        features={
            "miles": PREDICTED,
            "tip": NumericProfile(
                cells=EMPTY, counts=np.array([0], np.int64), sums=np.array([-0.0]), nulls=820_003
            ),
            "zone": CategoricalProfile(
                cells=ZONES,
                counts=np.array([820_000, 0, 1], np.int64),
                other=1,
                unseen=2,
                nulls=4,
                named=(("Ωmega", 1), (9, 1)),
            ),
        },
    ),
    predictions=PREDICTED,
    performance=Performance(
        predicted=820_003,
        labelled=LossSums(400_001, 1e6 / 3, 7.5e6),
        slices={"zone=Queens": LossSums(400_000, 333_333.0, 7.5e6), "zone=null": LossSums()},
    ),
    failed=2,
    served=820_005,
    batch=12_345_678_901,
)


#: What the files of format 2 hold beside that.
MOMENTS = Moments.of(
    {"miles": MILES, "tip": MILES},
    {"miles": np.array([1.0, 2.0, 8.0]), "tip": np.array([0.5, np.nan, -0.25])},
)


def stored(number: int) -> tuple[WindowEvidence, tuple[AnyCells, ...]]:
    """The evidence and the cells in the files of a format."""
    cells = unpack_cells((DATA / f"evidence_{number}_cells.bin").read_bytes())
    return unpack_evidence((DATA / f"evidence_{number}.bin").read_bytes(), cells), cells


def day(number: int, rows: int = 300) -> WindowEvidence:
    """The evidence of one day in the cells of one reference."""
    random = np.random.default_rng(number)
    frame = pl.DataFrame({"miles": random.gamma(2, 2, rows), "zone": random.choice(["a", "b"], rows)})
    reference = pl.DataFrame(
        {"miles": np.random.default_rng(0).gamma(2, 2, 3000), "zone": ["a", "b", "b"] * 1000}
    )
    traffic = profile_frame(frame, cells_of(reference, ["miles"], ["zone"]))
    window = Window(NOON + number * timedelta(days=1), NOON + (number + 1) * timedelta(days=1))
    return replace(GOLDEN, window=window, traffic=traffic, predictions=traffic.features["miles"])


def test_what_format_1_wrote_is_read_for_ever():
    """Files that are never made again; fields that were added since have their defaults."""
    found, cells = stored(1)
    assert found == GOLDEN
    assert set(cells) == {MILES, EMPTY, ZONES}
    assert np.signbit(found.traffic.features["tip"].sums[0])


def test_what_format_2_wrote_is_read_for_ever():
    """Likewise; with correlations of columns that have gaps."""
    found, cells = stored(2)
    assert found == replace(GOLDEN, traffic=replace(GOLDEN.traffic, moments=MOMENTS))
    assert len(cells) == 3
    assert np.signbit(found.traffic.features["tip"].sums[0])


def test_many_windows_are_read_at_once():
    """Those of one version, in their order; in the first format too."""
    packed = [pack_evidence(day(number)) for number in (1, 2)]
    found = unpack_windows([one.evidence for one in packed], unpack_cells(packed[0].cells))
    assert found == [day(1), day(2)]
    old, cells = (DATA / "evidence_1.bin").read_bytes(), stored(1)[1]
    assert unpack_windows([old, old], cells) == [GOLDEN, GOLDEN]


@pytest.mark.parametrize("evidence", [GOLDEN, day(1), day(2, rows=0)], ids=["golden", "a day", "no rows"])
def test_evidence_comes_back_to_the_last_bit(evidence):
    """Every field, every array."""
    packed = pack_evidence(evidence)
    found = unpack_evidence(packed.evidence, unpack_cells(packed.cells))
    assert found == evidence
    assert pack(found) == pack(evidence)


def test_windows_of_one_version_share_their_cells():
    """The cells are packed apart, the same for each window; read back, the windows add up as before."""
    days = [day(number) for number in range(3)]
    packed = [pack_evidence(one) for one in days]
    assert len({one.digest for one in packed}) == 1
    assert packed[0].digest == digest_of(packed[1].cells)
    cells = unpack_cells(packed[0].cells)
    found = [unpack_evidence(one.evidence, cells).traffic for one in packed]
    assert found[0].features["miles"].cells is found[2].features["miles"].cells
    assert Profile.merge(found) == Profile.merge([one.traffic for one in days])


def test_whatever_evidence_is_counted_in_is_kept_apart():
    """A type of cells that comes to be used anywhere in evidence has to be listed, or it is stored with every window."""
    found: set[Any] = set()

    def walk(declared: Any) -> None:
        if is_dataclass(declared) and declared not in found:
            found.add(declared)
            hints = typing.get_type_hints(declared)
            for one in fields(declared):
                walk(hints[one.name])
        for part in typing.get_args(declared):
            walk(part)

    walk(WindowEvidence)
    assert NumericProfile in found
    assert {kind for kind in found if kind.__name__.endswith("Cells")} <= set(typing.get_args(AnyCells))


def test_cells_and_wide_counts_are_not_stored_again_and_again():
    """Without its cells, and with counts as narrow as they may be, a window takes less than half of the codec's record."""
    assert len(pack_evidence(day(1)).evidence) < len(pack(day(1))) / 2


def test_a_newer_format_is_not_guessed_at():
    """The number of the format is the fourth byte; one that nobody here knows is named, and what to do."""
    packed = pack_evidence(GOLDEN)
    newer = packed.evidence[:3] + bytes([FORMAT + 1]) + packed.evidence[4:]
    with pytest.raises(DataError, match=f"evidence is in format {FORMAT + 1}, .* up to {FORMAT}") as caught:
        unpack_evidence(newer, unpack_cells(packed.cells))
    assert "upgrade keepfit" in str(caught.value.hint)
    with pytest.raises(DataError, match=f"cells is in format {FORMAT + 1}"):
        unpack_cells(packed.cells[:3] + bytes([FORMAT + 1]) + packed.cells[4:])


def test_what_a_newer_keepfit_added_to_this_format_is_passed_over():
    """A field that this keepfit does not know, and one that it knows and the other did not."""
    packed = pack_evidence(GOLDEN)
    column = read_column(packed.evidence[4:])
    column["mood"] = ["good"]
    del column["performance"]["slices"]
    changed = packed.evidence[:4] + write_column(column)
    found = unpack_evidence(changed, unpack_cells(packed.cells))
    assert found == replace(GOLDEN, performance=replace(GOLDEN.performance, slices={}))


@pytest.mark.parametrize("length", [0, 3, 4, 5, 100, -1])
def test_what_was_cut_short_is_refused(length):
    """Half a file is an error that says so, not half of the evidence."""
    packed = pack_evidence(GOLDEN)
    with pytest.raises(DataError, match=r"stored as evidence is none|cannot be read") as caught:
        unpack_evidence(packed.evidence[:length], unpack_cells(packed.cells))
    assert "restore" in str(caught.value.hint)


def test_other_bytes_and_other_cells_are_refused():
    """What keepfit did not write; and evidence that names cells which are not there."""
    with pytest.raises(DataError, match="is none"):
        unpack_evidence(b"PAR1 and more", ())
    with pytest.raises(DataError, match="cannot be read"):
        unpack_evidence(pack_evidence(GOLDEN).evidence, ())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(4, 1899), st.integers(0, 255)), min_size=1, max_size=3))
def test_altered_bytes_are_read_or_refused(changes):
    """A disk that lies makes no error but the one that says what to do."""
    packed = bytearray((DATA / "evidence_2.bin").read_bytes())
    for place, byte in changes:
        packed[place] = byte
    with suppress(DataError):
        assert isinstance(unpack_evidence(bytes(packed), stored(2)[1]), WindowEvidence)


def test_a_time_that_is_none_is_refused():
    """Microseconds that lead out of the calendar."""
    packed = pack_evidence(GOLDEN)
    column = read_column(packed.evidence[4:])
    column["window"]["start"] = [2**62]
    with pytest.raises(DataError, match="OverflowError"):
        unpack_evidence(packed.evidence[:4] + write_column(column), unpack_cells(packed.cells))


def test_every_format_there_was_has_a_reader():
    """From the first to the one that is written."""
    assert sorted(evidence_format._READERS) == list(range(1, FORMAT + 1))
