"""Cells that are still being made, while the first rows that will be counted in them are read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from keepfit.stats.profile import Cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComingCells(Mapping[str, Cells]):
    """A mapping whose keys are known; to look at a value waits until it is made, and raises what making it raised.

    Attributes:
        made: column → waits for its cells, and gives them.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import polars as pl
    >>> from keepfit.stats.profile import CategoricalCells
    >>> with ThreadPoolExecutor(1) as pool:
    ...     made = pool.submit(CategoricalCells.of, pl.Series(["a", "b", "b"]))
    ...     cells = ComingCells(made={"zone": made.result})
    ...     list(cells), cells["zone"].values
    (['zone'], ('b', 'a'))
    """

    made: Mapping[str, Callable[[], Cells]]

    def __getitem__(self, name: str) -> Cells:
        return self.made[name]()

    def __contains__(self, name: object) -> bool:
        return name in self.made

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)
