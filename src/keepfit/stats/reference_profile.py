"""The cells of a reference and its own profile in them, with each column sorted, or its values counted, once for both."""

from collections.abc import Collection, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial

import polars as pl

from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile
from keepfit.stats.category_counts import count_categories
from keepfit.stats.coming_cells import ComingCells
from keepfit.stats.moments import MOST_COLUMNS, Moments, paired_rows, standard
from keepfit.stats.numeric_cells import Floats, NumericCells
from keepfit.stats.numeric_kernel import ascending
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.numeric_values import NumericValues, is_temporal, numeric_values
from keepfit.stats.profile import ROWS, Cells, Profile, paired_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceColumn:
    """A column of a reference.

    Attributes:
        profile: of it, in its own cells.
        standard: of numbers whose correlations are looked at, the values in the rows that are paired, `ROWS` rows at a
            time.
    """

    profile: NumericProfile | CategoricalProfile
    standard: tuple[Floats, ...] = ()

    @property
    def cells(self) -> Cells:
        """Where its values, and those of other tables, are counted."""
        return self.profile.cells


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingReference:
    """A reference whose columns are being profiled.

    Attributes:
        rows: how many it has.
        columns: column → what is being made of it.
    """

    rows: int
    columns: Mapping[str, Future[ReferenceColumn]]

    @property
    def cells(self) -> ComingCells:
        """Those of each column, as soon as it is profiled."""
        return ComingCells(made={name: partial(_cells, one) for name, one in self.columns.items()})

    def profile(self) -> Profile:
        """Of all of it, when all of it is profiled."""
        found = {name: one.result() for name, one in self.columns.items()}
        paired = {
            name: found[name] for name in paired_columns({name: one.cells for name, one in found.items()})
        }
        return Profile(
            rows=self.rows,
            features={name: one.profile for name, one in found.items()},
            moments=_moments(paired),
        )


def profile_reference(
    frame: pl.DataFrame, numeric: Collection[str], categorical: Collection[str], pool: Executor
) -> ComingReference:
    """What `cells_of` and then `profile_frame` give, sums up to rounding.

    Args:
        frame: all rows of the reference.
        numeric: columns of numbers; times and dates among them are taken in seconds since 1970.
        categorical: the other columns that are profiled.
        pool: profiles the columns, in the order of the frame.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> frame = pl.DataFrame({"miles": [1.0, 2.0, None], "zone": ["a", "b", "b"]})
    >>> with ThreadPoolExecutor(1) as pool:
    ...     found = profile_reference(frame, ["miles"], ["zone"], pool)
    ...     found.cells["zone"].values, found.profile().features["miles"].nulls
    (('b', 'a'), 1)
    """
    paired = [one for one in frame.columns if one in numeric and not is_temporal(frame.schema[one])]
    made = dict.fromkeys(numeric, _number) | dict.fromkeys(categorical, _category)
    made |= dict.fromkeys(paired[:MOST_COLUMNS], _paired_number)
    return ComingReference(
        rows=frame.height,
        columns={
            name: pool.submit(made[name], frame[name].rechunk()) for name in frame.columns if name in made
        },
    )


def _cells(column: Future[ReferenceColumn]) -> Cells:
    return column.result().cells


def _number(series: pl.Series) -> ReferenceColumn:
    temporal = is_temporal(series.dtype)
    return ReferenceColumn(profile=_profiled(numeric_values(series, temporal=temporal), temporal=temporal))


def _paired_number(series: pl.Series) -> ReferenceColumn:
    values = numeric_values(series)
    profile = _profiled(values, temporal=False)
    parts = (values.slice(start, ROWS) for start in range(0, len(series), ROWS))
    return ReferenceColumn(
        profile=profile,
        standard=tuple(standard(profile.cells, one.at(paired_rows(len(one.series)))) for one in parts),
    )


def _profiled(values: NumericValues, *, temporal: bool) -> NumericProfile:
    ordered = ascending(values.present())
    cells = NumericCells.of_sorted(ordered, temporal=temporal)
    return NumericProfile.of_sorted(cells, ordered, values.nulls, unreadable=values.unreadable)


def _category(series: pl.Series) -> ReferenceColumn:
    found = count_categories(series)
    return ReferenceColumn(profile=CategoricalProfile.of_counted(CategoricalCells.of_counted(found), found))


def _moments(paired: Mapping[str, ReferenceColumn]) -> Moments | None:
    """How the columns go together; None when there are none, or no rows."""
    cells = {name: one.cells for name, one in paired.items()}
    numeric = {name: one for name, one in cells.items() if isinstance(one, NumericCells)}
    slices = zip(*(one.standard for one in paired.values()), strict=True)
    parts = [Moments.of_standard(numeric, dict(zip(numeric, one, strict=True))) for one in slices]
    return Moments.merge(parts) if parts else None
