"""A CSV file, read in blocks of whole lines: as many at a time as memory should hold, compressed by gzip or not."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import polars as pl

from keepfit.errors import DataError
from keepfit.stats.pieces import FramePiece, Piece

#: Text that is read at a time.
BLOCK_BYTES: Final = 16 * 1024 * 1024
#: Text at the beginning that tells the types of the columns.
HEAD_BYTES: Final = 4 * 1024 * 1024
#: Texts that stand for no value.
NULLS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")

#: Separators other than that of the file's ending.
_SEPARATORS: Final = (";", "\t", "|", ",")

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
#: Lines of a block that tell how its times are written.
_TIMED_LINES: Final = 1000
#: Ends of lines that are looked at for one that lies outside quotes.
_LINES_BACK: Final = 1000
_UNREADABLE: Final = (OSError, EOFError, zlib.error, csv.Error, pl.exceptions.PolarsError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvPart:
    """A CSV file, with the names of its columns in the first line.

    Attributes:
        path: where it is.
        schema: of its columns, told from the first 4 MB.
        separator: between values.
        rows: None: nobody knows before all is read.
    """

    path: Path
    schema: pl.Schema
    separator: str
    rows: None = None

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The rows, in order.

        A column of which a block holds something that its type cannot be is text in that block.

        Raises:
            DataError: a line has more values than there are columns, or the file is damaged.
        """
        try:
            with _opened(self.path) as file:
                header, blocks = b"", _blocks(file, BLOCK_BYTES)
                for number, block in enumerate(blocks):
                    header = header or _header(block)
                    frame = self._read(block if number == 0 else header + block, columns)
                    if frame.height:
                        yield frame
        except _UNREADABLE as error:
            raise _unreadable(self.path, error) from error

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """The frames as pieces of a table. Raises like `frames`."""
        return map(FramePiece, self.frames(columns))

    def _read(self, text: bytes, columns: Sequence[str]) -> pl.DataFrame:
        # Each block tells its times by itself: how they are written is no part of a type.
        typed = {name: one for name, one in self.schema.items() if name in columns and not one.is_temporal()}
        try:
            return _parsed(text, self.separator, columns, typed=typed)
        except pl.exceptions.ComputeError:
            frame = _parsed(text, self.separator, columns, typed=None)
            return frame.with_columns(_as(frame[name], dtype) for name, dtype in typed.items())


def open_csv(path: Path, separator: str) -> CsvPart:
    """A CSV file, of which only the beginning is read.

    Raises:
        DataError: it is no text, is damaged, has no columns, or two of one name.
    """
    try:
        with _opened(path) as file:
            head = next(_blocks(file, HEAD_BYTES), b"")
        if b"\0" in head:
            raise DataError(
                f"'{path}' is no CSV text: it holds zero bytes",
                hint="name it by what it is: .parquet, or .csv in UTF-8",
            )
        separator = _separator(head, separator)
        _check_names(path, head, separator)
        found = _parsed(head, separator, None, typed={})
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    return CsvPart(path=path, schema=found.schema, separator=separator)


def _separator(head: bytes, usual: str) -> str:
    """The usual separator, or the one that the first line has instead: spreadsheets in many countries write semicolons."""
    first = head.split(b"\n", 1)[0].decode("utf-8", "replace")
    if usual in first:
        return usual
    return max(_SEPARATORS, key=first.count) if any(one in first for one in _SEPARATORS) else usual


def _check_names(path: Path, head: bytes, separator: str) -> None:
    text = head.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    names = next(csv.reader(io.StringIO(text), delimiter=separator), [])
    if not any(name.strip() for name in names):
        raise DataError(f"'{path}' has no columns", hint="its first line names them")
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"'{path}' has two columns named '{name}'", hint="give each a name of its own")


def _unreadable(path: Path, error: Exception) -> DataError:
    first = next(iter(str(error).splitlines()), type(error).__name__)
    return DataError(f"'{path}' cannot be read as CSV: {first}", hint="it is damaged, or no CSV file")


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _blocks(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The text in blocks of whole lines."""
    rest = b""
    while more := file.read(size):
        text = rest + more
        cut = _last_line_end(text)
        if cut:
            yield text[:cut]
        rest = text[cut:]
    if rest:
        yield rest


def _last_line_end(text: bytes) -> int:
    """Where the last whole line ends; 0 when none does. A line may go on within quotes."""
    last = end = text.rfind(b"\n")
    quotes = text.count(b'"', 0, end) if end >= 0 else 0
    for _ in range(_LINES_BACK):
        if end < 0 or quotes % 2 == 0:
            return end + 1
        before = text.rfind(b"\n", 0, end)
        quotes -= text.count(b'"', max(before, 0), end)
        end = before
    # A quote that nobody closes: it is part of a value.
    return last + 1


def _header(block: bytes) -> bytes:
    """The first line, which may go on within quotes."""
    first = end = block.find(b"\n")
    for _ in range(_LINES_BACK):
        if end < 0 or block.count(b'"', 0, end) % 2 == 0:
            break
        end = block.find(b"\n", end + 1)
    else:
        end = first
    return block[: end + 1] if end >= 0 else block + b"\n"


def _parsed(
    text: bytes, separator: str, columns: Sequence[str] | None, *, typed: dict[str, pl.DataType] | None
) -> pl.DataFrame:
    """The columns of a block; of types that are told from its values where none is given, all text when `typed` is None."""
    frame = pl.read_csv(
        io.BytesIO(text),
        separator=separator,
        columns=None if columns is None else list(columns),
        schema_overrides=typed,
        infer_schema=typed is not None,
        infer_schema_length=None if columns is None else _TIMED_LINES,
        try_parse_dates=typed is not None,
        null_values=list(NULLS),
        encoding="utf8-lossy",
    )
    return frame if columns is None else frame.select(pl.selectors.by_name(*columns))


def _as(text: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The column in its type, or as a fraction where it was a whole number; text if it holds anything else."""
    for kind in (dtype, pl.Float64()) if dtype.is_numeric() else (dtype,):
        read = text.str.to_lowercase() == "true" if kind == pl.Boolean else text.cast(kind, strict=False)
        truths = kind != pl.Boolean or text.drop_nulls().str.to_lowercase().is_in(["true", "false"]).all()
        if truths and read.null_count() == text.null_count():
            return read
    return text
