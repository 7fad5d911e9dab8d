"""`keepfit drain`"""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from keepfit.cli.options import JsonOption, WorkspaceOption, duration_argument, opened
from keepfit.cli.output import plural, print_json, report, tell

if TYPE_CHECKING:
    from keepfit.app.drainer import Drained
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
    """Move what servers captured into the lake, and keep evidence up with it, until Ctrl-C; keepfit up does it too."""
    from keepfit.app.one_thread import use_one_thread

    use_one_thread()  # a server beside it needs the cores more
    from keepfit.app.drainer import drain_once, run_drainer
    from keepfit.clock import SystemClock

    space = opened(workspace, told=tell, log=True)
    if not once:
        run_drainer(space, every=every or timedelta(seconds=1), drained=lambda done, at: tell(did(done), at))
        return
    done = drain_once(space, now=SystemClock().now())
    if json:
        print_json({**asdict(done.counts), "windows": done.windows})
    else:
        report(did(done))


def did(done: "Drained") -> str:
    """What a round of the drainer did, in a sentence."""
    if not done.windows:
        return drained(done.counts)
    return f"{drained(done.counts)}; added to the evidence of {plural(done.windows, 'window')}"


def drained(counts: "Ledger") -> str:
    """What a drain moved, in a sentence."""
    rest = {"sampled out": counts.sampled_out, "dropped": counts.dropped, "known already": counts.duplicates}
    more = "".join(f", {count:,} {what}" for what, count in rest.items() if count)
    return f"drained {plural(counts.stored, 'prediction')}{more} and {plural(counts.labels, 'label')}"
