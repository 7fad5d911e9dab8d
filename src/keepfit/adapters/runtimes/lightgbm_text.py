"""LightGBM's booster as text beside the model: what a server needs of it, and no more than the library itself to read it.

MLflow keeps scikit-learn's wrapper by skops, which imports scikit-learn, SciPy and pandas before the first tree is read.
The text is written only when the library gives the same numbers from it as the model's own public method, to the last bit.
A first line holds its SHA-256: the library ends the whole process over some texts that are damaged.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.adapters.runtimes.check import gap, with_holes
from keepfit.adapters.runtimes.lightgbm_native import NativeBooster
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.errors import ArtifactError
from keepfit.registry.output import MatrixPredict, Vector, matrix_output
from keepfit.registry.signature import Kind, Signature

#: From so many rows on one call with all of them is cheaper than one each.
MANY: Final = 6
NAME: Final = "LightGBM native"

_FILE: Final = "keepfit/lightgbm.txt"
_HEAD: Final = b"keepfit-lightgbm-1 sha256:"
_CATEGORIES: Final = b"\npandas_categorical:"
#: Only of these is it known that their method gives what their booster does.
_KINDS: Final = (
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)


def write_text(model: Any, signature: Signature, probe: Matrix, directory: Path) -> bool:
    """Keep a LightGBM model's text beside it.

    Args:
        model: fitted, of any library.
        signature: what it takes and gives.
        probe: rows that the text is tried on, (n, features).
        directory: of the model, with its folder `keepfit`.

    Returns:
        Whether it was written. Other libraries' models have none, nor has a model that gives another number by it for
        one of the rows, alone or in company, with missing values or without.
    """
    kind = type(model)
    if f"{kind.__module__}.{kind.__qualname__}" not in _KINDS or not len(probe):
        return False
    try:
        text = getattr(model, "booster_", model).model_to_string().encode()
        found, truth = _predict(text, signature), matrix_output(model, signature)
        same = not any(gap(found, truth, rows).rows for rows in (probe, with_holes(probe)))
    except Exception:  # noqa: BLE001 - whatever fails, the model is stored without
        return False
    if same:
        (directory / _FILE).write_bytes(_head(text) + text)
    return same


def text_runtime(directory: Path, signature: Signature) -> Runtime | None:
    """A LightGBM model by its text; None when there is none.

    Raises:
        ArtifactError: the text cannot be read, or LightGBM's library cannot be used.
    """
    file = directory / _FILE
    if not file.is_file():
        return None
    try:
        return Runtime(NAME, _predict(_text(file.read_bytes()), signature))
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(f"{file} cannot be used: {error}") from error


def recoder(known: list[list[Any]], signature: Signature) -> Callable[[Matrix], Matrix]:
    """From the signature's codes to those of the frame that a booster was trained on.

    Args:
        known: the categories of each of that frame's categorical columns; empty when it had none.
        signature: whose codes.

    Raises:
        ValueError: it has another number of categorical columns.

    >>> from keepfit.registry.signature import Feature
    >>> zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
    >>> signature = Signature(features=(zone,), id="id", time="at", context=(), output="minutes")
    >>> recoder([["queens", "bronx"]], signature)(np.array([[0.0], [1.0], [np.nan]])).tolist()
    [[1.0], [0.0], [nan]]
    """
    places = [place for place, one in enumerate(signature.features) if one.kind is Kind.CATEGORY]
    if known and len(known) != len(places):
        raise ValueError(f"it knows {len(known)} categories, and the signature {len(places)}")
    tables: dict[int, npt.NDArray[np.float64]] = {}
    for place, values in zip(places, known, strict=False):
        codes = {value: float(code) for code, value in enumerate(values)}
        categories = signature.features[place].categories
        if list(values) != list(categories):
            tables[place] = np.array([*(codes.get(value, np.nan) for value in categories), np.nan])
    if not tables:
        return lambda matrix: matrix

    def recoded(matrix: Matrix) -> Matrix:
        same = matrix.copy()
        for place, table in tables.items():
            column = same[:, place]
            same[:, place] = table[np.where(np.isnan(column), -1, column).astype(np.intp)]
        return same

    return recoded


def _head(text: bytes) -> bytes:
    return _HEAD + hashlib.sha256(text).hexdigest().encode() + b"\n"


def _text(data: bytes) -> bytes:
    head, end, text = data.partition(b"\n")
    if head + end != _head(text):
        raise ValueError("it is not as it was written")
    return text


def _predict(text: bytes, signature: Signature) -> MatrixPredict:
    recode = recoder(_categories(text), signature)
    booster = NativeBooster(text)
    if booster.features != len(signature.features):
        raise ArtifactError(
            f"the booster takes {booster.features} features, and the signature has {len(signature.features)}"
        )
    one, many = booster.single(), booster.rows

    def predict(matrix: Matrix) -> Vector:
        rows = recode(matrix)
        return one.rows(rows) if len(rows) < MANY else many(rows)

    return predict


def _categories(text: bytes) -> list[list[Any]]:
    """Those of the frame that it was trained on, which LightGBM's package writes into the last line."""
    _, found, tail = text.rpartition(_CATEGORIES)
    known = json.loads(tail) if found else None
    if not isinstance(known, list | None) or not all(isinstance(one, list) for one in known or ()):
        raise ValueError("its last line holds no lists of categories")
    return known or []
