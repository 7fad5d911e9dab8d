"""Letting a version predict before anybody waits for it: what is slow the first time is done, what fails is found out."""

from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import ArtifactError
from keepfit.registry.probe import probe_rows
from keepfit.serving.loaded import LoadedModel, Predict
from keepfit.serving.preparing import Warmed

Matrix = npt.NDArray[np.float64]

#: Rows that are tried: few enough for a model that takes milliseconds a row.
_ROWS: Final = 16
#: Rows in company with how many others; sums of blocks come out differently from some size on.
_COMPANIES: Final = (2, 7, _ROWS)
_TRIES: Final = 3


def warmed(loaded: LoadedModel) -> Warmed:
    """Let a version predict its own example rows, or rows that are made up of its signature.

    It can take traffic when it gives a finite number for at least one row: it may refuse rows that no caller would send.
    Its rows may be put to it together with others when each is given, to the last bit, what it is given alone.

    Raises:
        ArtifactError: it raised on every row, gave no finite number, or other than one number a row.

    >>> from keepfit.registry.signature import Feature, Kind, Signature
    >>> miles = Feature("miles", Kind.NUMBER)
    >>> signature = Signature(features=(miles,), id="id", time="at", context=(), output="minutes")
    >>> warmed(LoadedModel(signature=signature, version=1, predict=lambda rows: rows[:, 0] * 2)).batchable
    True
    """
    rows = _rows(loaded)
    alone = [_one(loaded.predict, row) for row in rows]
    given = [one for one in alone if isinstance(one, float)]
    if not any(map(np.isfinite, given)):
        refused = next((one for one in alone if not isinstance(one, float)), "it gives no finite number")
        raise ArtifactError(f"it cannot predict: {refused}")
    batchable = len(given) == len(alone) and _is_batchable(loaded.predict, rows, np.array(given))
    return Warmed(batchable=batchable, row_us=_row_us(loaded.predict, rows, alone))


def _rows(loaded: LoadedModel) -> Matrix:
    own = loaded.probe if loaded.probe is not None and len(loaded.probe) else probe_rows(loaded.signature)
    return np.ascontiguousarray(np.resize(own, (_ROWS, own.shape[1])))


def _one(predict: Predict, row: Matrix) -> float | str:
    """What it gives for one row; in words when it gives none."""
    try:
        found = np.asarray(predict(row.reshape(1, -1)), dtype=np.float64)
    except Exception as error:  # noqa: BLE001 - a user's model may raise anything
        return f"{type(error).__name__}: {error}"
    return float(found[0]) if found.shape == (1,) else f"it gave an array of shape {found.shape} for one row"


def _is_batchable(predict: Predict, rows: Matrix, alone: Matrix) -> bool:
    for size in _COMPANIES:
        try:
            found = np.asarray(predict(rows[:size]), dtype=np.float64)
        except Exception:  # noqa: BLE001 - as above
            return False
        if not np.array_equal(found, alone[:size], equal_nan=True):
            return False
    return True


def _row_us(predict: Predict, rows: Matrix, alone: list[float | str]) -> float:
    """Microseconds that a row alone takes: the least of a few tries."""
    place = next(place for place, one in enumerate(alone) if isinstance(one, float))
    row, best = rows[place : place + 1], float("inf")
    for _ in range(_TRIES):
        begin = perf_counter()
        predict(row)
        best = min(best, perf_counter() - begin)
    return best * 1e6
