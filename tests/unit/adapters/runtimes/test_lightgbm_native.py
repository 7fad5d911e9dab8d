"""LightGBM's library without its package."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from keepfit.adapters.runtimes.lightgbm_native import NativeBooster, native_library
from keepfit.errors import ArtifactError

SETTINGS = {"verbose": -1, "min_child_samples": 3, "n_estimators": 12, "n_jobs": 1}


@pytest.fixture(scope="module")
def booster(numbers):
    return lightgbm.LGBMRegressor(**SETTINGS).fit(numbers.X, numbers.y).booster_


@pytest.fixture(scope="module")
def text(booster):
    return booster.model_to_string().encode()


def test_rows_together_and_single_are_what_the_package_gives(numbers, booster, text):
    """To the last bit, also with missing and infinite values, and rows that do not lie in order."""
    native = NativeBooster(text)
    rows = numbers.matrix.copy()
    rows[::3, 1], rows[::5, 2], rows[0] = np.nan, np.inf, np.nan
    truth = booster.predict(rows)
    for found in (native.rows(rows), native.rows(np.asfortranarray(rows)), native.single().rows(rows)):
        np.testing.assert_array_equal(found, truth)
    np.testing.assert_array_equal(native.rows(rows[::2]), truth[::2])
    assert native.rows(rows[:0]).shape == native.single().rows(rows[:0]).shape == (0,)


def test_threads_may_call_it_together(numbers, booster, text):
    """The library lets go of the interpreter while it works."""
    native, truth = NativeBooster(text), booster.predict(numbers.matrix)
    single = native.single()

    def ask(number):
        call, rows = (native.rows, slice(None)) if number % 2 else (single.rows, slice(number, number + 9))
        return np.array_equal(call(numbers.matrix[rows]), truth[rows])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(200)))


def test_what_reads_single_rows_keeps_the_booster(numbers, booster, text):
    """Its trees are freed with whichever goes last."""
    single = NativeBooster(text).single()
    np.testing.assert_array_equal(single.rows(numbers.matrix[:9]), booster.predict(numbers.matrix[:9]))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_boosters_are_freed(numbers):
    """Version after version may be loaded in one server."""
    many = lightgbm.LGBMRegressor(**{**SETTINGS, "n_estimators": 150}).fit(numbers.X, numbers.y)
    text = many.booster_.model_to_string().encode()

    def megabytes_after(times):
        for _ in range(times):
            NativeBooster(text).single().rows(numbers.matrix[:1])
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    before = megabytes_after(3)
    # Without freeing, each load keeps about as much as its text is long.
    assert megabytes_after(60) - before < 60 * len(text) / 1e6 / 4


@pytest.mark.parametrize("broken", [b"", b"no model", b"tree\nversion=v4\nnum_class=1\n"])
def test_a_broken_text_is_refused_in_the_librarys_own_words(broken):
    """And does not end the process."""
    with pytest.raises(ArtifactError, match=r"^LightGBM: \w+"):
        NativeBooster(broken)


def test_rows_of_another_width_are_refused(numbers, text):
    """The library would read past their end."""
    with pytest.raises(ArtifactError, match="takes 4 features"):
        NativeBooster(text).rows(numbers.matrix[:, :3])
    with pytest.raises(ArtifactError, match="takes 4 features"):
        NativeBooster(text).rows(numbers.matrix[0])
    with pytest.raises(ValueError, match="broadcast"):
        NativeBooster(text).single().rows(numbers.matrix[:, :3])


def test_several_numbers_a_row_are_refused(numbers):
    """There is room for one."""
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(numbers.X, np.arange(300) % 3)
    with pytest.raises(ArtifactError, match="gives 3 numbers a row"):
        NativeBooster(model.booster_.model_to_string().encode())


def test_a_machine_without_the_library_is_told(monkeypatch):
    """With what to install."""
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ArtifactError, match="no module 'lightgbm'"):
        native_library.__wrapped__()
