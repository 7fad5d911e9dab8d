"""Simulated rows of forty columns: what every benchmark but the one on real trips measures with.

    python benchmarks/data.py [--quick]

makes the files of the cost study. The columns: 27 continuous (normal, three pairs of them correlated; lognormal;
zero-inflated; heavy-tailed t; uniform; counts), 5 integers, 8 categories of 2 to 200 values with shares as in Zipf's
law; nulls in some. With `wide=True` one of the categories has 10,000 values instead of 12.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

HOME: Final = Path(__file__).resolve().parent.parent / ".bench"
REFERENCE_ROWS: Final = 100_000
CURRENT_ROWS: Final = 1_000_000
SEED: Final = 20_260_101

#: Rows made and written at a time, and in a row group.
_BLOCK: Final = 250_000
#: Tells files of an older shape apart.
_SHAPE: Final = "4"

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Numbers = Floats | Codes
Rng = np.random.Generator

#: The correlations of the three pairs of normal columns: normal_0 with normal_1, and so on.
PAIRS: Final = (0.5, 0.5, 0.8)
#: Category → how many values; `category_12` is the one that becomes wide.
SIZES: Final = {f"category_{size}": size for size in (2, 3, 5, 8, 12, 20, 50, 200)}
WIDE: Final = 10_000
#: Column → the share of its rows that are null.
NULLS: Final = {
    "normal_7": 0.02,
    "lognormal_0": 0.05,
    "lognormal_1": 0.01,
    "zero_inflated_0": 0.03,
    "uniform_3": 0.10,
    "category_3": 0.02,
    "category_50": 0.05,
}


@dataclass(slots=True, kw_only=True)
class Rows:
    """Rows before they become a table, so that a shift can change them.

    Attributes:
        numbers: column → values.
        codes: category → the number of each row's value; -1 is a value that the reference never held.
        nulls: column → the share that is null.
    """

    numbers: dict[str, Numbers]
    codes: dict[str, Codes]
    nulls: dict[str, float] = field(default_factory=lambda: dict(NULLS))


def columns() -> dict[str, str]:
    """Column → `number` or `category`."""
    some = rows(np.random.default_rng(0), 1)
    return dict.fromkeys(some.numbers, "number") | dict.fromkeys(some.codes, "category")


def rows(rng: Rng, n: int, *, wide: bool = False) -> Rows:
    """`n` healthy rows."""
    numbers: dict[str, Numbers] = {**_normals(rng, n), **_continuous(rng, n), **_integers(rng, n)}
    codes = {
        name: _zipf(rng, n, WIDE if wide and name == "category_12" else size) for name, size in SIZES.items()
    }
    return Rows(numbers=numbers, codes=codes)


def table(rng: Rng, made: Rows) -> pa.Table:
    """The rows as a table; this is where nulls fall."""
    found: dict[str, pa.Array] = {}
    for name, values in made.numbers.items():
        found[name] = pa.array(values, mask=_null(rng, values.size, made.nulls.get(name, 0.0)))
    for name, codes in made.codes.items():
        found[name] = _texts(name, codes, _null(rng, codes.size, made.nulls.get(name, 0.0)))
    return pa.table(found)


def healthy(seed: list[int], n: int, *, wide: bool = False) -> pa.Table:
    """`n` healthy rows as a table; the same seed, the same rows."""
    rng = np.random.default_rng(seed)
    return table(rng, rows(rng, n, wide=wide))


def _normals(rng: Rng, n: int) -> Mapping[str, Floats]:
    found = {f"normal_{i}": rng.standard_normal(n) for i in range(8)}
    for pair, r in enumerate(PAIRS):
        first, second = found[f"normal_{2 * pair}"], found[f"normal_{2 * pair + 1}"]
        second[:] = r * first + np.sqrt(1 - r * r) * second
    return found


def _continuous(rng: Rng, n: int) -> Mapping[str, Floats]:
    shapes: dict[str, Callable[[int], Floats]] = {
        "lognormal": lambda i: rng.lognormal(0.0, (0.5, 0.75, 1.0, 1.25, 1.5)[i], n),
        "zero_inflated": lambda i: np.maximum(
            0.0, rng.standard_exponential(n) + np.log((0.7, 0.5, 0.3, 0.1)[i])
        ),
        "heavy_tailed": lambda i: rng.standard_t((2.0, 2.5, 3.0, 4.0)[i], n),
        "uniform": lambda i: rng.uniform(0.0, 10.0**i, n),
        "count": lambda i: rng.poisson((2, 8)[i], n).astype(np.float64),
    }
    sizes = {"lognormal": 5, "zero_inflated": 4, "heavy_tailed": 4, "uniform": 4, "count": 2}
    return {f"{name}_{i}": shape(i) for name, shape in shapes.items() for i in range(sizes[name])}


def _integers(rng: Rng, n: int) -> Mapping[str, Codes]:
    return {
        "integer_poisson": rng.poisson(3, n),
        "integer_age": rng.integers(18, 91, n),
        "integer_geometric": rng.geometric(0.1, n),
        "integer_hour": _zipf(rng, n, 24),
        "integer_large": rng.poisson(400, n),
    }


def _zipf(rng: Rng, n: int, size: int) -> Codes:
    """Codes with shares as 1 / (1 + rank / 2)."""
    shares = np.cumsum(1 / (1 + np.arange(size) / 2))
    found: Codes = np.searchsorted(shares / shares[-1], rng.random(n), side="right")
    return found


def _null(rng: Rng, n: int, share: float) -> NDArray[np.bool_] | None:
    return rng.random(n) < share if share else None


def _texts(name: str, codes: Codes, null: NDArray[np.bool_] | None) -> pa.Array:
    size = int(codes.max(initial=0)) + 2
    values = ["never seen", *(f"{name.removeprefix('category_')}-{code:05}" for code in range(size - 1))]
    return pa.DictionaryArray.from_arrays(pa.array(codes + 1, mask=null), values).cast(pa.string())


def made(name: str, n: int, *, seed: int) -> Path:
    """The path of a Parquet file of `n` healthy rows, written in blocks when it is not there yet."""
    path = HOME / "data" / f"{name}_{n}_{seed}_{_SHAPE}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        write(part, _blocks(n, seed))
        part.replace(path)
    return path


def _blocks(n: int, seed: int) -> Iterator[pa.Table]:
    for number, start in enumerate(range(0, n, _BLOCK)):
        yield healthy([seed, number], min(_BLOCK, n - start))


def write(path: Path, blocks: Iterator[pa.Table]) -> None:
    """A Parquet file as pyarrow writes it (Snappy, dictionaries), a row group a block."""
    first = next(blocks)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first, row_group_size=_BLOCK)
        for block in blocks:
            writer.write_table(block, row_group_size=_BLOCK)


def reference(*, quick: bool = False) -> Path:
    """The reference of the cost study."""
    return made("reference", REFERENCE_ROWS // 10 if quick else REFERENCE_ROWS, seed=SEED)


def current(*, quick: bool = False) -> Path:
    """The file that is compared with it."""
    return made("current", CURRENT_ROWS // 20 if quick else CURRENT_ROWS, seed=SEED + 1)


def main() -> None:
    """Make the files of the cost study."""
    parser = argparse.ArgumentParser(description="Make the files of the cost study (simulated).")
    parser.add_argument("--quick", action="store_true", help="smaller files")
    quick = parser.parse_args().quick
    for path in (reference(quick=quick), current(quick=quick)):
        rows_of = pq.read_metadata(path)
        size = path.stat().st_size / 2**20
        print(f"{path}: {rows_of.num_rows:,} rows of {rows_of.num_columns} columns, {size:,.0f} MiB")


if __name__ == "__main__":
    main()
