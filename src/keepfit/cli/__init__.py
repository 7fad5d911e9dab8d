"""The command line: parse, call one workflow, print.

Commands import what they need when they run, so that `keepfit --help` and a mistyped command answer at once.
"""

import os
import sys


def main() -> None:
    """Run `keepfit`; an error that keepfit knows is printed with its hint, and ends with exit code 1."""
    # Threads that wait for each other must sleep, not spin: read when a model's library is first imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    from keepfit.cli.application import application
    from keepfit.cli.output import EXIT_FAILED, print_error
    from keepfit.errors import KeepfitError

    try:
        application()
    except KeepfitError as error:
        print_error(error)
        sys.exit(EXIT_FAILED)
