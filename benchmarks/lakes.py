"""What of the answers reached the lake: drained by `keepfit drain`, read as everything in keepfit reads it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
from load.server import ONE_THREAD, Command
from workspaces import Workspace

from keepfit.app.workspace import open_workspace
from keepfit.predictions.record import SERVED

#: The exit code of `keepfit status` when a model needs somebody: one without labels does.
_UNWELL: Final = 3


def drainer(made: Workspace, log: Path) -> Command:
    """`keepfit drain`, as it runs beside a server; it listens nowhere, so that nobody waits for it to be ready."""
    words = (sys.executable, "-m", "keepfit", "drain", "--every", "1s")
    return Command(words=words, folder=made.root, log=log, ready="", environment=ONE_THREAD)


def drain(made: Workspace) -> dict[str, Any]:
    """Drain what is left; the counts of what was new."""
    counts: dict[str, Any] = json.loads(made.keepfit("drain", "--once", "--json"))
    return counts


def stored(made: Workspace) -> pl.DataFrame:
    """The rows that were answered, as they lie in the lake; a shadow's are not among them."""
    rows = open_workspace(made.root).ports.predictions.predictions(made.model)
    return rows.filter(pl.col("role").is_in(SERVED))


def labelled(made: Workspace) -> int:
    """How many of those rows have a label."""
    rows = open_workspace(made.root).ports.predictions.labelled(made.model)
    return int(rows.filter(pl.col("role").is_in(SERVED))["label"].count())


def ledger(made: Workspace) -> dict[str, int]:
    """Keepfit's own count, as `keepfit status` tells it."""
    models = json.loads(made.keepfit("status", "--json", codes=(0, _UNWELL)))["models"]
    counts: dict[str, int] = next(one for one in models if one["model"] == made.model)["ledger"]
    return counts


def missing(rows: pl.DataFrame, acknowledged: Sequence[str]) -> list[str]:
    """Ids that a client was given and that the lake does not hold."""
    return sorted(set(acknowledged) - set(rows["prediction_id"].to_list()))


def doubled(rows: pl.DataFrame) -> list[str]:
    """Ids that the lake holds more than once."""
    counts = rows.group_by("prediction_id").len().filter(pl.col("len") > 1)
    return counts["prediction_id"].sort().to_list()
