"""How one version of a dataset differs from another: schema, rows, and the columns that moved."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from keepfit.data.dataset import DatasetVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Retyped:
    """A column that is in both versions with two types."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRows:
    """Rows told apart by a key: in the new version only, in the old only, in both with another value somewhere."""

    key: str
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMove:
    """How far one column moved between two versions.

    Attributes:
        name: the column.
        statistic: what `distance` rests on: `ks` for numbers and times, `tv` for anything else.
        distance: in [0, 1]; 0 when nothing moved.
        null_share_before, null_share_after: shares of rows without a value (null or NaN); 0 without rows.
        mean_before, mean_after: of numbers; None for other columns, and where there is no value.
        distinct_before, distinct_after: how many different values.
    """

    name: str
    statistic: str
    distance: float
    null_share_before: float
    null_share_after: float
    mean_before: float | None
    mean_after: float | None
    distinct_before: int
    distinct_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDiff:
    """The difference between two versions of a dataset, or of two datasets.

    Attributes:
        old, new: `name@number` of both.
        same: both hold the same rows in the same order.
        added, removed: columns that only the new, or only the old version has.
        retyped: columns whose type changed.
        rows_before, rows_after: how many rows.
        keyed: rows by key; None when they cannot be told apart, and `unkeyed` says why.
        unkeyed: empty when `keyed` is there.
        columns: the columns that both have in comparable types, the one that moved most first.
    """

    old: str
    new: str
    same: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: tuple[Retyped, ...]
    rows_before: int
    rows_after: int
    keyed: KeyedRows | None
    unkeyed: str
    columns: tuple[ColumnMove, ...]


def diff(
    old_version: DatasetVersion,
    old_frame: pl.DataFrame,
    new_version: DatasetVersion,
    new_frame: pl.DataFrame,
    key: str | None = None,
) -> DatasetDiff:
    """What changed from the old version to the new one, computed from every row of both.

    Args:
        old_version, new_version: the versions that the frames are.
        old_frame, new_frame: their rows.
        key: a column that names each row, to tell changed rows from added and removed ones.
    """
    old, new = old_frame.schema, new_frame.schema
    common = [name for name in old if name in new]
    comparable = [
        name
        for name in common
        if old[name] == new[name] or (old[name].is_numeric() and new[name].is_numeric())
    ]
    unkeyed = _why_unkeyed(old_version, old_frame, new_version, new_frame, key)
    moves = [_move(old_frame[name], new_frame[name]) for name in comparable]
    return DatasetDiff(
        old=old_version.ref,
        new=new_version.ref,
        same=old_version.digest == new_version.digest,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        retyped=tuple(
            Retyped(name=name, before=str(old[name]), after=str(new[name]))
            for name in common
            if old[name] != new[name]
        ),
        rows_before=old_frame.height,
        rows_after=new_frame.height,
        keyed=_keyed(old_frame, new_frame, key) if key and not unkeyed else None,
        unkeyed=unkeyed,
        columns=tuple(sorted(moves, key=lambda move: (-move.distance, move.name))),
    )


def kolmogorov_smirnov(before: np.ndarray, after: np.ndarray) -> float:
    """The greatest distance between two empirical distribution functions, exact; 0 when either is empty.

    D = sup over x of |F(x) - G(x)|, where F(x) is the share of values at most x (Kolmogorov 1933, Smirnov 1939).

    >>> kolmogorov_smirnov(np.array([1, 2, 3, 4]), np.array([3, 4, 5, 6]))
    0.5
    """
    if not before.size or not after.size:
        return 0.0
    before, after = np.sort(before), np.sort(after)
    steps = np.concatenate([before, after])
    below_before = np.searchsorted(before, steps, side="right") / before.size
    below_after = np.searchsorted(after, steps, side="right") / after.size
    return float(np.abs(below_before - below_after).max())


