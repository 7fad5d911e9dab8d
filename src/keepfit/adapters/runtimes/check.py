"""Whether a faster way of calling a model gives what the model's own public method gives."""

import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import numpy as np

from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import MatrixPredict, Vector

#: Rows that are always tried singly as well.
_SINGLY: Final = 6

#: A maker of a runtime; None, or any exception, when it has nothing to offer for this model.
Maker = Callable[[], Runtime | None]


def first_equal(reference: Runtime, makers: Iterable[Maker], probe: Matrix) -> Runtime:
    """The first runtime that gives what the reference does, to the last bit; the reference itself when none does.

    Where a row is given something else alone than in company, what it is given alone is what counts.
    Where the reference refuses rows with a missing number, so does what is returned.

    Args:
        reference: the model's own public method.
        makers: from the fastest to the slowest.
        probe: rows to compare on, without a missing number.
    """
    notes: list[str] = []
    for make in makers:
        try:
            found = _checked(reference, make, probe)
        except Exception as error:  # noqa: BLE001 - a shortcut through a library's own parts: whatever fails, the public way stands
            notes.append(f"{type(error).__name__}: {error}")
            continue
        if found is not None:
            return found
    return Runtime(reference.name, reference.predict, "; ".join(notes))


def _checked(reference: Runtime, make: Maker, probe: Matrix) -> Runtime | None:
    with warnings.catch_warnings():
        # A warning that the public method does not give would be given with every request.
        warnings.simplefilter("error")
        found = make()
        if found is None:
            return None
        problem = differs(found.predict, reference.predict, probe)
        if problem:
            raise ValueError(f"{found.name} {problem}")
    holed = with_holes(probe)
    if _refuses(reference, holed):
        return Runtime(found.name, partial(_unless_missing, found.predict, reference.predict), found.note)
    problem = differs(found.predict, reference.predict, holed)
    if problem:
        raise ValueError(f"{found.name} with missing values {problem}")
    return found


def differs(fast: MatrixPredict, reference: MatrixPredict, probe: Matrix, *, tolerance: float = 0.0) -> str:
    """How two calls differ on the probe rows, in words; empty when they do not.

    Args:
        fast: called with all rows, and with the first ones singly.
        reference: called likewise; with every row singly where it gives other numbers to rows in company.
        probe: the rows.
        tolerance: of the difference, relative to the larger of 1 and the reference's own number.

    >>> rows = np.array([[1.0], [3.0]])
    >>> differs(lambda m: m[:, 0] + 1e-9, lambda m: m[:, 0], rows)
    'differs from the public method by up to 1e-09 on 2 of 2 rows'
    >>> differs(lambda m: m[:, 0] + 1e-9, lambda m: m[:, 0], rows, tolerance=1e-6)
    ''
    """
    whole, few = fast(probe), probe[:_SINGLY]
    problem = _unlike(_singly(fast, few), _singly(reference, few), tolerance)
    if problem or not _unlike(whole, reference(probe), tolerance):
        return problem
    return _unlike(whole, _singly(reference, probe), tolerance)


def _unlike(found: Vector, truth: Vector, tolerance: float) -> str:
    if found.shape != truth.shape:
        return f"gives {found.shape} numbers for {len(truth)} rows"
    far = np.abs(found - truth) / np.maximum(1.0, np.abs(truth))
    wrong = ~((far <= tolerance) | (np.isnan(found) & np.isnan(truth)))
    if not wrong.any():
        return ""
    return f"differs from the public method by up to {np.nanmax(far):.2g} on {int(wrong.sum())} of {len(truth)} rows"


def with_holes(probe: Matrix) -> Matrix:
    """The probe rows with missing values: each row lacks some features, the first row all.

    >>> with_holes(np.zeros((2, 2))).tolist()
    [[nan, nan], [nan, 0.0]]
    """
    holed = probe.copy()
    rows, features = np.indices(probe.shape)
    holed[(rows + features) % 7 % 3 == 0] = np.nan
    holed[:1] = np.nan
    if len(holed) > 1:
        holed[1] = np.where(np.arange(probe.shape[1]) % 2 == 0, np.nan, probe[1])
    return holed


def seconds(predict: MatrixPredict, matrix: Matrix, *, tries: int = 7) -> float:
    """The least processor time that a call took, of several tries."""
    best = float("inf")
    for _ in range(tries):
        start = time.thread_time()
        predict(matrix)
        best = min(best, time.thread_time() - start)
    return best


def _singly(predict: MatrixPredict, rows: Matrix) -> Vector:
    return np.concatenate([predict(rows[place : place + 1]) for place in range(len(rows))])


def _refuses(reference: Runtime, rows: Matrix) -> bool:
    try:
        reference.predict(rows)
    except Exception:  # noqa: BLE001 - whatever a model says to missing values
        return True
    return False


def _unless_missing(fast: MatrixPredict, reference: MatrixPredict, matrix: Matrix) -> Vector:
    return reference(matrix) if np.isnan(matrix).any() else fast(matrix)
