"""The profile of a table: one mergeable summary a column, made in one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile

Cells = NumericCells | CategoricalCells

__all__ = [
    "CategoricalCells",
    "CategoricalProfile",
    "Cells",
    "NumericCells",
    "NumericProfile",
    "Profile",
    "cells_of",
    "numeric_profile",
    "profile_frame",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The profiles of a table's columns; `+` is commutative and associative, with `empty(cells)` as its identity.

    Attributes:
        rows: how many rows the table had.
        features: column → its profile.
    """

    rows: int
    features: Mapping[str, NumericProfile | CategoricalProfile]

    @classmethod
    def empty(cls, cells: Mapping[str, Cells]) -> "Profile":
        """The profile of no rows."""
        return cls(rows=0, features={name: _empty(one) for name, one in cells.items()})

    @classmethod
    def merge(cls, parts: Sequence["Profile"]) -> "Profile":
        """The sum of one or more profiles.

        Raises:
            ValueError: their columns differ, or the cells of one.
        """
        names = parts[0].features.keys()
        if any(part.features.keys() != names for part in parts):
            raise ValueError(
                "profiles of different columns cannot be added: profile the same columns in both"
            )
        return cls(
            rows=sum(part.rows for part in parts),
            features={name: _merged(name, [part.features[name] for part in parts]) for name in names},
        )

    def __add__(self, other: "Profile") -> "Profile":
        return Profile.merge([self, other])


def _empty(cells: Cells) -> NumericProfile | CategoricalProfile:
    if isinstance(cells, NumericCells):
        return NumericProfile.empty(cells)
    return CategoricalProfile.empty(cells)


def _merged(
    name: str, parts: Sequence[NumericProfile | CategoricalProfile]
) -> NumericProfile | CategoricalProfile:
    numeric = [part for part in parts if isinstance(part, NumericProfile)]
    categorical = [part for part in parts if isinstance(part, CategoricalProfile)]
    if numeric and categorical:
        raise ValueError(f"column '{name}' is a number in one profile and a category in another")
    return NumericProfile.merge(numeric) if numeric else CategoricalProfile.merge(categorical)


def cells_of(frame: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> dict[str, Cells]:
    """Cells for the named columns of a reference, numbers first."""
    cells: dict[str, Cells] = {name: NumericCells.of(_floats(frame[name]).to_numpy()) for name in numeric}
    return cells | {name: CategoricalCells.of(frame[name]) for name in categorical}


def profile_frame(frame: pl.DataFrame, cells: Mapping[str, Cells]) -> Profile:
    """The profile of a table's columns in the cells of a reference.

    A column that is not there, and a value that is no number where one is due, counts as null.

    >>> reference = pl.DataFrame({"miles": [1.0, 2.0, 3.0], "zone": ["a", "b", "b"]})
    >>> cells = cells_of(reference, ["miles"], ["zone"])
    >>> day = profile_frame(pl.DataFrame({"miles": [2.5, None], "zone": ["b", "new"]}), cells)
    >>> day.rows, day.features["miles"].nulls, day.features["zone"].unseen
    (2, 1, 1)
    """
    return Profile(
        rows=frame.height, features={name: _profile(frame, name, one) for name, one in cells.items()}
    )


def _profile(frame: pl.DataFrame, name: str, cells: Cells) -> NumericProfile | CategoricalProfile:
    series = frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height, pl.Int64)
    if isinstance(cells, NumericCells):
        return numeric_profile(series, cells)
    return CategoricalProfile.of(cells, series)


def numeric_profile(series: pl.Series, cells: NumericCells) -> NumericProfile:
    """The profile of one column of numbers."""
    values = _floats(series)
    return NumericProfile.of(cells, values.to_numpy(), nulls=len(series) - len(values))


def _floats(series: pl.Series) -> pl.Series:
    return series.cast(pl.Float64, strict=False).drop_nulls()