def total_variation(before: pl.Series, after: pl.Series) -> float:
    """Half the sum of the differences of the values' shares, null being a value; 0 when either is empty.

    TV = ½ Σ |p(v) - q(v)| over all values v (Levin, Peres and Wilmer, Markov Chains and Mixing Times, 4.1).

    >>> total_variation(pl.Series(["a", "b"]), pl.Series(["a", "c"]))
    0.5
    """
    if before.is_empty() or after.is_empty():
        return 0.0
    shares = _shares(before, "p").join(
        _shares(after, "q"), on="value", how="full", coalesce=True, nulls_equal=True
    )
    return float(shares.select((pl.col("p").fill_null(0) - pl.col("q").fill_null(0)).abs().sum() / 2).item())


def _shares(column: pl.Series, name: str) -> pl.DataFrame:
    return column.alias("value").value_counts(name=name, normalize=True)


def _move(before: pl.Series, after: pl.Series) -> ColumnMove:
    ordered = before.dtype.is_numeric() or before.dtype.is_temporal()
    before, after = _missing_as_null(before), _missing_as_null(after)
    nulls_before, nulls_after = _null_share(before), _null_share(after)
    if ordered:
        moved = kolmogorov_smirnov(_numbers(before), _numbers(after))
        # A column that fills with nulls moved, even where the values left are spread as they were.
        moved = max(moved, abs(nulls_before - nulls_after) if before.len() and after.len() else 0.0)
    else:
        moved = total_variation(before, after)
    return ColumnMove(
        name=before.name,
        statistic="ks" if ordered else "tv",
        distance=moved,
        null_share_before=nulls_before,
        null_share_after=nulls_after,
        mean_before=_mean(before),
        mean_after=_mean(after),
        distinct_before=before.drop_nulls().n_unique(),
        distinct_after=after.drop_nulls().n_unique(),
    )


def _missing_as_null(column: pl.Series) -> pl.Series:
    return column.fill_nan(None) if column.dtype.is_float() else column


def _numbers(column: pl.Series) -> np.ndarray:
    physical = column.drop_nulls().to_physical()
    return (physical.cast(pl.Float64) if isinstance(physical.dtype, pl.Decimal) else physical).to_numpy()


def _null_share(column: pl.Series) -> float:
    return column.null_count() / column.len() if column.len() else 0.0


def _mean(column: pl.Series) -> float | None:
    if not column.dtype.is_numeric():
        return None
    mean = column.cast(pl.Float64).mean()
    return None if mean is None else float(mean)  # type: ignore[arg-type]  # of floats the mean is a float


def _why_unkeyed(
    old_version: DatasetVersion,
    old_frame: pl.DataFrame,
    new_version: DatasetVersion,
    new_frame: pl.DataFrame,
    key: str | None,
) -> str:
    """Why rows cannot be told apart by the key; empty when they can."""
    if key is None:
        return "no key was given"
    for version, frame in ((old_version, old_frame), (new_version, new_frame)):
        if key not in frame.columns:
            return f"{version.ref} has no column '{key}'"
        if frame[key].null_count():
            return f"'{key}' is null in {frame[key].null_count()} rows of {version.ref}"
        if frame[key].n_unique() < frame.height:
            return f"'{key}' repeats in {version.ref}"
    if old_frame.schema[key] != new_frame.schema[key]:
        return f"'{key}' is {old_frame.schema[key]} in {old_version.ref} and {new_frame.schema[key]} in {new_version.ref}"
    return ""


def _keyed(old: pl.DataFrame, new: pl.DataFrame, key: str) -> KeyedRows:
    both = old.select(key).with_row_index("__old").join(new.select(key).with_row_index("__new"), on=key)
    changed = pl.repeat(value=False, n=both.height, eager=True, dtype=pl.Boolean)
    for name in old.columns:
        if new.schema.get(name) == old.schema[name]:
            before, after = old[name].gather(both["__old"]), new[name].gather(both["__new"])
            changed = changed | before.ne_missing(after)
    return KeyedRows(
        key=key,
        added=new.height - both.height,
        removed=old.height - both.height,
        changed=int(changed.sum()),
    )
