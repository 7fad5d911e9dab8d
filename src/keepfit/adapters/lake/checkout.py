"""One Parquet file of a frame: the same rows give the same bytes, and the file is there whole or not at all."""

import os
import secrets
from pathlib import Path
from typing import Final

import polars as pl

from keepfit.errors import DataError

_ROW_GROUP: Final = 131_072


def write_parquet(frame: pl.DataFrame, path: Path) -> Path:
    """Write `frame` to `path`, and return it. The bytes depend on the rows and on the version of Polars only.

    Raises:
        DataError: there is a file at `path` already; it is never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        # Chunks would show in the file's row groups.
        frame.rechunk().write_parquet(
            draft, compression="zstd", compression_level=3, row_group_size=_ROW_GROUP
        )
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, a link fails where there is a file
    except FileExistsError:
        raise DataError(
            f"there is a file at {path} already", hint="choose another path, or delete it first"
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return path
