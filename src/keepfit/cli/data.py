"""`keepfit data`"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keepfit.cli.data_diff import print_diff
from keepfit.cli.options import JsonOption, WorkspaceOption, opened
from keepfit.cli.output import moment, plural, print_json, print_table, report
from keepfit.errors import DataError

if TYPE_CHECKING:
    from keepfit.app.workspace import Workspace
    from keepfit.data.dataset import DatasetVersion

data = typer.Typer(help="The versions of the data that models were trained on.", no_args_is_help=True)

RefArgument = Annotated[str, typer.Argument(help="A dataset, or one version of it: NAME or NAME@NUMBER.")]


@data.command("ls")
def ls(
    name: Annotated[str | None, typer.Argument(help="List the versions of this dataset.")] = None,
    *,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """The datasets there are, or the versions of one."""
    store = opened(workspace).ports.datasets
    versions = [one for each in ([name] if name else store.names()) for one in store.versions(each)]
    if json:
        print_json({"versions": versions})
        return
    rows = [
        [v.ref, moment(v.at), f"{v.rows:,}", str(len(v.schema.columns)), v.digest[:19], v.source]
        for v in versions
    ]
    headers = ["version", "at", "rows", "columns", "digest", "source"]
    print_table(
        headers, rows, empty="no dataset yet: each training keeps its rows as one", right=("rows", "columns")
    )


@data.command()
def show(ref: RefArgument, *, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """One version: its digest, its columns, its first rows."""
    space = opened(workspace)
    version = _version(space, ref)
    if json:
        print_json(version)
        return
    report(f"{version.ref}: {plural(version.rows, 'row')} from {version.source}")
    report(f"committed {moment(version.at)}, {version.digest}, parent {version.parent or 'none'}")
    frame = space.ports.datasets.read(version)
    rows = [
        [
            column.name,
            column.dtype,
            f"{frame[column.name].null_count():,}",
            ", ".join(_said(value) for value in frame[column.name].head(3)),
        ]
        for column in version.schema.columns
    ]
    print_table(["column", "type", "nulls", "first values"], rows, empty="no columns", right=("nulls",))


@data.command("diff")
def diff_(
    before: RefArgument,
    after: Annotated[str, typer.Argument(help="The other version.")],
    *,
    key: Annotated[
        str | None, typer.Option(help="The column that names a row; the first one by default.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """What changed between two versions: schema, rows, and the columns that moved."""
    from keepfit.data.diff import diff

    space = opened(workspace)
    old, new = _version(space, before), _version(space, after)
    if key is not None:
        old.schema.require((key,), where=old.ref)
        new.schema.require((key,), where=new.ref)
    datasets = space.ports.datasets
    found = diff(old, datasets.read(old), new, datasets.read(new), key or old.schema.names[0])
    if json:
        print_json(found)
    else:
        print_diff(found)


@data.command()
def checkout(
    ref: RefArgument,
    path: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    *,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write one version to a Parquet file, the same bytes every time."""
    space = opened(workspace)
    version = _version(space, ref)
    written = space.ports.datasets.checkout(version, path)
    if json:
        print_json({"path": str(written), "version": version})
    else:
        report(f"wrote {version.ref} ({plural(version.rows, 'row')}, {version.digest[:19]}…) to {written}")


def _version(space: "Workspace", ref: str) -> "DatasetVersion":
    name, at, number = ref.partition("@")
    if at and not (number.isascii() and number.isdigit()):
        raise DataError(f"'{ref}' names no version of a dataset", hint="write NAME@NUMBER, as in trips@3")
    return space.ports.datasets.version(name, int(number) if at else None)


def _said(value: Any) -> str:
    """A value as people read it: floats short, times to the minute."""
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return moment(value) if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
