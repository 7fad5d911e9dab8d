"""Profiles of tables that come in parts, on several threads."""

import threading
import weakref

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.category_counts import CodedText
from keepfit.stats.pieces import FramePiece
from keepfit.stats.profile import Profile, cells_of, profile_frame
from keepfit.stats.stream import profile_frames, profile_pieces


def _table(n, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(10, 3, size=n).round(1)
    return pl.DataFrame(
        {
            "x": pl.Series(np.where(rng.random(n) < 0.1, np.nan, x)).fill_nan(None),
            "y": x + rng.normal(size=n),
            "k": rng.integers(0, 5, size=n),
            "zone": rng.choice(["a", "b", "c", "new"], size=n),
        }
    )


CELLS = cells_of(_table(500).filter(pl.col("zone") != "new"), ["x", "y", "k"], ["zone"])
TABLE = _table(400, seed=1)


def _close(a, b):
    assert (a.rows, a.features["zone"], a.features.keys()) == (b.rows, b.features["zone"], b.features.keys())
    for name in ("x", "y", "k"):
        one, other = a.features[name], b.features[name]
        assert one.counts.tolist() == other.counts.tolist()
        assert (one.nulls, one.minimum, one.maximum) == (other.nulls, other.minimum, other.maximum)
        np.testing.assert_allclose(one.sums, other.sums, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose((one.m1, one.m2), (other.m1, other.m2), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(a.moments.correlations(), b.moments.correlations(), atol=1e-9)
    assert a.moments.pairs.tolist() == b.moments.pairs.tolist()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=6).map(sorted), st.integers(1, 3))
def test_any_split_gives_the_same_as_one_piece(cuts, threads):
    """Empty frames among them, on any number of threads."""
    ends = zip([0, *cuts], [*cuts, 400], strict=True)
    frames = [TABLE[start:end] for start, end in ends]
    _close(profile_frames(frames, CELLS, threads=threads), profile_frame(TABLE, CELLS))


def test_the_same_frames_give_the_same_sums_to_the_last_digit():
    """Whichever thread is faster."""
    frames = list(TABLE.iter_slices(7))
    runs = [profile_frames(frames, CELLS, threads=threads) for threads in (1, 4, 4)]
    assert runs[0] == runs[1] == runs[2]


def test_a_frame_of_any_size_is_cut():
    """A table larger than what is profiled at a time is counted like its parts."""
    large = _table(300_000, seed=2)
    _close(profile_frames([large], CELLS), profile_frame(large, CELLS))
    assert profile_frames([large], CELLS).rows == 300_000


def test_no_frame_is_the_empty_profile():
    """It adds nothing to any other."""
    assert profile_frames([], CELLS) == Profile.empty(CELLS)


def test_frames_are_asked_for_by_one_thread_at_a_time_and_let_go():
    """A reader needs no lock of its own, and a table larger than memory fits in it: two threads hold three frames."""
    inside, given, most = threading.Lock(), [], 0

    def frames():
        nonlocal most
        for _ in range(20):
            assert inside.acquire(blocking=False)
            frame = _table(50)
            given.append(weakref.ref(frame))
            most = max(most, sum(one() is not None for one in given))
            inside.release()
            yield frame

    assert profile_frames(frames(), CELLS, threads=2).rows == 1000
    assert most <= 4


def test_an_error_of_the_reader_comes_through():
    """And the other threads stop asking."""
    asked = []

    def frames():
        for number in range(100):
            asked.append(number)
            if number == 5:
                raise OSError("the disk is gone")
            yield TABLE

    with pytest.raises(OSError, match="the disk is gone"):
        profile_frames(frames(), CELLS, threads=2)
    assert asked[-1] == 5


def test_columns_may_have_other_names_in_the_frames():
    """And moments may be left out."""
    renamed = TABLE.rename({name: f"x_{name}" for name in TABLE.columns})
    found = profile_frames([renamed], CELLS, columns={name: f"x_{name}" for name in CELLS}, moments=False)
    assert found.moments is None
    assert found.features == profile_frame(TABLE, CELLS).features


def test_pieces_tell_how_far_they_are():
    """In their order, whichever thread is faster; the last is all rows."""
    told = []
    pieces = [FramePiece(TABLE[start : start + 90]) for start in range(0, 400, 90)]
    assert profile_pieces(pieces, CELLS, threads=3, done=told.append).rows == 400
    assert told == sorted(told)
    assert told[-1] == 400


def test_more_columns_than_are_read_at_a_time_are_joined():
    """In the order of the cells, with the correlations of all of them; numbers stored as text are numbers."""
    wide = pl.concat([TABLE.rename(lambda name, i=i: f"{name}{i}") for i in range(7)], how="horizontal")
    cells = cells_of(wide, [name for name in wide.columns if name[0] != "z"], [f"zone{i}" for i in range(7)])
    found = profile_frames(wide.iter_slices(150), cells)
    assert list(found.features) == list(cells)
    assert found.moments == sum(
        (profile_frame(one, cells).moments for one in wide[150:].iter_slices(150)),
        start=profile_frame(wide[:150], cells).moments,
    )


def test_codes_are_text_to_whatever_counts_them():
    """Also where a number is due."""

    class Coded:
        rows = 3

        def read(self, columns):
            values = pl.Series(["1", "2", "far"])
            return {name: CodedText(codes=pl.Series([1, None, 2]), values=values) for name in columns}

    found = profile_pieces([Coded()], {name: CELLS[name] for name in ("k", "zone")}).features
    assert (found["k"].n, found["k"].nulls, found["k"].unreadable) == (1, 2, 1)
    assert (found["zone"].unseen, found["zone"].nulls) == (2, 1)


def test_an_error_while_reading_a_piece_comes_through():
    """Whichever thread reads it."""

    class Damaged:
        rows = 3

        def read(self, columns):
            raise OSError(f"{columns} are gone")

    with pytest.raises(OSError, match="are gone"):
        profile_pieces([FramePiece(TABLE), Damaged()], CELLS)
