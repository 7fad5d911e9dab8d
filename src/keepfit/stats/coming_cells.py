"""Cells that are still being made, while the first rows that will be counted in them are read."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from keepfit.stats.profile import Cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComingCells(Mapping[str, Cells]):
    """A mapping whose keys are known; to look at a value waits until all are made, and raises what making them raised.

    Attributes:
        names: the columns, in order.
        made: the cells of each.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import polars as pl
    >>> from keepfit.stats.profile import cells_of
    >>> with ThreadPoolExecutor(1) as pool:
    ...     made = pool.submit(cells_of, pl.DataFrame({"zone": ["a", "b", "b"]}), [], ["zone"])
    ...     cells = ComingCells(names=("zone",), made=made)
    ...     list(cells), cells["zone"].values
    (['zone'], ('b', 'a'))
    """

    names: tuple[str, ...]
    made: Future[dict[str, Cells]]

    def __getitem__(self, name: str) -> Cells:
        return self.made.result()[name]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
