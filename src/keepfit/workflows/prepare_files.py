"""Prepare two files to be compared: which columns, as what, in which cells, and in which blocks of time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import polars as pl

from keepfit.clock import Window, window_of
from keepfit.data.csv_part import CsvPart
from keepfit.data.table_file import TableFile, open_table
from keepfit.errors import DataError
from keepfit.ids import did_you_mean
from keepfit.monitoring.kinds import ColumnKind, KindOf, infer_kinds
from keepfit.monitoring.policy import Monitor
from keepfit.stats.coming_cells import ComingCells
from keepfit.stats.profile import CategoricalCells, Cells, numeric_cells
from keepfit.stats.reference_profile import ComingReference, profile_reference
from keepfit.workflows.profile_file import Held, Side, block_length, span

#: Rows of the reference that cells and kinds are read off.
SAMPLE: Final = 1_000_000

_COUNTED_AS_NUMBERS: Final = frozenset({ColumnKind.NUMBER, ColumnKind.TIME})

#: Is told of a file, how many of its rows have been read, and how many there are, if that is known.
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesToCheck:
    """What to compare, and how.

    Attributes:
        current, reference: the files.
        time: the column that says when a row was; empty for none.
        id: the column that names rows, likewise.
        target, prediction, score: the columns with what happened, what was predicted, and the probability of it.
        categorical, numeric: columns whose kind is given.
        ignored: columns that are left out.
        monitor: the policy.
        fresh: how old the newest row of the current file may be; None when that does not matter.
    """

    current: Path
    reference: Path
    time: str = ""
    id: str = ""
    target: str = ""
    prediction: str = ""
    score: str = ""
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    monitor: Monitor = field(default_factory=Monitor)
    fresh: timedelta | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that is named."""
        return (*self.roles, *self.categorical, *self.numeric, *self.ignored)

    @property
    def roles(self) -> tuple[str, ...]:
        """The columns that are more than values to compare."""
        single = (self.time, self.id, self.target, self.prediction, self.score)
        return tuple(name for name in single if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Two files that can be compared.

    Attributes:
        asked: what for.
        reference, current: the files.
        kinds: every column of the reference.
        sample: rows of the reference: all its columns, or those with a role when no predictions are to be judged.
        cells: column → the cells that both files are counted in; to look at one waits until it is made.
        profiled: the reference, if it is profiled as its cells are made: all of it was at hand, and there are no blocks.
        every: the length of a block of time; None when there are none.
        at: the block that the current file's rows lie in; None when they lie in several.
    """

    asked: FilesToCheck
    reference: Side
    current: Side
    kinds: tuple[KindOf, ...]
    sample: pl.DataFrame
    cells: Mapping[str, Cells]
    profiled: ComingReference | None
    every: timedelta | None
    at: Window | None

    def of_kind(self, *kinds: ColumnKind) -> list[str]:
        """The columns of these kinds, in order."""
        return [one.name for one in self.kinds if one.kind in kinds]


def prepare_files(asked: FilesToCheck, beside: Executor, progress: Progress | None = None) -> Prepared:
    """Open both files, and see what there is to compare.

    Args:
        asked: what for.
        beside: makes the cells while the caller goes on.
        progress: is told how far reading has come.

    Raises:
        DataError: a file is not there or is no table, or the reference lacks a column that was named.
    """
    files = _alike(open_table(asked.reference), open_table(asked.current))
    rows = files[0].sample(SAMPLE, seed=0)
    for name in asked.named:
        if name not in rows.columns:
            raise DataError(
                f"{asked.reference} has no column '{name}'", hint=did_you_mean(name, rows.columns)
            )
    kinds = infer_kinds(rows, numeric=asked.numeric, categorical=asked.categorical, left_out=_left_out(asked))
    names, whole = _names(asked.reference, asked.current), rows.height < SAMPLE
    reference, current = (
        Side(
            table=Held(frame=rows) if i == 0 and whole else files[i],
            name=names[i],
            kinds=kinds,
            types=files[i].schema,
            time=asked.time,
            progress=progress,
            untyped=any(isinstance(part, CsvPart) for part in files[i].parts),
        )
        for i in (0, 1)
    )
    every, at = _blocks(reference, current, empty=rows.is_empty())
    profiled = _profiled(rows, kinds, beside) if whole and every is None else None
    cells = profiled.cells if profiled else _cells(rows, kinds, beside, whole=whole)
    if profiled and not (asked.target and asked.prediction):
        # The memory of each column is free for the other file as soon as it is profiled.
        rows = rows.select(pl.selectors.by_name(*asked.roles) if asked.roles else pl.nth(0))
        reference = replace(reference, table=Held(frame=rows))
    return Prepared(
        asked=asked,
        reference=reference,
        current=current,
        kinds=kinds,
        sample=rows,
        cells=cells,
        profiled=profiled,
        every=every,
        at=at,
    )


def _names(reference: Path, current: Path) -> tuple[str, str]:
    """What the files are called in a report: without their folders, if that tells them apart."""
    if reference.name == current.name:
        return str(reference), str(current)
    return reference.name, current.name


def _left_out(asked: FilesToCheck) -> dict[str, str]:
    roles = {asked.time: "it says when a row was", asked.id: "it names rows; its duplicates were counted"}
    return dict.fromkeys(asked.ignored, "as you said") | {name: why for name, why in roles.items() if name}


def _alike(reference: TableFile, current: TableFile) -> tuple[TableFile, TableFile]:
    """Both files, with what is text in one of them read as text in the other, where its format says no types.

    Read as numbers, codes such as 00501 would lose their zeros.
    """
    texts = [
        {name for name, dtype in file.schema.items() if dtype == pl.String} for file in (reference, current)
    ]
    return _as_text(reference, texts[1]), _as_text(current, texts[0])


def _as_text(file: TableFile, names: Collection[str]) -> TableFile:
    """The file with these columns as text, as far as their types were guessed to be numbers."""
    parts = [_texts(part, names) if isinstance(part, CsvPart) else part for part in file.parts]
    schema = {name: dtype for part in reversed(parts) for name, dtype in part.schema.items()}
    return replace(file, parts=tuple(parts), schema=pl.Schema({name: schema[name] for name in file.schema}))


def _texts(part: CsvPart, names: Collection[str]) -> CsvPart:
    guessed = {
        name: pl.String() if name in names and dtype.is_integer() else dtype
        for name, dtype in part.schema.items()
    }
    return replace(part, schema=pl.Schema(guessed))


def _blocks(reference: Side, current: Side, *, empty: bool) -> tuple[timedelta | None, Window | None]:
    """The length of the reference's blocks, and the block that the current file is."""
    first, second = span(reference), span(current)
    if reference.time and first is None and not empty:
        raise DataError(
            f"column '{reference.time}' of {reference.name} holds no time",
            hint="times are datetimes, dates, or text as in 2024-03-31T08:00:00+02:00",
        )
    if first is None:
        return None, None
    every = block_length(first[1] - first[0], second[1] - second[0] if second else None)
    if every is None or second is None:
        return every, None
    at = window_of(second[0], every)
    return every, at if at.holds(second[1]) else None


def _profiled(rows: pl.DataFrame, kinds: Sequence[KindOf], beside: Executor) -> ComingReference:
    numbers = [one.name for one in kinds if one.kind in _COUNTED_AS_NUMBERS]
    categories = [one.name for one in kinds if one.kind is not None and one.name not in numbers]
    return profile_reference(rows, numbers, categories, beside)


def _cells(sample: pl.DataFrame, kinds: Sequence[KindOf], beside: Executor, *, whole: bool) -> ComingCells:
    """The cells of every column that is compared."""
    made = {
        one.name: beside.submit(_made, sample[one.name], one.kind, whole=whole)
        for one in kinds
        if one.kind is not None
    }
    return ComingCells(made={name: one.result for name, one in made.items()})


def _made(sample: pl.Series, kind: ColumnKind, *, whole: bool) -> Cells:
    """A sample has not seen every value that a category takes."""
    if kind in _COUNTED_AS_NUMBERS:
        return numeric_cells(sample)
    cells = CategoricalCells.of(sample)
    return cells if whole else replace(cells, complete=False)
