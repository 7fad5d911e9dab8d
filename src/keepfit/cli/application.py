"""The Typer application: one group, every command in its own room."""

import sys
from typing import Annotated

import typer

from keepfit.cli import check, check_files, data, demo, drain, ingest, init, log, release, serve, train

application = typer.Typer(
    name="keepfit",
    help="Keeps machine-learning models fit in production.",
    pretty_exceptions_enable=False,
    # Boxes are for people: help and usage errors are plain text in a pipe.
    rich_markup_mode="rich" if sys.stdout.isatty() and sys.stderr.isatty() else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.command()(demo.demo)
application.command()(init.init)
application.command()(train.train)
application.command()(release.release)
application.command()(release.rollback)
application.command()(serve.up)
application.command()(serve.serve)
application.command()(serve.tick)
application.command()(drain.drain)
application.command()(check_files.check)
application.command()(check.status)
application.command()(check.windows)
application.command()(check.history)
application.command()(check.incidents)
application.add_typer(data.data, name="data")
application.add_typer(log.log, name="log")
application.add_typer(ingest.ingest, name="ingest")


@application.callback(invoke_without_command=True)
def keepfit(
    ctx: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Keeps machine-learning models fit in production."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("keepfit"))
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit
