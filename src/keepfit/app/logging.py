"""Predictions and labels from files: what was answered elsewhere counts too."""

from datetime import datetime
from pathlib import Path

import polars as pl

from keepfit.app.workspace import Workspace
from keepfit.data.schema import Schema
from keepfit.definition import Model
from keepfit.errors import DataError, NotFoundError
from keepfit.predictions.ledger import Ledger
from keepfit.registry.model_version import ModelVersion
from keepfit.workflows.log_rows import label_columns, log_label_rows, log_prediction_rows

_READERS = {
    ".parquet": pl.read_parquet,
    ".csv": lambda path: pl.read_csv(path, try_parse_dates=True),
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
}


def log_predictions(
    workspace: Workspace, file: Path, *, model: str | None, version: int | None, now: datetime
) -> Ledger:
    """Record the predictions of a file.

    Raises:
        DataError: a column is missing, or the file cannot be read; nothing is recorded then.
        NotFoundError: no such model or version, or the model has no champion.
    """
    declared = chosen_model(workspace, model)
    registered = who_answered(workspace, declared, version)
    rows = read_rows(file)
    Schema.of(rows).require(
        (declared.id, declared.time, *registered.signature.feature_names, "prediction"), where=str(file)
    )
    return log_prediction_rows(workspace.ports, declared, registered, rows, log=file.name, now=now)


def log_labels(workspace: Workspace, file: Path, *, model: str | None, now: datetime) -> tuple[Ledger, int]:
    """Record the labels of a file; also how many labels in the lake wait for their prediction.

    Raises:
        DataError: a column is missing, or the file cannot be read; nothing is recorded then.
        NotFoundError: no such model.
    """
    declared = chosen_model(workspace, model)
    rows = read_rows(file)
    named = label_columns(declared, rows, where=str(file))
    counts = log_label_rows(workspace.ports, declared, named, log=file.name, now=now)
    return counts, workspace.ports.predictions.waiting_labels(declared.name)


def read_rows(file: Path) -> pl.DataFrame:
    """A Parquet, CSV or JSON-lines file as a frame. Raises DataError."""
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise DataError(
            f"{file} has the ending '{file.suffix}', which is not read here",
            hint="give a .parquet, .csv or .jsonl file",
        )
    if not file.is_file():
        raise DataError(f"there is no file {file}")
    try:
        return reader(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"{file} cannot be read: {str(error).splitlines()[0]}",
            hint=f"is it whole, and does it hold what its ending '{file.suffix}' says?",
        ) from error


def who_answered(workspace: Workspace, model: Model, version: int | None) -> ModelVersion:
    """The version that is said to have answered; the champion when None is. Raises NotFoundError."""
    number = workspace.ports.releases.route(model.name).champion if version is None else version
    if number is None:
        raise NotFoundError(
            f"'{model.name}' has no champion that could have answered",
            hint=f"train one: keepfit train {model.name}; or name the version that did: --version N",
        )
    registered: ModelVersion = workspace.registry.version(model.name, number)
    return registered


def chosen_model(workspace: Workspace, name: str | None) -> Model:
    """The declared model of this name; the only one when None is given. Raises NotFoundError."""
    if name is not None:
        return workspace.model(name)
    if len(workspace.models) == 1:
        return next(iter(workspace.models.values()))
    if not workspace.models:
        raise NotFoundError(f"no model is declared in {workspace.root}")
    raise NotFoundError(
        f"which of the {len(workspace.models)} models?",
        hint=f"name it with --model: {', '.join(sorted(workspace.models))}",
    )
