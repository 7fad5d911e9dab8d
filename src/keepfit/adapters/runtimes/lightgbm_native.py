"""LightGBM's library itself, called by ctypes: boosters from their text, without the package `lightgbm`.

The package imports pandas, SciPy and scikit-learn, which takes longer than all else that a server does until its first
answer. The library's interface is C and stable: https://lightgbm.readthedocs.io/en/latest/C-API.html.
"""

import ctypes
import importlib.util
import sys
import threading
import weakref
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_void_p
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from keepfit.adapters.runtimes.runtime import Matrix
from keepfit.errors import ArtifactError
from keepfit.registry.output import Vector

_FLOAT64: Final = 1
_ROW_MAJOR: Final = 1
_NORMAL: Final = 0
_FIRST: Final = 0
_ALL: Final = -1
_QUIET: Final = b"num_threads=1 verbosity=-1"
#: Where a wheel or a build has it, below the package's folder or beside it, in the package's own order.
_FOLDERS: Final = ("..", "bin", "lib")
_NAMES: Final = {"win32": "lib_lightgbm.dll", "darwin": "lib_lightgbm.dylib"}
#: All of them give 0, or else leave what was wrong to `LGBM_GetLastError`.
_ENTRIES: Final[dict[str, tuple[Any, ...]]] = {
    "LGBM_BoosterLoadModelFromString": (c_char_p, POINTER(c_int), POINTER(c_void_p)),
    "LGBM_BoosterFree": (c_void_p,),
    "LGBM_BoosterGetNumFeature": (c_void_p, POINTER(c_int)),
    "LGBM_BoosterNumModelPerIteration": (c_void_p, POINTER(c_int)),
    "LGBM_BoosterPredictForMat": (
        c_void_p, c_void_p, c_int, c_int32, c_int32, c_int, c_int, c_int, c_int, c_char_p,
        POINTER(c_int64), POINTER(c_double),
    ),
    "LGBM_BoosterPredictForMatSingleRowFastInit": (
        c_void_p, c_int, c_int, c_int, c_int, c_int32, c_char_p, POINTER(c_void_p),
    ),
    "LGBM_BoosterPredictForMatSingleRowFast": (c_void_p, c_void_p, POINTER(c_int64), POINTER(c_double)),
    "LGBM_FastConfigFree": (c_void_p,),
}  # fmt: skip


@cache
def native_library() -> Any:
    """The library of the package that is installed, with the types of its entries; loaded once.

    Raises:
        ArtifactError: there is no such package, its library is not where it is looked for, or cannot be loaded.
    """
    found = importlib.util.find_spec("lightgbm")
    if found is None or not found.origin:
        raise ArtifactError("there is no module 'lightgbm' here", hint="install lightgbm")
    package, name = Path(found.origin).parent, _NAMES.get(sys.platform, "lib_lightgbm.so")
    files = [file for folder in _FOLDERS if (file := package / folder / name).is_file()]
    if not files:
        raise ArtifactError(f"{package} lacks {name}", hint="install lightgbm from a wheel")
    try:
        # An object of its own: the types that are set here are not set for the package.
        library = ctypes.CDLL(str(files[0].resolve()))
        for entry, types in _ENTRIES.items():
            getattr(library, entry).argtypes = types
            getattr(library, entry).restype = c_int
        library.LGBM_GetLastError.argtypes = ()
        library.LGBM_GetLastError.restype = c_char_p
    except (OSError, AttributeError) as error:
        raise ArtifactError(f"LightGBM's library {files[0]} cannot be used: {error}") from error
    return library


