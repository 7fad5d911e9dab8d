"""The profile of a table: one mergeable summary a column, made in one pass."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile
from keepfit.stats.category_counts import CodedText
from keepfit.stats.moments import MOST_COLUMNS, Moments, paired_rows, standard
from keepfit.stats.numeric_cells import Floats, NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.numeric_values import NumericValues, is_temporal, numeric_values
from keepfit.stats.threads import column_threads

#: Rows that are profiled at a time: a table in memory may have any number.
ROWS: Final = 262_144

Cells = NumericCells | CategoricalCells
#: The values of a column.
Column = pl.Series | CodedText

__all__ = [
    "ROWS",
    "CategoricalCells",
    "CategoricalProfile",
    "Cells",
    "Column",
    "Moments",
    "NumericCells",
    "NumericProfile",
    "Profile",
    "cells_of",
    "numeric_cells",
    "numeric_profile",
    "profile_frame",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The profiles of a table's columns; `+` is commutative and associative, with `empty(cells)` as its identity.

    Attributes:
        rows: how many rows the table had.
        features: column → its profile.
        moments: how its numbers go together, the first 64 of them, times left out, which go with everything that grows;
            None with fewer than two, and where nobody looked. A sum in which some of the rows have none has none: the
            correlations of a part are not those of the whole.
    """

    rows: int
    features: Mapping[str, NumericProfile | CategoricalProfile]
    moments: Moments | None = None

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
            moments=_merged_moments(parts),
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


def _merged_moments(parts: Sequence[Profile]) -> Moments | None:
    found = [part.moments for part in parts if part.moments is not None]
    if not found or any(part.rows and part.moments is None for part in parts):
        return None
    return Moments.merge(found) if len(found) > 1 else found[0]


def cells_of(frame: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> dict[str, Cells]:
    """Cells for the named columns of a reference, numbers first; times and dates among the numbers in seconds since 1970.

    On several threads where that pays: most of it is sorting and hashing.
    """
    with column_threads(frame.height * (len(numeric) + len(categorical))) as pool:
        numbers = pool.map(lambda name: numeric_cells(frame[name]), numeric)
        categories = pool.map(lambda name: CategoricalCells.of(frame[name]), categorical)
        cells: dict[str, Cells] = dict(zip(numeric, numbers, strict=True))
        return cells | dict(zip(categorical, categories, strict=True))


def numeric_cells(series: pl.Series) -> NumericCells:
    """Cells for a column of numbers, truth values, durations (seconds), or times and dates (seconds since 1970, UTC).

    >>> from datetime import date
    >>> cells = numeric_cells(pl.Series([date(2024, 3, 31)]))
    >>> cells.written(cells.centre)
    '2024-03-31 00:00:00'
    """
    temporal = is_temporal(series.dtype)
    return NumericCells.of(numeric_values(series, temporal=temporal).present(), temporal=temporal)


def profile_frame(
    frame: pl.DataFrame,
    cells: Mapping[str, Cells],
    *,
    columns: Mapping[str, str] | None = None,
    moments: bool = True,
) -> Profile:
    """The profile of a table's columns in the cells of a reference, on one thread; `profile_frames` takes all.

    A column that is not there counts as null, and so does a value that is no number where one is due, or no time; the
    latter are counted as unreadable too.

    Args:
        frame: of any number of rows.
        cells: feature → where its values are counted.
        columns: feature → its column in the frame, for those that have another name there.
        moments: whether to look how numbers go together.

    >>> reference = pl.DataFrame({"miles": [1.0, 2.0, 3.0], "zone": ["a", "b", "b"]})
    >>> cells = cells_of(reference, ["miles"], ["zone"])
    >>> day = profile_frame(pl.DataFrame({"miles": [2.5, None], "zone": ["b", "new"]}), cells)
    >>> day.rows, day.features["miles"].nulls, day.features["zone"].unseen
    (2, 1, 1)
    """
    names = {name: (columns or {}).get(name, name) for name in cells}
    paired = paired_columns(cells) if moments else ()
    parts = [
        join_parts([profile_columns(_held(part, names), part.height, cells, moments=moments)], cells, paired)
        for part in frame.iter_slices(ROWS)
    ]
    return Profile.merge(parts) if parts else Profile.empty(cells)


def _held(frame: pl.DataFrame, names: Mapping[str, str]) -> dict[str, pl.Series]:
    """The features that a frame holds."""
    held = set(frame.columns)
    return {name: frame[column] for name, column in names.items() if column in held}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsPart:
    """The profiles of some columns of a table, before they are joined with those of the others.

    Attributes:
        rows: how many rows the table has.
        features: column → its profile.
        standard: column of numbers that are no times → its values in the rows that are paired, see
            `keepfit.stats.moments.standard`.
    """

    rows: int
    features: Mapping[str, NumericProfile | CategoricalProfile]
    standard: Mapping[str, Floats]


def paired_columns(cells: Mapping[str, Cells]) -> tuple[str, ...]:
    """The columns whose correlations are looked at; none when there are fewer than two."""
    numeric = [name for name, one in cells.items() if isinstance(one, NumericCells) and not one.temporal]
    return tuple(numeric[:MOST_COLUMNS]) if len(numeric) > 1 else ()


def profile_columns(
    columns: Mapping[str, Column], rows: int, cells: Mapping[str, Cells], *, moments: bool
) -> ColumnsPart:
    """The profiles of some columns of at most `ROWS` rows.

    Args:
        columns: feature → its values; one that is not there is null in every row.
        rows: how many.
        cells: feature → where its values are counted; all of these are profiled.
        moments: whether it will be looked how numbers go together.
    """
    features: dict[str, NumericProfile | CategoricalProfile] = {}
    standardised: dict[str, Floats] = {}
    for name, one in cells.items():
        column = _whole(columns.get(name), rows)
        if isinstance(one, CategoricalCells):
            features[name] = CategoricalProfile.of(one, column)
            continue
        series = column.decoded() if isinstance(column, CodedText) else column
        values = numeric_values(series, temporal=one.temporal)
        features[name] = _of_values(one, values)
        if moments and not one.temporal:
            standardised[name] = standard(one, values.at(paired_rows(rows)))
    return ColumnsPart(rows=rows, features=features, standard=standardised)


def join_parts(parts: Sequence[ColumnsPart], cells: Mapping[str, Cells], paired: Collection[str]) -> Profile:
    """The profile of a table of which the columns were profiled in parts, one or more."""
    features = {name: one for part in parts for name, one in part.features.items()}
    standardised = {name: one for part in parts for name, one in part.standard.items()}
    numeric = {name: one for name in paired if isinstance(one := cells[name], NumericCells)}
    return Profile(
        rows=parts[0].rows,
        features={name: features[name] for name in cells},
        moments=Moments.of_standard(numeric, standardised) if paired else None,
    )


def _whole(column: Column | None, rows: int) -> Column:
    """A column in one piece of memory."""
    if column is None:
        return pl.Series([None], dtype=pl.Null).new_from_index(0, rows)
    return column if isinstance(column, CodedText) else column.rechunk()


def numeric_profile(series: pl.Series, cells: NumericCells) -> NumericProfile:
    """The profile of one column of numbers."""
    return _of_values(cells, numeric_values(series, temporal=cells.temporal))


def _of_values(cells: NumericCells, values: NumericValues) -> NumericProfile:
    return NumericProfile.of(cells, values.present(), nulls=values.nulls, unreadable=values.unreadable)
