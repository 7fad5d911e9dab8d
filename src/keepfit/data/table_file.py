"""Tables in files: Parquet and CSV, one file or many, read in parts whatever their size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from keepfit.data.csv_part import CsvPart, open_csv
from keepfit.data.parquet_part import ParquetPart, Stretch, open_parquet
from keepfit.errors import DataError
from keepfit.ids import did_you_mean
from keepfit.stats.pieces import Piece

Part = ParquetPart | CsvPart

_PARQUET: Final = (".parquet", ".pq", ".parq")
_CSV: Final = {".csv": ",", ".tsv": "\t"}
_KNOWN: Final = ".parquet, .pq, .csv, .tsv, .csv.gz and .tsv.gz"
_HIDDEN: Final = "._"

#: A sample is taken from at least so many stretches of a file, or from all,
_LEAST_STRETCHES: Final = 16
#: and from enough of them to hold so many times its rows.
_SPREAD: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table in one file or more.

    Attributes:
        parts: the files, in the order of their names; their rows follow each other.
        schema: the columns of all of them, with the types of the first file that has each.
    """

    parts: tuple[Part, ...]
    schema: pl.Schema

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.schema)

    @property
    def rows(self) -> int | None:
        """How many rows there are; None when a file must be read to know."""
        counts = [part.rows for part in self.parts]
        known = [one for one in counts if one is not None]
        return sum(known) if len(known) == len(counts) else None

    def frames(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, as frames that memory holds easily: some 100,000 rows, or what 128 MB hold.

        Only these columns are read, as far as the format lets one. A column that one of the files lacks is null there. A
        type may differ from that of `schema` where the files' own types differ.

        Args:
            columns: in any order; all when None.

        Raises:
            DataError: a column is in none of the files, or a file is damaged.
        """
        wanted = self._wanted(columns)
        return (
            self._complete(frame, wanted) for part in self.parts for frame in part.frames(_held(part, wanted))
        )

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """The same rows as `frames` gives, as pieces whose columns are read when they are asked for.

        Args:
            columns: those that will be asked for; all when None.

        Raises:
            DataError: a column is in none of the files. Reading a piece raises it when a file is damaged.
        """
        wanted = self._wanted(columns)
        return (piece for part in self.parts for piece in part.pieces(_held(part, wanted)))

    def sample(self, rows: int, seed: int, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Random rows from all over the table, in their order; all rows when there are no more.

        Of Parquet files a part of the row groups is read, evenly spread; of CSV files everything, in bounded memory.

        Args:
            rows: how many, at most.
            seed: the same seed gives the same rows.
            columns: see `frames`.

        Raises:
            DataError: see `frames`.
        """
        wanted, rng = self._wanted(columns), np.random.default_rng(seed)
        known = [part for part in self.parts if isinstance(part, ParquetPart)]
        if len(known) == len(self.parts):
            found = [self._complete(one, wanted) for one in _sampled(known, wanted, rows, rng)]
        else:
            found = _kept(self.frames(columns), rows, rng)
        return _stacked(found) if found else pl.DataFrame(schema={name: self.schema[name] for name in wanted})

    def _wanted(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        for name in columns or ():
            if name not in self.schema:
                raise DataError(
                    f"'{self.parts[0].path}' has no column '{name}'", hint=did_you_mean(name, self.columns)
                )
        return self.columns if columns is None else tuple(dict.fromkeys(columns))

    def _complete(self, frame: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
        lacking = [
            pl.lit(None, self.schema[name]).alias(name) for name in wanted if name not in frame.columns
        ]
        return frame.with_columns(lacking).select(pl.selectors.by_name(*wanted)) if lacking else frame


def open_table(path: str | Path | Sequence[str | Path]) -> TableFile:
    """A table in a file, several files, a folder (with the folders in it) or a pattern such as `data/2024-*.parquet`.

    The ending tells the format: .parquet, .pq, .csv, .tsv, .csv.gz, .tsv.gz. In a folder files of other endings are
    passed over, and those whose name begins with a dot or an underscore; by a pattern too, unless it begins with one.

    Raises:
        DataError: there is no such file, or it is empty, of an unknown ending, not what its ending says, without
            columns, or has two columns of one name.
    """
    given = [path] if isinstance(path, str | Path) else list(path)
    if not given:
        raise DataError("no file was given", hint="name a file, a folder or a pattern")
    parts = tuple(_opened(file) for one in given for file in _files(one))
    schema: dict[str, pl.DataType] = {}
    for part in parts:
        for name, dtype in part.schema.items():
            schema.setdefault(name, dtype)
    return TableFile(parts=parts, schema=pl.Schema(schema))


def _files(given: str | Path) -> list[Path]:
    path = Path(given).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        return _in_folder(path)
    if any(sign in str(given) for sign in "*?["):
        pattern = str(path.relative_to(path.anchor))
        matches = Path(path.anchor or ".").glob(pattern)
        hidden = "" if path.name[0] in _HIDDEN else _HIDDEN
        found = sorted(one for one in matches if one.is_file() and one.name[0] not in hidden)
        if found:
            return found
        raise DataError(f"no file matches '{given}'", hint="put the pattern in quotes, and check the folder")
    raise DataError(f"there is no file '{given}'", hint="check the path, and the folder you are in")


def _in_folder(folder: Path) -> list[Path]:
    if (folder / "_delta_log").is_dir():
        raise DataError(
            f"'{folder}' is a Delta table: its folder holds files that are no longer part of it",
            hint="write the version that you mean to a Parquet file",
        )
    inside = [(file, file.relative_to(folder).parts) for file in folder.rglob("*") if file.is_file()]
    found = sorted(
        file for file, names in inside if not any(name[0] in _HIDDEN for name in names) and _format(file)
    )
    if not found:
        raise DataError(f"there is no table in the folder '{folder}'", hint=f"known endings are {_KNOWN}")
    return found


def _format(path: Path) -> str:
    """The ending that tells the format; empty when it is unknown."""
    endings = [one.lower() for one in path.suffixes]
    if endings[-1:] == [".gz"] and len(endings) > 1:
        return endings[-2] if endings[-2] in _CSV else ""
    return endings[-1] if endings and endings[-1] in (*_PARQUET, *_CSV) else ""


def _opened(path: Path) -> Part:
    ending = _format(path)
    if not ending:
        raise DataError(f"'{path}' is of no known format", hint=f"known endings are {_KNOWN}")
    if not path.stat().st_size:
        raise DataError(f"'{path}' is empty", hint="check what wrote it")
    return open_parquet(path) if ending in _PARQUET else open_csv(path, _CSV[ending])


def _held(part: Part, wanted: Sequence[str]) -> list[str]:
    """The columns to read; any one when the file has none of them, for its rows count all the same."""
    return [name for name in wanted if name in part.schema] or list(part.schema)[:1]


def _sampled(
    parts: Sequence[ParquetPart], wanted: Sequence[str], rows: int, rng: np.random.Generator
) -> Iterator[pl.DataFrame]:
    """Random rows of some stretches of the files, in order."""
    if sum(part.rows for part in parts) <= rows:
        for part in parts:
            yield from part.frames(_held(part, wanted))
        return
    stretches = [(part, one) for part in parts for one in part.stretches(_held(part, wanted))]
    sizes = np.array([one.rows for _, one in stretches], np.int64)
    for (part, stretch), count in zip(stretches, _takes(sizes, rows, rng).tolist(), strict=True):
        if count:
            chosen = np.sort(rng.choice(stretch.rows, count, replace=False))
            yield from _picked(part, stretch, _held(part, wanted), chosen)


def _takes(sizes: NDArray[np.int64], rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How many rows to take from each stretch.

    A random sample of all rows where the stretches are few; otherwise equal numbers from stretches that lie at even
    distances, so that each row has the same chance (systematic sampling with probability proportional to size; Madow
    1949, Ann. Math. Stat. 20, 333-354).
    """
    total = int(sizes.sum())
    if total <= rows:
        return sizes
    hits = max(_LEAST_STRETCHES, -(-_SPREAD * rows * sizes.size // total))
    if hits >= sizes.size:
        return rng.multivariate_hypergeometric(sizes, rows, method="marginals")
    points = (np.arange(hits) + rng.random()) * total / hits
    struck = np.searchsorted(np.cumsum(sizes), points, side="right")
    shares = np.full(hits, rows // hits) + (np.arange(hits) < rows % hits)
    found = np.zeros(sizes.size, np.int64)
    np.add.at(found, struck, shares)
    return np.minimum(found, sizes)


def _picked(
    part: ParquetPart, stretch: Stretch, columns: Sequence[str], chosen: NDArray[np.int64]
) -> Iterator[pl.DataFrame]:
    start = 0
    for frame in part.read(stretch, columns):
        inside = chosen[(chosen >= start) & (chosen < start + frame.height)] - start
        start += frame.height
        if inside.size:
            yield frame[inside]


def _kept(frames: Iterator[pl.DataFrame], rows: int, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Random rows of any number, in order: those with the smallest of the random numbers that all are given."""
    held: list[tuple[pl.DataFrame, NDArray[np.float64]]] = []
    for frame in frames:
        held.append((frame, rng.random(frame.height)))
        marks = np.concatenate([one for _, one in held])
        if marks.size > rows:
            limit = np.partition(marks, rows - 1)[rows - 1] if rows else -1.0
            held = [(one[np.flatnonzero(mark <= limit)], mark[mark <= limit]) for one, mark in held]
            held = [(one, mark) for one, mark in held if one.height]
    return [one for one, _ in held]


def _stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame; a column whose types have nothing in common becomes text."""
    try:
        return pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        kinds = {name: {frame.schema[name] for frame in frames} for name in frames[0].columns}
        mixed = [name for name, found in kinds.items() if len(found) > 1]
        texts = [frame.with_columns(pl.col(mixed).cast(pl.String, strict=False)) for frame in frames]
        return pl.concat(texts, how="vertical_relaxed")