class NativeBooster:
    """A booster that gives one number a row, on one thread; several threads may call it.

    Args:
        text: what `Booster.model_to_string` gave. The library trusts it: it comes from a folder that was verified.

    Attributes:
        features: how many it takes.

    Raises:
        ArtifactError: it cannot be read, or gives several numbers a row.
    """

    def __init__(self, text: bytes) -> None:
        self._library = native_library()
        handle, iterations = c_void_p(), c_int()
        self._did(self._library.LGBM_BoosterLoadModelFromString(text, byref(iterations), byref(handle)))
        self._handle = handle
        _freed(self, self._library.LGBM_BoosterFree, handle)
        self.features = self._number(self._library.LGBM_BoosterGetNumFeature)
        outputs = self._number(self._library.LGBM_BoosterNumModelPerIteration)
        if outputs != 1:
            raise ArtifactError(f"LightGBM's booster gives {outputs} numbers a row, and not one")

    def rows(self, matrix: Matrix) -> Vector:
        """What it gives for all rows of (n, features), by one call.

        Raises:
            ArtifactError: they have other features, or the library failed.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self.features:
            raise ArtifactError(
                f"LightGBM's booster takes {self.features} features, and not {matrix.shape[1:]}"
            )
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        found, length = np.empty(len(rows)), c_int64()
        if not len(rows):
            return found
        self._did(
            self._library.LGBM_BoosterPredictForMat(
                self._handle,
                rows.ctypes.data,
                _FLOAT64,
                len(rows),
                self.features,
                _ROW_MAJOR,
                _NORMAL,
                _FIRST,
                _ALL,
                _QUIET,
                byref(length),
                found.ctypes.data_as(POINTER(c_double)),
            )
        )
        if length.value != len(rows):
            raise ArtifactError(f"LightGBM gave {length.value} numbers for {len(rows)} rows")
        return found

    def single(self) -> "SingleRows":
        """Its entry for single rows. Raises ArtifactError."""
        return SingleRows(self._library, self._handle, self.features, owner=self)

    def _number(self, entry: Any) -> int:
        number = c_int()
        self._did(entry(self._handle, byref(number)))
        return number.value

    def _did(self, failed: int) -> None:
        if failed:
            raise ArtifactError(f"LightGBM: {_last_words(self._library)}")


class SingleRows:
    """Single rows by `LGBM_BoosterPredictForMatSingleRowFast`: what it needs is laid out once.

    Args:
        library: that made the booster.
        handle: of the booster, which gives one number a row.
        features: how many it takes.
        owner: frees the booster when it goes, and so is kept.
        iterations: how many of its trees are used; all when -1.

    Raises:
        ArtifactError: the library does not take the booster for single rows.
    """

    def __init__(
        self, library: Any, handle: c_void_p, features: int, *, owner: object, iterations: int = _ALL
    ) -> None:
        self._owner = owner
        self._library = library
        self._row, self._found = np.empty(features), np.empty(1)
        self._lock = threading.Lock()
        config, self._length = c_void_p(), c_int64()
        failed = library.LGBM_BoosterPredictForMatSingleRowFastInit(
            handle,
            c_int(_NORMAL),
            c_int(_FIRST),
            c_int(iterations),
            c_int(_FLOAT64),
            c_int32(features),
            c_char_p(_QUIET),
            byref(config),
        )
        if failed:
            raise ArtifactError(f"LightGBM does not take it for single rows: {_last_words(library)}")
        _freed(self, library.LGBM_FastConfigFree, config)
        self._call = partial(
            library.LGBM_BoosterPredictForMatSingleRowFast,
            config,
            self._row.ctypes.data_as(c_void_p),
            byref(self._length),
            self._found.ctypes.data_as(POINTER(c_double)),
        )

    def rows(self, matrix: Matrix) -> Vector:
        """Each row of (n, features) singly. Raises ArtifactError when the library failed."""
        found = np.empty(len(matrix))
        with self._lock:
            for place in range(len(matrix)):
                self._row[:] = matrix[place]
                if self._call():
                    raise ArtifactError(f"LightGBM failed on a row: {_last_words(self._library)}")
                found[place] = self._found[0]
        return found


def _freed(owner: object, entry: Any, handle: c_void_p) -> None:
    """Free what the library made when its owner goes; but not at the process's end, when a thread may still be at it."""
    weakref.finalize(owner, entry, handle).atexit = False


def _last_words(library: Any) -> str:
    words = library.LGBM_GetLastError()
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else "it failed"
