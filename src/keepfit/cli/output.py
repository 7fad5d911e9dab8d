"""What commands print: data on stdout, messages on stderr; rich on a terminal, plain when piped."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from keepfit.adapters.codec import to_json
from keepfit.clock import utc
from keepfit.errors import KeepfitError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

#: What a script can rely on.
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNWELL = 3


def say(message: str) -> None:
    """A message for people: on stderr, never part of the data."""
    err.print(message, markup=False)


def tell(message: str, at: datetime) -> None:
    """What a workflow reports as it happens."""
    err.print(f"[dim]{moment(at)}[/dim]  {_plain(message)}")


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(to_json(value).decode() + "\n")
    sys.stdout.flush()


def print_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, right: Sequence[str] = ()
) -> None:
    """A table on a terminal, tab-separated lines when piped; `empty` is said when there are no rows."""
    found = [list(row) for row in rows]
    if not found:
        say(empty)
        return
    if not out.is_terminal:
        for row in [list(headers), *found]:
            sys.stdout.write("\t".join(row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    for row in found:
        table.add_row(*row)
    out.print(table)


def print_error(error: KeepfitError) -> None:
    """An error, with its hint on a line of its own."""
    err.print(f"[bold red]error:[/bold red] {_plain(str(error))}")
    if error.hint:
        err.print(f"[bold cyan]hint:[/bold cyan] {_plain(error.hint)}")


def moment(at: datetime | None) -> str:
    """A time as people read it; always UTC, and it says so."""
    return f"{utc(at):%Y-%m-%d %H:%M} UTC" if at is not None else "-"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """`1 row`, `2 rows`, `1,234 rows`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
