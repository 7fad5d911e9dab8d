"""Held-out rows that a version was tried on, and what it gave for them, beside its model.

Whoever loads the version can tell by them whether it still gives the same, with other versions of libraries, on another
machine, or called in another way.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import ArtifactError

#: Of the difference, relative to the larger of 1 and the prediction: what machines and libraries may differ by.
TOLERANCE: Final = 1e-6
_FILE: Final = "keepfit/validation.npy"


@dataclass(frozen=True, slots=True, eq=False)
class ValidationRows:
    """Rows and predictions.

    Attributes:
        rows: encoded, shape (n, features); see `keepfit.registry.encode`.
        predictions: what the version gave for them when it was trained, shape (n,).
    """

    rows: npt.NDArray[np.float64]
    predictions: npt.NDArray[np.float64]

    @property
    def whole(self) -> npt.NDArray[np.float64]:
        """The rows without a missing value."""
        return self.rows[~np.isnan(self.rows).any(axis=1)]

    def check(self, found: npt.NDArray[np.float64], where: str) -> None:
        """Raise ArtifactError when the version gives something else now.

        >>> before = ValidationRows(np.zeros((2, 1)), np.array([1.0, 2.0]))
        >>> before.check(np.array([1.0, 2.5]), "taxi v3")
        Traceback (most recent call last):
        keepfit.errors.ArtifactError: taxi v3 gives 2.5 here for a row for which it gave 2 when it was trained
        """
        far = np.abs(found - self.predictions) / np.maximum(1.0, np.abs(self.predictions))
        worst = int(np.argmax(np.where(np.isnan(far), np.inf, far))) if len(far) else 0
        if len(far) and not far[worst] <= TOLERANCE:
            raise ArtifactError(
                f"{where} gives {found[worst]:g} here for a row for which it gave {self.predictions[worst]:g} "
                "when it was trained",
                hint="install the versions of libraries that its requirements.txt names, or train it again",
            )


def write_validation(directory: Path, kept: ValidationRows) -> None:
    """Keep them beside the model in `directory`."""
    table = np.column_stack([kept.rows, kept.predictions])
    np.save(directory / _FILE, table, allow_pickle=False)


def read_validation(directory: Path, features: int) -> ValidationRows | None:
    """What was kept; None when nothing was.

    Raises:
        ArtifactError: the file is damaged, or of a model with other features.
    """
    file = directory / _FILE
    if not file.is_file():
        return None
    try:
        table = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ArtifactError(f"{file} cannot be read: {error}") from error
    if table.ndim != 2 or table.shape[1] != features + 1 or table.dtype != np.float64:
        raise ArtifactError(
            f"{file} holds {table.shape} {table.dtype}, and not {features} features with predictions"
        )
    return ValidationRows(np.ascontiguousarray(table[:, :-1]), table[:, -1].copy())
