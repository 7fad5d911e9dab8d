"""How a benchmark is asked and how it answers: options, tables as text or Markdown, JSON, exit code."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from machine import machine, told

Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures to read.

    Attributes:
        title: one line above.
        head: names of the columns.
        rows: as texts; the first column is left-aligned, the others right.
        notes: lines below.
    """

    title: str
    head: Row
    rows: Sequence[Row]
    notes: Sequence[str] = ()


class Peer(Protocol):
    """Who can be left out: the name in the tables, and that of its environment."""

    @property
    def name(self) -> str:
        """In the tables."""
        ...

    @property
    def peer(self) -> str | None:
        """Of its environment."""
        ...


_Peer = TypeVar("_Peer", bound=Peer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A promise and what was measured.

    Attributes:
        says: what was promised.
        measured: what came out, as text.
        met: whether it was kept; None when this run cannot tell.
    """

    says: str
    measured: str
    met: bool | None


def options(description: str, *, peers: bool = True) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small and inexact: shows that it runs")
    parser.add_argument("--json", action="store_true", help="everything measured, as JSON")
    parser.add_argument("--markdown", action="store_true", help="the tables for the docs")
    if peers:
        parser.add_argument("--peers", help="some peers only, with commas between; '' for none")
    return parser


def chosen(peers: Sequence[_Peer], names: str | None) -> tuple[_Peer, ...]:
    """The peers whose environment or name is in the comma-separated list, as `--peers` has it; all when None.

    Raises:
        SystemExit: a name is nobody's.
    """
    if names is None:
        return tuple(peers)
    wanted = [one for one in names.split(",") if one]
    unknown = [one for one in wanted if all(one not in (peer.peer, peer.name) for peer in peers)]
    if unknown:
        known = ", ".join(dict.fromkeys(str(peer.peer) for peer in peers))
        raise SystemExit(f"no such peer: {', '.join(unknown)}; there are {known}")
    return tuple(peer for peer in peers if peer.peer in wanted or peer.name in wanted)


def publish(
    chosen: argparse.Namespace, tables: Sequence[Table], targets: Sequence[Target], measured: dict[str, Any]
) -> int:
    """Print all of it as asked; the exit code is 1 when a target is missed."""
    facts = machine()
    if chosen.json:
        kept = [{"says": one.says, "measured": one.measured, "met": one.met} for one in targets]
        print(json.dumps({"machine": facts, **measured, "targets": kept}, indent=2))
    else:
        everything = [*tables, _kept(targets)] if targets else list(tables)
        print(*(_markdown(one) if chosen.markdown else _text(one) for one in everything), sep="\n\n")
        print(f"\nMeasured on {told(facts)}.")
    return 1 if any(one.met is False for one in targets) else 0


def progress(text: str) -> None:
    """A line for whoever waits, on standard error."""
    print(text, file=sys.stderr, flush=True)


def _kept(targets: Sequence[Target]) -> Table:
    words = {True: "met", False: "MISSED", None: "not judged"}
    return Table(
        title="Targets",
        head=("target", "measured", ""),
        rows=[(one.says, one.measured, words[one.met]) for one in targets],
    )


def _text(one: Table) -> str:
    widths = [max(len(row[i]) for row in [one.head, *one.rows]) for i in range(len(one.head))]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(pairs)
        ).rstrip()
        for pairs in (list(zip(row, widths, strict=True)) for row in [one.head, *one.rows])
    ]
    return "\n".join([one.title, *lines, *one.notes])


def _markdown(one: Table) -> str:
    rule = "|".join(["---", *["---:"] * (len(one.head) - 1)])
    rows = ["| " + " | ".join(row) + " |" for row in one.rows]
    return "\n".join(
        [f"**{one.title}**", "", "| " + " | ".join(one.head) + " |", f"|{rule}|", *rows, "", *one.notes]
    )
