"""Whether a faster way of calling a model gives what the model's own public method gives."""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
            found = _made(make)
            if found is not None:
                return proved(reference, found, probe)
        except Exception as error:  # noqa: BLE001 - a shortcut through a library's own parts: whatever fails, the public way stands
            notes.append(f"{type(error).__name__}: {error}")
    return Runtime(reference.name, reference.predict, "; ".join(notes))


def _made(make: Maker) -> Runtime | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return make()


def proved(reference: Runtime, found: Runtime, probe: Matrix) -> Runtime:
    """A runtime that gives what the reference does to the last bit, with missing numbers too, or refuses them as it does.

    Raises:
        ValueError: saying how it differs.
    """
    _same(reference, found, probe)
    holed = with_holes(probe)
    if _refuses(reference, holed):
        return replace(found, predict=partial(_unless_missing, found.predict, reference.predict))
    gap(found.predict, reference.predict, holed).require(f"{found.name} with missing values")
    return found


def nearly(reference: Runtime, found: Runtime, probe: Matrix, *, tolerance: float) -> Runtime:
    """A runtime that gives what the reference does up to a tolerance (see `gap`), and knows by how much it differs.

    Rows with a missing number are left to the reference when it refuses them or is given something else for them. That
    must not depend on their company, or what a row is given would.

    Raises:
        ValueError: saying how it differs.
    """
    apart = _same(reference, found, probe, tolerance).largest
    holed = with_holes(probe)
    if not _refuses(reference, holed):
        lacking = gap(found.predict, reference.predict, holed, tolerance=tolerance)
        if not lacking.rows:
            return replace(found, difference=max(apart, lacking.largest))
    rows = [*(holed[place : place + 1] for place in range(_SINGLY)), *_lacking_one(probe)]
    taken = [row for row in rows if len(row) and not _refuses(reference, row)]
    if taken and not in_company(reference.predict, np.concatenate(taken)):
        raise ValueError(f"{found.name} with missing values differs, and {reference.name} in company")
    return replace(found, predict=partial(_by_row, found.predict, reference.predict), difference=apart)


def _same(reference: Runtime, found: Runtime, probe: Matrix, tolerance: float = 0.0) -> "Gap":
    with warnings.catch_warnings():
        # A warning that the public method does not give would be given with every request.
        warnings.simplefilter("error")
        whole = gap(found.predict, reference.predict, probe, tolerance=tolerance)
    whole.require(found.name)
    return whole


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the numbers of two calls are apart.

    Attributes:
        largest: difference, relative to the larger of the reference's own number and the mean size of all of them.
        rows: that differ by more than is allowed.
        of: rows that were compared.
    """

    largest: float
    rows: int
    of: int

    def require(self, who: str) -> None:
        """Raise ValueError when any row differs by more than is allowed; `who` begins the sentence."""
        if self.rows:
            raise ValueError(
                f"{who} differs from the public method by up to {self.largest:.2g} on {self.rows} of {self.of} rows"
            )


def gap(fast: MatrixPredict, reference: MatrixPredict, probe: Matrix, *, tolerance: float = 0.0) -> Gap:
    """How far two calls are apart on the probe rows.

    Args:
        fast: called with all rows, and with the first ones singly.
        reference: called likewise; with every row singly where it gives other numbers to rows in company.
        probe: the rows.
        tolerance: the largest difference that is allowed.

    Raises:
        ValueError: they do not give as many numbers.

    >>> rows = np.array([[1.0], [3.0]])
    >>> gap(lambda m: m[:, 0] * 1.5, lambda m: m[:, 0], rows, tolerance=0.4)
    Gap(largest=0.5, rows=1, of=2)
    """
    whole, few = fast(probe), probe[:_SINGLY]
    alone = _gap(_singly(fast, few), _singly(reference, few), tolerance)
    if alone.rows:
        return alone
    together = _gap(whole, reference(probe), tolerance)
    if together.rows:
        together = _gap(whole, _singly(reference, probe), tolerance)
    return max(alone, together, key=lambda one: (one.rows, one.largest))


def _gap(found: Vector, truth: Vector, tolerance: float) -> Gap:
    if found.shape != truth.shape:
        raise ValueError(f"gives {found.shape} numbers for {len(truth)} rows")
    sizes = np.abs(truth[np.isfinite(truth)])
    scale = np.maximum(np.abs(truth), sizes.mean() if len(sizes) else 0.0)
    same = (found == truth) | (np.isnan(found) & np.isnan(truth))
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(same, 0.0, np.abs(found - truth) / scale)
    far[np.isnan(far)] = np.inf
    return Gap(float(far.max(initial=0.0)), int((far > tolerance).sum()), len(truth))


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


def in_company(predict: MatrixPredict, rows: Matrix) -> bool:
    """Whether rows are given the same together as each alone, to the last bit."""
    return bool(np.array_equal(predict(rows), _singly(predict, rows), equal_nan=True))


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


def _lacking_one(probe: Matrix) -> Iterator[Matrix]:
    """The first row, each time without another feature."""
    for place in range(probe.shape[1]):
        row = probe[:1].copy()
        row[0, place] = np.nan
        yield row


def _unless_missing(fast: MatrixPredict, reference: MatrixPredict, matrix: Matrix) -> Vector:
    return reference(matrix) if np.isnan(matrix).any() else fast(matrix)


def _by_row(fast: MatrixPredict, reference: MatrixPredict, matrix: Matrix) -> Vector:
    lacking = np.isnan(matrix).any(axis=1)
    if not lacking.any():
        return fast(matrix)
    found = np.empty(len(matrix))
    found[lacking] = reference(matrix[lacking])
    if not lacking.all():
        found[~lacking] = fast(matrix[~lacking])
    return found
