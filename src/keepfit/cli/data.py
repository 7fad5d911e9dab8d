"""`keepfit data`"""

from pathlib import Path
from typing import Annotated

import typer

from keepfit.app.workspace import Workspace
from keepfit.cli.options import JsonOption, WorkspaceOption, opened
from keepfit.cli.output import moment, out, plural, print_json, print_table, say
from keepfit.data.dataset import DatasetVersion
from keepfit.data.diff import DatasetDiff, diff
from keepfit.errors import DataError

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
    store = opened(workspace, quiet=True).ports.datasets
    versions = [one for each in ([name] if name else store.names()) for one in store.versions(each)]
    if json:
        print_json({"versions": versions})
        return
    rows = [
        [v.ref, moment(v.at), f"{v.rows:,}", str(len(v.schema.columns)), v.digest[:19], v.source]
        for v in versions
    ]
    headers = ["version", "at", "rows", "columns", "digest", "source"]
    print_table(headers, rows, empty="no dataset yet; training commits the first", right=("rows", "columns"))


@data.command()
def show(ref: RefArgument, *, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """One version: its digest, its columns, its first rows."""
    space = opened(workspace, quiet=True)
    version = _version(space, ref)
    if json:
        print_json(version)
        return
    say(f"{version.ref}: {plural(version.rows, 'row')}, committed {moment(version.at)} from {version.source}")
    say(f"digest {version.digest}, parent {version.parent or 'none'}")
    frame = space.ports.datasets.read(version)
    rows = [
        [
            column.name,
            column.dtype,
            f"{frame[column.name].null_count():,}",
            str(frame[column.name].head(3).to_list()),
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
    space = opened(workspace, quiet=True)
    old, new = _version(space, before), _version(space, after)
    name = key or old.schema.names[0]
    found = diff(old, space.ports.datasets.read(old), new, space.ports.datasets.read(new), name)
    if json:
        print_json(found)
    else:
        _print_diff(found)


@data.command()
def checkout(
    ref: RefArgument,
    path: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    *,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write one version to a Parquet file, the same bytes every time."""
    space = opened(workspace, quiet=True)
    version = _version(space, ref)
    written = space.ports.datasets.checkout(version, path)
    if json:
        print_json({"path": str(written), "version": version})
    else:
        say(f"{version.ref} ({plural(version.rows, 'row')}, {version.digest[:19]}…) is in {written}")


def _version(space: Workspace, ref: str) -> DatasetVersion:
    name, _, number = ref.partition("@")
    if number and not number.isdigit():
        raise DataError(f"'{ref}' names no version", hint="write NAME@NUMBER, as in trips@3")
    return space.ports.datasets.version(name, int(number) if number else None)


def _print_diff(found: DatasetDiff) -> None:
    out.print(found, markup=False)
