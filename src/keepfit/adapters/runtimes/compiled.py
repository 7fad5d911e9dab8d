"""Ensembles of trees compiled with treelite, an optional library (`keepfit[compiled]`).

Taken when it gives the same numbers on the probe rows, up to a millionth, and takes less time both for one row and for
many. Forests of scikit-learn and LightGBM's single rows are seldom beaten: see `forest` and `lightgbm`.
"""

from functools import partial
from typing import Any, Final

import numpy as np

from keepfit.adapters.runtimes.check import differs, seconds, with_holes
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import Vector, one_a_row
from keepfit.registry.signature import Kind, Signature

#: Of the difference, relative to the larger of 1 and the prediction itself.
TOLERANCE: Final = 1e-6
#: What is gained must be more than what measuring is out by.
_WORTH: Final = 0.9


def compiled_runtime(model: Any, signature: Signature, native: Runtime, probe: Matrix) -> Runtime:
    """The compiled model, or the native runtime with a note that says why the compiled one was not taken."""
    try:
        found = _compiled(model, signature)
        problem = (
            differs(found.predict, native.predict, probe, tolerance=TOLERANCE)
            or differs(found.predict, native.predict, with_holes(probe), tolerance=TOLERANCE)
            or _slower(found, native, probe)
        )
    except ModuleNotFoundError as error:
        problem = f"needs {error.name}: install keepfit[compiled]"
    except Exception as error:  # noqa: BLE001 - a model that cannot be compiled, or refuses what the other takes
        problem = f"{type(error).__name__}: {str(error) or 'of no known kind'}"
    return found if not problem else _noted(native, f"compiled: {problem}")


def _compiled(model: Any, signature: Signature) -> Runtime:
    from treelite import gtil

    if any(feature.kind is Kind.CATEGORY for feature in signature.features):
        raise TypeError("categories are coded otherwise by each library")
    trees = _imported(model)
    predict = partial(gtil.predict, trees, nthread=1)

    def output(matrix: Matrix) -> Vector:
        return one_a_row(np.asarray(predict(matrix), dtype=np.float64)[:, 0, :], signature)

    return Runtime("treelite", output)


def _imported(model: Any) -> Any:
    import treelite

    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        return treelite.frontend.from_lightgbm(getattr(model, "booster_", model))
    if library == "xgboost":
        return treelite.frontend.from_xgboost(model.get_booster() if hasattr(model, "get_booster") else model)
    return treelite.sklearn.import_model(model)


def _slower(found: Runtime, native: Runtime, probe: Matrix) -> str:
    for rows in (probe[:1], probe):
        took, takes = seconds(native.predict, rows), seconds(found.predict, rows)
        if takes > _WORTH * took:
            return f"{takes * 1e6:.0f} µs for {len(rows)} row(s), and {native.name} {took * 1e6:.0f} µs"
    return ""


def _noted(native: Runtime, note: str) -> Runtime:
    return Runtime(native.name, native.predict, "; ".join(part for part in (native.note, note) if part))
