"""The command line: parse, call one workflow, print."""

import sys


def main() -> None:
    """Run `keepfit`; an error that keepfit knows is printed with its hint, and ends with exit code 1."""
    from keepfit.cli.application import application
    from keepfit.cli.output import EXIT_FAILED, print_error
    from keepfit.errors import KeepfitError

    try:
        application()
    except KeepfitError as error:
        print_error(error)
        sys.exit(EXIT_FAILED)
