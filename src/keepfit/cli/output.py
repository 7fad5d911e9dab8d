"""What commands print: data on stdout, messages on stderr; rich on a terminal, plain when piped."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from keepfit.clock import utc
from keepfit.errors import KeepfitError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

#: What a script can rely on.
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNWELL = 3

#: Cells of a table up to this many characters are not sentences.
_SHORT = 24


def say(message: str) -> None:
    """A message for people: on stderr, never part of the data."""
    err.print(message, markup=False)


def report(line: str) -> None:
    """What came of a command: on stdout."""
    out.print(line, markup=False)


def tell(message: str, at: datetime) -> None:
    """What a workflow reports as it happens."""
    err.print(f"[dim]{moment(at)}[/dim]  {escape(message)}")


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    from keepfit.adapters.codec import to_json

    sys.stdout.write(to_json(value).decode() + "\n")
    sys.stdout.flush()


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    empty: str,
    right: Sequence[str] = (),
    styles: Mapping[str, str] | None = None,
) -> None:
    """A table on a terminal, one tab-separated line a row when piped; `empty` is said when there are no rows.

    Args:
        headers: the columns' names.
        rows: the cells as text.
        empty: a message for people, on stderr.
        right: columns of numbers.
        styles: Rich styles of cells, by their text.
    """
    found = [list(row) for row in rows]
    if not found:
        say(empty)
    elif out.is_terminal:
        out.print(_table(headers, found, right, styles or {}))
    else:
        for row in [headers, *found]:
            sys.stdout.write("\t".join(_one_line(cell) for cell in row) + "\n")


def print_error(error: KeepfitError) -> None:
    """An error, with each of its hints on a line of its own."""
    err.print(f"[bold red]error:[/bold red] {escape(str(error))}")
    for hint in (error.hint or "").splitlines():
        err.print(f"[bold cyan]hint:[/bold cyan] {escape(hint)}")


def moment(at: datetime | None) -> str:
    """A time as people read it; always UTC, and it says so.

    >>> from keepfit.clock import EPOCH
    >>> moment(EPOCH), moment(None)
    ('1970-01-01 00:00 UTC', '-')
    """
    return f"{utc(at):%Y-%m-%d %H:%M} UTC" if at is not None else "-"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """A count and its noun.

    >>> plural(1, "row"), plural(1234, "row"), plural(2, "query", "queries")
    ('1 row', '1,234 rows', '2 queries')
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def waiting_labels(count: int) -> str:
    """How many labels came before their prediction.

    >>> waiting_labels(1)
    '1 label waits for a prediction that has not been seen'
    """
    wait = "waits" if count == 1 else "wait"
    return f"{plural(count, 'label')} {wait} for a prediction that has not been seen"


def _table(
    headers: Sequence[str], rows: list[list[str]], right: Sequence[str], styles: Mapping[str, str]
) -> Table:
    """Columns of short cells never break; those of sentences take what room is left, and wrap."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header, *cells in zip(headers, *rows, strict=True):
        table.add_column(
            header,
            justify="right" if header in right else "left",
            overflow="fold",
            no_wrap=max(len(cell) for cell in cells) <= _SHORT,
        )
    for row in rows:
        table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
    return table


def _one_line(cell: str) -> str:
    return " ".join(cell.split())
