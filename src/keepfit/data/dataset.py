"""A dataset version, and the port of the store that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from keepfit.data.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """One immutable state of a dataset.

    Attributes:
        name: the dataset's name.
        number: 1, 2, 3 … in the order of commits.
        digest: `sha256:…` over schema, order and every value (see `keepfit.data.digest`).
        rows: how many rows.
        schema: names and types of the columns, in order.
        parent: the number of the version before it; None for the first.
        source: where the rows came from, in words.
        at: when it was committed.
    """

    name: str
    number: int
    digest: str
    rows: int
    schema: Schema
    parent: int | None
    source: str
    at: datetime

    @property
    def ref(self) -> str:
        """`name@number`, as the command line takes it."""
        return f"{self.name}@{self.number}"


class DatasetStore(Protocol):
    """Keeps every version of every dataset until it is told otherwise."""

    def commit(self, name: str, frame: pl.DataFrame, *, source: str, at: datetime) -> DatasetVersion:
        """A new version holding `frame`; the latest one when its digest is the same already."""
        ...

    def names(self) -> Sequence[str]:
        """The datasets there are, sorted."""
        ...

    def versions(self, name: str) -> Sequence[DatasetVersion]:
        """All versions of a dataset, oldest first. Raises NotFoundError."""
        ...

    def version(self, name: str, number: int | None = None) -> DatasetVersion:
        """One version, the latest when `number` is None. Raises NotFoundError."""
        ...

    def read(self, version: DatasetVersion) -> pl.DataFrame:
        """The rows, in the order committed, verified against the digest. Raises DataError."""
        ...

    def checkout(self, version: DatasetVersion, path: Path) -> Path:
        """Write the version to one Parquet file; the same version gives the same bytes."""
        ...

    def vacuum(self, name: str) -> int:
        """Delete files that no recorded version needs; the number of files deleted."""
        ...
