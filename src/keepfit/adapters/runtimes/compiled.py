"""Compiled forms of a model, by optional libraries: treelite's trees, and graphs that onnxruntime walks.

A form is taken when it gives the same numbers up to a tolerance, with missing values and without, and takes less time
for one row, for rows of many requests and for many rows of one. What differs less than measuring does is left out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np

from keepfit.adapters.runtimes import skl2onnx, treelite
from keepfit.adapters.runtimes.check import gap, in_company, nearly, seconds
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.signature import Signature

#: Of the difference, relative to the larger of the prediction and the mean size of predictions: arithmetic of 32 bits.
TOLERANCE: Final = 1e-5
#: What is gained must be more than what measuring is out by.
_WORTH: Final = 0.9
_REQUESTS: Final = 32
_ROWS: Final = 256
#: Longer reasons are cut: libraries write pages.
_LONGEST: Final = 160

_Make = Callable[[], Runtime]


def compiled_runtime(
    model: Any,
    signature: Signature,
    native: Runtime,
    probe: Matrix,
    *,
    tolerance: float = TOLERANCE,
    held_out: Matrix | None = None,
) -> Runtime:
    """The fastest form that gives what the native runtime does, with a note of why others were not taken.

    Args:
        model: what the forms are made of.
        signature: what it takes and gives.
        native: the model's own way; it stays when no form is better.
        probe: rows to try on, without a missing value.
        tolerance: of the difference; 0 for equal to the last bit.
        held_out: further rows, as they came; None for none.
    """
    best, costs = native, _costs(native, probe)
    notes = [native.note] if native.note else []
    for name, extra, make in _forms(model, signature):
        found = _tried(make, extra, _Trial(native, probe, tolerance, held_out))
        if isinstance(found, str):
            notes.append(f"{name}: {found}")
            continue
        takes = _costs(found, probe)
        if slower := _slower(takes, costs, best.name):
            notes.append(f"{name}: {slower}")
        else:
            best, costs = found, takes
    return replace(best, note="; ".join(notes))


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a form is held against."""

    native: Runtime
    probe: Matrix
    tolerance: float
    held_out: Matrix | None


def _forms(model: Any, signature: Signature) -> Iterator[tuple[str, str, _Make]]:
    """Name, the extra that it needs, and how it is made."""
    yield treelite.NAME, "compiled", partial(treelite.form, model, signature)
    for bits in skl2onnx.BITS:
        yield skl2onnx.name_of(bits), "onnx", partial(skl2onnx.form, model, signature, bits)


def _tried(make: _Make, extra: str, trial: _Trial) -> Runtime | str:
    """The form when it gives the same; in words why not."""
    native, tolerance = trial.native, trial.tolerance
    try:
        found = nearly(native, make(), trial.probe, tolerance=tolerance)
        if trial.held_out is not None and len(trial.held_out):
            apart = gap(found.predict, native.predict, trial.held_out, tolerance=tolerance)
            apart.require(f"{found.name} with held-out rows")
            found = replace(found, difference=max(found.difference, apart.largest))
    except ModuleNotFoundError as error:
        return f"needs {error.name}: install keepfit[{extra}]"
    except Exception as error:  # noqa: BLE001 - a model that cannot be compiled, or refuses what the other takes
        said = str(error).partition("\n")[0][:_LONGEST] or "of no known kind"
        return said if type(error) is ValueError else f"{type(error).__name__}: {said}"
    return found


@dataclass(frozen=True, slots=True)
class _Cost:
    what: str
    seconds: float


def _costs(runtime: Runtime, probe: Matrix) -> Sequence[_Cost]:
    """Of one row, of the rows of many requests, and of many rows of one request."""
    rows = np.resize(probe, (_ROWS, probe.shape[1]))
    together, predict = rows[:_REQUESTS], runtime.predict
    one = seconds(predict, rows[:1])
    # Rows that are given something else in company are put to it request by request.
    shared = seconds(predict, together) if in_company(predict, together) else len(together) * one
    return (
        _Cost("one row", one),
        _Cost(f"{_REQUESTS} requests", shared),
        _Cost(f"{_ROWS} rows", seconds(predict, rows)),
    )


def _slower(takes: Sequence[_Cost], took: Sequence[_Cost], before: str) -> str:
    for now, then in zip(takes, took, strict=True):
        if now.seconds > _WORTH * then.seconds:
            return f"{now.seconds * 1e6:.0f} µs for {now.what}, and {before} {then.seconds * 1e6:.0f} µs"
    return ""
