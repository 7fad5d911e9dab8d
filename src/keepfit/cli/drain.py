"""`keepfit drain`"""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from keepfit.cli.options import JsonOption, WorkspaceOption, duration_argument, opened
from keepfit.cli.output import plural, print_json, report, tell

if TYPE_CHECKING:
    from keepfit.predictions.ledger import Ledger


def drain(
    *,
    every: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration_argument, metavar="TIME", help="The pause between two drains; by default 1s."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Drain what is there, and end.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Move what servers captured into the lake, until Ctrl-C; keepfit up does it too."""
    from keepfit.app.drainer import run_drainer
    from keepfit.clock import SystemClock
    from keepfit.workflows.drain_capture import drain_capture

    space = opened(workspace, told=tell, log=True)
    if not once:
        run_drainer(
            space, every=every or timedelta(seconds=1), drained=lambda counts, at: tell(drained(counts), at)
        )
        return
    counts = drain_capture(space.ports, now=SystemClock().now())
    if json:
        print_json(counts)
    else:
        report(drained(counts))


def drained(counts: "Ledger") -> str:
    """What a drain moved, in a sentence."""
    rest = {"sampled out": counts.sampled_out, "dropped": counts.dropped, "known already": counts.duplicates}
    more = "".join(f", {count:,} {what}" for what, count in rest.items() if count)
    return f"drained {plural(counts.stored, 'prediction')}{more} and {plural(counts.labels, 'label')}"
