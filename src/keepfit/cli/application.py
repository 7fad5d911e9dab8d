"""The Typer application: one group, every command in its own room."""

import typer

from keepfit.cli import check, data, demo, init, log, release, serve, train

application = typer.Typer(
    name="keepfit",
    help="Keeps machine-learning models fit in production.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.command()(demo.demo)
application.command()(init.init)
application.command()(train.train)
application.command()(release.release)
application.command()(release.rollback)
application.command()(serve.serve)
application.command()(serve.up)
application.command()(serve.tick)
application.command()(check.status)
application.command()(check.history)
application.command()(check.incidents)
application.add_typer(data.data, name="data")
application.add_typer(log.log, name="log")


@application.callback(invoke_without_command=True)
def version(
    ctx: typer.Context,
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True),
) -> None:
    """Keeps machine-learning models fit in production."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("keepfit"))
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit
