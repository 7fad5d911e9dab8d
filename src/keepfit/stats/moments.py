"""How numbers go together: second moments of every pair of columns, as sums that add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.stats.blas import one_blas_thread
from keepfit.stats.numeric_cells import Floats, NumericCells
from keepfit.stats.numeric_kernel import Counts

#: Columns that are paired: the cost of a row grows with the square.
MOST_COLUMNS: Final = 64
#: Values further from the reference's median count as if they lay here, in spreads of the reference.
CLIP: Final = 2.5

#: Rows that are paired, at most, of those that come together: more tell no more of a correlation, and cost a third of a
#: profile. The columns of so many stay in a core's cache.
MOST_ROWS: Final = 8_192
#: A variance below this, in squared spreads of the reference, is rounding.
_LEAST_VARIANCE: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Sums of the values, squares and products of k columns, over the rows in which both of a pair have a value.

    Each value is taken as z = (value - centre) / scale, clipped at ±2.5, with the reference's median and robust spread (see
    `NumericCells`): no outlier makes or breaks a correlation, and an infinity counts as an extreme. The products of normal
    variables lose less than 0.01 of their correlation by it.

    Of more than 8,192 rows that come together, as many are drawn at random, always the same ones.

    `+` is commutative and associative up to the rounding of floats, with `empty` as its identity.

    Attributes:
        names: the columns.
        centres, scales: of each column.
        pairs: rows in which both columns have a value, shape (k, k); the diagonal counts single columns.
        sums: [i, j] is the sum of column i's z over the rows of the pair, shape (k, k).
        squares: [i, j] is the sum of the squares of column i's z over the rows of the pair, shape (k, k).
        products: the sums of the products of both, shape (k, k), symmetric.

    >>> cells = {"x": NumericCells.of(np.arange(9.0)), "y": NumericCells.of(np.arange(9.0))}
    >>> found = Moments.of(cells, {"x": np.arange(9.0), "y": -np.arange(9.0) + 8})
    >>> found.correlations()[0].round(3).tolist(), found.pairs_n()[0].tolist()
    ([1.0, -1.0], [9, 9])
    """

    names: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    pairs: Counts
    sums: Floats
    squares: Floats
    products: Floats

    @classmethod
    def empty(cls, cells: Mapping[str, NumericCells]) -> "Moments":
        """The moments of no rows, of the first 64 of these columns. Cells without a spread take 1 for it."""
        first = dict(list(cells.items())[:MOST_COLUMNS])
        shape = (len(first), len(first))
        return cls(
            names=tuple(first),
            centres=tuple(one.centre for one in first.values()),
            scales=tuple(one.scale or 1.0 for one in first.values()),
            pairs=np.zeros(shape, np.int64),
            sums=np.zeros(shape),
            squares=np.zeros(shape),
            products=np.zeros(shape),
        )

    @classmethod
    def of(cls, cells: Mapping[str, NumericCells], columns: Mapping[str, NDArray[Any]]) -> "Moments":
        """The moments of rows.

        Args:
            cells: of each column; the first 64 are paired.
            columns: at least these, each of shape (rows,), floats or integers; NaN where there is no value.
        """
        empty = cls.empty(cells)
        chosen = [paired_rows(columns[name].size) for name in empty.names]
        arrays = [
            columns[name] if rows is None else columns[name][rows]
            for name, rows in zip(empty.names, chosen, strict=True)
        ]
        return cls.of_standard(
            cells, {name: standard(cells[name], one) for name, one in zip(empty.names, arrays, strict=True)}
        )

    @classmethod
    def of_standard(cls, cells: Mapping[str, NumericCells], columns: Mapping[str, Floats]) -> "Moments":
        """The moments of values that `standard` gave, of the rows that `paired_rows` chose.

        Args:
            cells: of each column; the first 64 are paired.
            columns: at least these, each of shape (rows,).
        """
        empty = cls.empty(cells)
        arrays = [columns[name] for name in empty.names]
        if not arrays or not arrays[0].size:
            return empty
        with one_blas_thread():
            return _summed(empty, [_sums(np.stack(arrays))])

    @classmethod
    def merge(cls, parts: Sequence["Moments"]) -> "Moments":
        """The sum of one or more.

        Raises:
            ValueError: they are of other columns, or were clipped elsewhere, so that their sums do not add up.
        """
        first = parts[0]
        if any(part.columns != first.columns for part in parts):
            raise ValueError(
                "moments of different columns, or clipped at different values, cannot be added: profile both in the "
                "same cells"
            )
        return _summed(first, [part.arrays for part in parts])

    def __add__(self, other: "Moments") -> "Moments":
        return Moments.merge([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moments) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        return (*self.columns, *(one.tobytes() for one in self.arrays))

    @property
    def columns(self) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]:
        """Which columns they are of, and where their values are clipped: what must agree in a sum."""
        return self.names, self.centres, self.scales

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Everything that is summed."""
        return self.pairs, self.sums, self.squares, self.products

    def pairs_n(self) -> Counts:
        """Rows in which both columns of a pair have a value, shape (k, k)."""
        return self.pairs

    def correlations(self) -> Floats:
        """The correlation of each pair, shape (k, k), between -1 and 1; 1 on the diagonal.

        r = (Σ xy / n - x̄ȳ) / (sd(x) sd(y)) of the clipped values, over the rows that have both (Pearson 1896, Phil.
        Trans. A 187, 253-318). NaN where these are fewer than two, or one of the columns does not vary in them.
        """
        n = np.maximum(self.pairs, 1)
        means = self.sums / n
        variances = self.squares / n - means**2
        told = (self.pairs > 1) & (variances > _LEAST_VARIANCE) & (variances.T > _LEAST_VARIANCE)
        spreads = np.sqrt(np.where(told, variances * variances.T, 1.0))
        found: Floats = np.clip((self.products / n - means * means.T) / spreads, -1.0, 1.0)
        found[~told] = np.nan
        return found


@lru_cache(maxsize=8)
def paired_rows(rows: int) -> NDArray[np.int64] | None:
    """Which of so many rows are paired, ascending; None for all of them. At random: rows may come in a rhythm."""
    if rows <= MOST_ROWS:
        return None
    return np.sort(np.random.default_rng(rows).choice(rows, MOST_ROWS, replace=False))


def standard(cells: NumericCells, values: NDArray[Any]) -> Floats:
    """Values about the reference's median in spreads of the reference, clipped at ±2.5; shape (n,).

    >>> standard(NumericCells.of(np.arange(9.0)), np.array([4.0, 1e6])).tolist()
    [0.0, 2.5]
    """
    found = np.empty(values.size)
    np.subtract(values, cells.centre, out=found)
    np.multiply(found, 1 / (cells.scale or 1.0), out=found)
    return np.clip(found, -CLIP, CLIP, out=found)


def _summed(like: Moments, parts: Sequence[tuple[NDArray[Any], ...]]) -> Moments:
    """Moments of the same columns, with the sums of these arrays."""
    pairs, sums, squares, products = (total(one) for one in zip(*parts, strict=True))
    return replace(like, pairs=pairs, sums=sums, squares=squares, products=products)


def total(parts: Sequence[NDArray[Any]], dtype: type[np.generic] | None = None) -> NDArray[Any]:
    """The sum of arrays of one shape, in order: one after the other stays in the cache, side by side does not.

    >>> total([np.array([1, 2]), np.array([3, 4])]).tolist()
    [4, 6]
    """
    found = parts[0].astype(parts[0].dtype if dtype is None else dtype)
    for one in parts[1:]:
        np.add(found, one, out=found)
    return found


def _sums(z: Floats) -> tuple[NDArray[Any], ...]:
    """Pairs, sums, squares and products of clipped values, shape (k, rows); their NaNs are set to 0."""
    whole = z.sum(axis=1)
    gaps = np.flatnonzero(np.isnan(whole))
    missing = np.empty((gaps.size, z.shape[1]), np.bool_)
    for row, gone in zip(gaps.tolist(), missing, strict=True):
        np.isnan(z[row], out=gone)
        np.copyto(z[row], 0.0, where=gone)
        whole[row] = z[row].sum()
    counts = np.full(len(z), z.shape[1])
    counts[gaps] -= missing.sum(axis=1)
    products = np.dot(z, z.T)
    single = products.diagonal()
    pairs, sums, squares = (np.repeat(one[:, None], len(z), 1) for one in (counts, whole, single))
    if gaps.size:
        present = (~missing).astype(np.float64)
        pairs[:, gaps] = counts[gaps]
        pairs[np.ix_(gaps, gaps)] = np.dot(present, present.T).round()
        sums[:, gaps], squares[:, gaps] = _where_present(z, missing, whole, single)
    return pairs, sums, squares, products


def _where_present(
    z: Floats, missing: NDArray[np.bool_], whole: Floats, single: Floats
) -> tuple[Floats, Floats]:
    """The sums of values and of their squares over the rows that some columns have, both of shape (k, columns)."""
    rows = np.flatnonzero(missing.any(axis=0))
    if 2 * rows.size > z.shape[1]:
        present = (~missing).astype(np.float64).T
        return np.dot(z, present), np.dot(z * z, present)
    # Where few rows have gaps, what is missing is less work than what is there.
    few, gone = z[:, rows], missing[:, rows].astype(np.float64).T
    return whole[:, None] - np.dot(few, gone), single[:, None] - np.dot(few * few, gone)
