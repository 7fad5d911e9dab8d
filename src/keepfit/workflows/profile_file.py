"""Profile a file: frame by frame, by block of time where there is a time."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from keepfit.clock import EPOCH, Window
from keepfit.monitoring.kinds import KindOf
from keepfit.stats.numeric_values import numeric_values
from keepfit.stats.pieces import FramePiece, Piece
from keepfit.stats.profile import Cells, Profile, profile_frame
from keepfit.stats.stream import profile_pieces

#: So many blocks tell how windows differ from each other.
LEAST_BLOCKS: Final = 8
#: Lengths of blocks: parts of the week, which what people do repeats.
LENGTHS: Final = (timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))

_BLOCK: Final = "__block"
_HELD_ROWS: Final = 65_536
#: The years 2 to 9998: beyond them, windows have no ends.
_FIRST_S: Final = (datetime(2, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()
_LAST_S: Final = (datetime(9998, 12, 31, tzinfo=UTC) - EPOCH).total_seconds()


class Table(Protocol):
    """A file that holds a table; see `keepfit.data.table_file`."""

    @property
    def rows(self) -> int | None:
        """How many; None when all must be read to know."""
        ...

    def frames(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Its rows, some at a time, in order."""
        ...

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """The same rows, not yet read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A table that is in memory already."""

    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many."""
        return self.frame.height

    def frames(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Its rows, in parts that several threads can share."""
        chosen = self.frame if columns is None else self.frame.select(pl.selectors.by_name(*columns))
        return chosen.iter_slices(_HELD_ROWS)

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[Piece]:
        """The same parts."""
        return map(FramePiece, self.frames(columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two files, and how its columns are compared.

    Attributes:
        table: the file.
        name: its name.
        kinds: the columns, as the reference has them.
        types: the columns of this file and their types.
        time: the column that says when a row was; empty when there is none.
        progress: is told the file's name, how many of its rows have been read, and how many there are.
        untyped: the file's format says no types: they were guessed from its values.
    """

    table: Table
    name: str
    kinds: Sequence[KindOf]
    types: Mapping[str, pl.DataType]
    time: str
    progress: Callable[[str, int, int | None], None] | None = None
    untyped: bool = False

    def frames(self, names: Collection[str]) -> Iterator[pl.DataFrame]:
        """The rows of some columns, as the file has them; a column that it lacks is not in them."""
        done = 0
        for frame in self.table.frames(self._held(names)):
            yield frame
            done += frame.height
            self.told(done)

    def pieces(self, names: Collection[str]) -> Iterator[Piece]:
        """The same rows, not yet read."""
        return self.table.pieces(self._held(names))

    def told(self, done: int) -> None:
        """Tell how many rows have been read."""
        if self.progress is not None:
            self.progress(self.name, done, self.table.rows)

    def _held(self, names: Collection[str]) -> list[str]:
        # A frame without a column has no rows either.
        return [name for name in self.types if name in names] or list(self.types)[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled:
    """A file's profiles.

    Attributes:
        blocks: of each block of time that has rows, oldest first; one block when there is no time.
        timeless: rows without a time, which are in no block.
    """

    blocks: tuple[tuple[Window, Profile], ...]
    timeless: int = 0

    @property
    def total(self) -> Profile:
        """The sum of the blocks."""
        return Profile.merge([block for _, block in self.blocks])

    @property
    def rows(self) -> int:
        """All rows, with those without a time."""
        return sum(block.rows for _, block in self.blocks) + self.timeless


def span(side: Side) -> tuple[datetime, datetime] | None:
    """The first and the last moment of a file, in UTC; None without a time column or a single time."""
    if side.time not in side.types:
        return None
    ends: list[float] = []
    for frame in side.table.frames([side.time]):
        times = _seconds(frame[side.time])
        known = times[np.isfinite(times)]
        ends += [float(known.min()), float(known.max())] if known.size else []
    return (_moment(min(ends)), _moment(max(ends))) if ends else None


def block_length(reference: timedelta, current: timedelta | None) -> timedelta | None:
    """How long the reference's blocks are: as long as what the current file spans, as far as there are enough of them.

    The shortest of an hour, a day and a week that the current file fits in, or the longest; a shorter one when the reference
    does not hold eight of these; None when it holds no eight hours.

    >>> block_length(timedelta(days=30), timedelta(hours=10))
    datetime.timedelta(days=1)
    >>> block_length(timedelta(days=30), timedelta(days=7))
    datetime.timedelta(days=1)
    >>> block_length(timedelta(days=90), timedelta(days=7))
    datetime.timedelta(days=7)
    """
    wanted = next((length for length in LENGTHS if current is not None and length >= current), LENGTHS[-1])
    enough = [length for length in LENGTHS if length <= wanted and reference >= LEAST_BLOCKS * length]
    return max(enough, default=None)


def whole_file(side: Side, profile: Profile) -> Profiled:
    """A file without blocks of time, of which the profile has been made."""
    side.told(profile.rows)
    return _whole(profile)


def _whole(profile: Profile) -> Profiled:
    return Profiled(blocks=((_window(0, timedelta(days=1)), profile),))


def profile_file(side: Side, cells: Mapping[str, Cells], every: timedelta | None) -> Profiled:
    """The profiles of a file's blocks; with `every` None of all its rows together.

    Args:
        side: the file.
        cells: column → the cells of the reference.
        every: the length of a block.
    """
    if every is None:
        return _whole(profile_pieces(side.pieces(cells), cells, done=side.told))
    found: dict[int, Profile] = {}
    timeless = 0
    for frame in side.frames([side.time, *cells]):
        for number, rows in _by_block(frame, side.time, every):
            if number is None:
                timeless += rows.height
                continue
            part = profile_frame(rows, cells)
            found[number] = found[number] + part if number in found else part
    blocks = sorted(found.items()) or [(0, Profile.empty(cells))]
    return Profiled(blocks=tuple((_window(number, every), one) for number, one in blocks), timeless=timeless)


def _by_block(frame: pl.DataFrame, time: str, every: timedelta) -> list[tuple[int | None, pl.DataFrame]]:
    seconds = pl.Series(_BLOCK, _seconds(frame[time])).fill_nan(None)
    number = (seconds // every.total_seconds()).cast(pl.Int64, strict=False)
    parts = frame.with_columns(number).partition_by(_BLOCK, as_dict=True, include_key=False)
    return [(key[0], part) for key, part in parts.items()]


def _seconds(values: pl.Series) -> NDArray[np.float64]:
    """Times as seconds since 1970 in UTC; NaN where there is none that a calendar holds."""
    found = np.asarray(numeric_values(values, temporal=True).array, np.float64)
    return np.where((found >= _FIRST_S) & (found < _LAST_S), found, np.nan)


def _moment(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def _window(number: int, every: timedelta) -> Window:
    return Window(EPOCH + number * every, EPOCH + (number + 1) * every)
